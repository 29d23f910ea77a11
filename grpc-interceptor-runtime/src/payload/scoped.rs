use std::{
    pin::Pin,
    task::{Context, Poll},
};

use tonic::Status;

use super::{
    message_stream::MessageStream,
    source::{Again, Nothing, Source},
    trailers::Trailers,
};
use crate::{
    call::{Enter, Scope, poll_inside},
    error::run_in_drop,
};

impl<M: Send + 'static> MessageStream<M> {
    /// Runs the stream inside a scope: each poll, and its end.
    pub(crate) fn in_scope(self, scope: impl Scope) -> Self {
        self.scoped(scope)
    }

    /// Runs the stream inside the scopes attached to it.
    #[doc(hidden)]
    #[must_use]
    pub fn in_its_scopes(mut self) -> Self {
        let scopes = self.take_scopes();
        if scopes.is_empty() { self } else { self.scoped(scopes) }
    }

    fn scoped(self, scope: impl Enter) -> Self {
        self.wrap(|source| Scoped { source, scope })
    }
}

struct Scoped<M: 'static, S: Enter> {
    source: Pin<Box<dyn Source<M>>>,
    scope: S,
}

/// The scope is never pinned.
impl<M, S: Enter> Unpin for Scoped<M, S> {}

impl<M: 'static, S: Enter> Scoped<M, S> {
    /// Queries the source inside the scope for its state after the end.
    fn ask<T>(&mut self, mut ask: impl FnMut(Pin<&mut dyn Source<M>>) -> Option<T>) -> Option<T> {
        let Scoped { source, scope } = self;
        match poll_inside(scope, || Poll::Ready(ask(source.as_mut())), |_| true) {
            Ok(Poll::Ready(answer)) => answer,
            _ => None,
        }
    }

    /// Drops the source inside the scope.
    fn end(&mut self) {
        let source = &mut self.source;
        // A box of a zero-sized type doesn't allocate.
        let mut source = Some(std::mem::replace(source, Box::pin(Nothing)));
        // An error from the scope makes no difference after the end.
        let _ = self.scope.enter(&mut || drop(source.take()));
    }
}

impl<M: Send + 'static, S: Enter> Source<M> for Scoped<M, S> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let Scoped { source, scope } = &mut *self;
        let is_last = |item: &Option<_>| !matches!(item, Some(Ok(_)));
        match poll_inside(scope, || source.as_mut().poll_item(context), is_last) {
            Ok(polled) => polled,
            Err(status) => {
                self.end();
                Poll::Ready(Some(Err(status)))
            }
        }
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.ask(|source| source.trailers())
    }

    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        self.ask(|source| source.error_again())
    }
}

impl<M: 'static, S: Enter> Drop for Scoped<M, S> {
    fn drop(&mut self) {
        run_in_drop(|| self.end());
    }
}
