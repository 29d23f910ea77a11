use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use http_body::{Body as HttpBody, Frame, SizeHint};
use tonic::{Status, body::Body};

use crate::{error::ignoring_panics, payload::failure::Failure};

/// An unchanged request body that turns a panic into an error and records it. The body contains the
/// caller's own stream, and is read in the connection's task, so the panic would close the
/// connection.
pub(super) struct GuardedBody {
    /// Present until the body has ended.
    body: Option<Body>,
    failure: Failure,
}

impl GuardedBody {
    pub(super) fn new(body: Body, failure: &Failure) -> Self {
        GuardedBody { body: Some(body), failure: failure.clone() }
    }

    /// A panic in here makes no difference to the call.
    fn drop_body(&mut self) {
        ignoring_panics(|| drop(self.body.take()));
    }
}

impl HttpBody for GuardedBody {
    type Data = Bytes;
    type Error = Status;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Status>>> {
        let GuardedBody { body, failure } = &mut *self;
        let Some(body) = body else { return Poll::Ready(None) };
        let poll = AssertUnwindSafe(|| Pin::new(body).poll_frame(context));
        let polled = catch_unwind(poll).unwrap_or_else(|payload| {
            failure.set_panic(payload);
            Poll::Ready(Some(Err(Status::cancelled("the request stream panicked"))))
        });
        if let Poll::Ready(None | Some(Err(_))) = polled {
            self.drop_body();
        }
        polled
    }

    fn is_end_stream(&self) -> bool {
        self.body.as_ref().is_none_or(Body::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.body.as_ref().map_or_else(|| SizeHint::with_exact(0), Body::size_hint)
    }
}

impl Drop for GuardedBody {
    fn drop(&mut self) {
        self.drop_body();
    }
}
