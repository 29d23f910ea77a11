use std::{any::Any, task::Poll};

use tonic::Status;

use crate::error::{BoxError, into_item_status};

/// An item of a handler's stream: a `Result` with a message.
#[diagnostic::on_unimplemented(
    message = "a handler's stream yields `Result<…, …>`, not `{Self}`",
    label = "doesn't yield a `Result`",
    note = "the error is `tonic::Status`, or anything else that is `Into<Box<dyn Error + Send + Sync>>`"
)]
pub trait StreamItem: Sized {
    type Message: Send + 'static;

    /// Converts the result of polling a handler's stream, turning an error into a status. An OK
    /// status is the end of the stream, with trailing metadata.
    fn into_polled(polled: Poll<Option<Self>>) -> Poll<Option<Result<Self::Message, Status>>>;
}

impl<M: Send + 'static, E: Into<BoxError> + 'static> StreamItem for Result<M, E> {
    type Message = M;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_polled(mut polled: Poll<Option<Self>>) -> Poll<Option<Result<M, Status>>> {
        // Usually the error is already a status, so the message need not be touched. Comparing the
        // types costs nothing: only one branch is left after compilation.
        let same: Option<&mut Poll<Option<Result<M, Status>>>> =
            (&mut polled as &mut dyn Any).downcast_mut();
        if let Some(polled) = same {
            return std::mem::replace(polled, Poll::Pending);
        }
        match polled {
            Poll::Ready(Some(Ok(message))) => Poll::Ready(Some(Ok(message))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(into_item_status(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}
