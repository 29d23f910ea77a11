use std::{
    future::Future,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tonic::{Response, Status};

use crate::{
    MessageStream, Payload, Scope, call::poll_inside, error::run_in_drop, payload::WrapStream,
};

pin_project! {
    /// A future that is created, polled and dropped inside a scope. If it returns a stream, the
    /// stream runs in the scope too.
    pub(super) struct Scoped<G, F, S: Scope, M> {
        // Creates the future in place: moving it would cost more than the scope.
        make: Option<G>,
        #[pin]
        future: Option<F>,
        // Present until the future completes.
        scope: Option<S>,
        message: PhantomData<fn() -> M>,
    }

    impl<G, F, S: Scope, M> PinnedDrop for Scoped<G, F, S, M> {
        fn drop(this: Pin<&mut Self>) {
            let this = this.project();
            if let Some(scope) = this.scope.take() {
                run_in_drop(|| drop_inside(&scope, this.make, this.future));
            }
        }
    }
}

impl<G: FnOnce() -> F, F, S: Scope, M> Scoped<G, F, S, M> {
    pub(super) fn new(scope: S, make: G) -> Self {
        Scoped { make: Some(make), future: None, scope: Some(scope), message: PhantomData }
    }
}

fn drop_inside<G, F>(scope: &impl Scope, make: &mut Option<G>, mut future: Pin<&mut Option<F>>) {
    // An error from the scope makes no difference after the end.
    let _ = scope.enter(&mut || {
        *make = None;
        future.set(None);
    });
}

impl<G, F, S, R, M> Future for Scoped<G, F, S, M>
where
    G: FnOnce() -> F,
    F: Future<Output = Result<Response<R>, Status>>,
    S: Scope,
    R: Payload<M>,
    M: Send + 'static,
{
    type Output = F::Output;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        let mut this = self.project();
        let scope = this.scope.take().expect("not polled after completion");
        let mut outcome = None;
        let polled = poll_inside(
            &scope,
            || {
                if let Some(make) = this.make.take() {
                    this.future.set(Some(make()));
                }
                let Some(future) = this.future.as_mut().as_pin_mut() else {
                    unreachable!("present until completion")
                };
                future.poll(context).map(|ready| {
                    outcome = Some(ready);
                    // Drop it in the same step, since entering a scope can be costly.
                    this.future.set(None);
                })
            },
            |()| true,
        );
        let outcome = match (outcome, polled) {
            // An error from the scope makes no difference after the end.
            (Some(outcome), _) => outcome,
            (None, Err(status)) => {
                drop_inside(&scope, this.make, this.future);
                Err(status)
            }
            (None, Ok(_)) => {
                *this.scope = Some(scope);
                return Poll::Pending;
            }
        };
        Poll::Ready(match outcome {
            // Don't move a single message for nothing.
            Ok(response) if response.get_ref().is_stream() => {
                Ok(response.map(|payload| payload.wrap_stream(InScope(scope))))
            }
            outcome => outcome,
        })
    }
}

/// The scope for a response stream.
struct InScope<S>(S);

impl<S: Scope> WrapStream for InScope<S> {
    fn wrap<M: Send + 'static>(self, stream: MessageStream<M>) -> MessageStream<M> {
        stream.in_scope(self.0)
    }
}
