use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tonic::{Response, Status};

use crate::{Payload, Scope, call::poll_inside, error::run_in_drop};

pin_project! {
    /// A future that runs inside of a scope: when it is made, when it is polled, and when it is dropped.
    /// If it gives a stream, that runs there, too.
    pub(super) struct Scoped<F, S: Scope, M> {
        #[pin]
        future: Option<F>,
        // There until the end.
        scope: Option<S>,
        // The scope failed before there was a future.
        failed: Option<Status>,
        message: PhantomData<fn() -> M>,
    }

    impl<F, S: Scope, M> PinnedDrop for Scoped<F, S, M> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(scope) = this.scope.take() {
                run_in_drop(|| drop_inside(&scope, this.future));
            }
        }
    }
}

impl<F, S: Scope, M> Scoped<F, S, M> {
    pub(super) fn new(scope: S, make: impl FnOnce() -> F) -> Self {
        let mut make = Some(make);
        let mut make = || make.take().map(|make| make());
        let mut future = None;
        let failed = scope.enter(&mut || future = make()).err();
        // A scope that neither ran it nor failed has it run outside.
        if failed.is_none() && future.is_none() {
            future = make();
        }
        Scoped { future, scope: Some(scope), failed, message: PhantomData }
    }
}

fn drop_inside<F>(scope: &impl Scope, mut future: Pin<&mut Option<F>>) {
    // What a scope says after the end makes no difference.
    let _ = scope.enter(&mut || future.set(None));
}

impl<F, S, R, M> Future for Scoped<F, S, M>
where
    F: Future<Output = Result<Response<R>, Status>>,
    S: Scope,
    R: Payload<M>,
    M: Send + 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let scope = this.scope.take().expect("it isn't polled after its end");
        let outcome = match (this.failed.take(), this.future.as_mut().as_pin_mut()) {
            (Some(status), _) => Err(status),
            (None, None) => unreachable!("it is there until the end"),
            (None, Some(mut future)) => {
                match poll_inside(&scope, || future.as_mut().poll(context), |_| true) {
                    Ok(Poll::Pending) => {
                        *this.scope = Some(scope);
                        return Poll::Pending;
                    }
                    Ok(Poll::Ready(outcome)) => outcome,
                    Err(status) => Err(status),
                }
            }
        };
        drop_inside(&scope, this.future);
        Poll::Ready(match outcome {
            Ok(response) => {
                Ok(response.map(|payload| payload.wrap_stream(|stream| stream.in_scope(scope))))
            }
            Err(status) => Err(status),
        })
    }
}
