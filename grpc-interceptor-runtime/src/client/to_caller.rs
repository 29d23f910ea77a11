use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tonic::{Response, Status, Streaming};

use crate::{MessageStream, payload::into_streaming};

pin_project! {
    /// Converts the interceptors' outcome for the caller.
    pub(super) struct ToCaller<F> {
        #[pin]
        future: F,
    }
}

impl<F> ToCaller<F> {
    #[inline(always)]
    pub(super) fn new(future: F) -> Self {
        ToCaller { future }
    }
}

impl<F, M> Future for ToCaller<F>
where
    F: Future<Output = Result<Response<MessageStream<M>>, Status>>,
    M: Send + 'static,
{
    type Output = Result<Response<Streaming<M>>, Status>;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let outcome = ready!(self.project().future.poll(context));
        Poll::Ready(outcome.map(|response| response.map(into_streaming)))
    }
}
