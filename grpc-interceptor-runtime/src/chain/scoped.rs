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
    /// A future that runs inside of a scope: when it is made, when it is polled, and when it is dropped.
    /// If it gives a stream, that runs there, too.
    pub(super) struct Scoped<G, F, S: Scope, M> {
        // Makes the future, in its place: to move it would cost more than the scope.
        make: Option<G>,
        #[pin]
        future: Option<F>,
        // There until the end.
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
    // What a scope says after the end makes no difference.
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
        let scope = this.scope.take().expect("it isn't polled after its end");
        let mut outcome = None;
        let polled = poll_inside(
            &scope,
            || {
                if let Some(make) = this.make.take() {
                    this.future.set(Some(make()));
                }
                let Some(future) = this.future.as_mut().as_pin_mut() else {
                    unreachable!("it is there until the end")
                };
                future.poll(context).map(|ready| {
                    outcome = Some(ready);
                    // In the same step, as a scope may cost something.
                    this.future.set(None);
                })
            },
            |()| true,
        );
        let outcome = match (outcome, polled) {
            // What a scope says after the end makes no difference.
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
            // A message isn't moved for nothing.
            Ok(response) if response.get_ref().is_stream() => {
                Ok(response.map(|payload| payload.wrap_stream(InScope(scope))))
            }
            outcome => outcome,
        })
    }
}

/// Of a response.
struct InScope<S>(S);

impl<S: Scope> WrapStream for InScope<S> {
    fn wrap<M: Send + 'static>(self, stream: MessageStream<M>) -> MessageStream<M> {
        stream.in_scope(self.0)
    }
}
