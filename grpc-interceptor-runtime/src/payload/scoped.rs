use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tonic::Status;

use super::{
    message_stream::MessageStream,
    source::{Nothing, Source},
    trailers::Trailers,
};
use crate::{call::Scope, error::run_in_drop};

impl<M: Send + 'static> MessageStream<M> {
    /// Runs it inside of a scope: each poll, and its end.
    pub(crate) fn in_scope(self, scope: impl Scope) -> Self {
        self.wrap(|source, trailers| Scoped { source, trailers, scope })
    }
}

struct Scoped<M: 'static, S: Scope> {
    source: Pin<Box<dyn Source<M>>>,
    trailers: Option<Trailers>,
    scope: S,
}

/// The scope is never pinned.
impl<M, S: Scope> Unpin for Scoped<M, S> {}

impl<M: 'static, S: Scope> Scoped<M, S> {
    /// Drops the source inside of the scope.
    fn end(&mut self) {
        let source = &mut self.source;
        // A box of nothing takes no memory.
        let mut source = Some(std::mem::replace(source, Box::pin(Nothing)));
        // What a scope says after the end makes no difference.
        let _ = self.scope.enter(&mut || drop(source.take()));
    }
}

impl<M: Send + 'static, S: Scope> Source<M> for Scoped<M, S> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let Scoped { source, trailers, scope } = &mut *self;
        let poll = || {
            let polled = source.as_mut().poll_item(context);
            if let Poll::Ready(None) = polled
                && let own @ Some(_) = source.as_mut().trailers()
            {
                *trailers = own;
            }
            polled
        };
        let polled = scope.poll(poll, |item| !matches!(item, Some(Ok(_))));
        match polled {
            Ok(polled) => polled,
            Err(status) => {
                self.end();
                Poll::Ready(Some(Err(status)))
            }
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.trailers.take()
    }

    fn error_again(mut self: Pin<&mut Self>, error: &Status) -> Option<Status> {
        let Scoped { source, scope, .. } = &mut *self;
        match scope.poll(|| Poll::Ready(source.as_mut().error_again(error)), |_| true) {
            Ok(Poll::Ready(again)) => again,
            _ => None,
        }
    }
}

impl<M: 'static, S: Scope> Drop for Scoped<M, S> {
    fn drop(&mut self) {
        run_in_drop(|| self.end());
    }
}
