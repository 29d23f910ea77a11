use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll, ready},
};

use pin_project_lite::pin_project;
use tonic::{Response, Status};

use super::observation::{ObservedCall, Watching};
use crate::Payload;

pin_project! {
    /// The rest of a chain while it is being watched. Not an async block, which would make the
    /// compiler recurse deeper in a long chain.
    pub(super) struct Observing<F, C: ObservedCall<Q, P>, Q, P> {
        #[pin]
        pub(super) future: F,
        // Declared after the future so that it is dropped, and so notified, last.
        pub(super) watching: Watching<C, Q, P>,
    }
}

impl<F, C, R, Q, P> Future for Observing<F, C, Q, P>
where
    F: Future<Output = Result<Response<R>, Status>>,
    C: ObservedCall<Q, P>,
    R: Payload<P>,
    Q: 'static,
    P: 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.project();
        this.watching.watch(|watching| {
            Poll::Ready(match ready!(this.future.poll(context)) {
                Ok(response) => {
                    Ok(response.map(|payload| payload.watched_by(&mut watching.response())))
                }
                Err(status) => {
                    watching.failed(&status);
                    Err(status)
                }
            })
        })
    }
}
