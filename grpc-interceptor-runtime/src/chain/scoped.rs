use std::{
    future::Future,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tonic::Status;

use crate::{Scope, call::poll_inside, error::run_in_drop};

pin_project! {
    /// A future that runs inside of a scope: when it is polled, and when it is dropped. It gives the
    /// scope back.
    pub(crate) struct Scoped<F, S: Scope> {
        #[pin]
        future: Option<F>,
        scope: Option<S>,
    }

    impl<F, S: Scope> PinnedDrop for Scoped<F, S> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(scope) = this.scope.take() {
                run_in_drop(|| drop_inside(&scope, this.future));
            }
        }
    }
}

impl<F, S: Scope> Scoped<F, S> {
    pub(crate) fn new(scope: S, future: F) -> Self {
        Scoped { future: Some(future), scope: Some(scope) }
    }
}

fn drop_inside<F>(scope: &impl Scope, mut future: Pin<&mut Option<F>>) {
    // What a scope says after the end makes no difference.
    let _ = scope.enter(&mut || future.set(None));
}

impl<F, S, T> Future for Scoped<F, S>
where
    F: Future<Output = Result<T, Status>>,
    S: Scope,
{
    type Output = (Result<T, Status>, S);

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let (Some(scope), Some(mut future)) =
            (this.scope.take(), this.future.as_mut().as_pin_mut())
        else {
            panic!("it was polled after its end");
        };
        let output = match poll_inside(&scope, || future.as_mut().poll(context), |_| true) {
            Ok(Poll::Pending) => {
                *this.scope = Some(scope);
                return Poll::Pending;
            }
            Ok(Poll::Ready(output)) => output,
            Err(status) => Err(status),
        };
        drop_inside(&scope, this.future);
        Poll::Ready((output, scope))
    }
}
