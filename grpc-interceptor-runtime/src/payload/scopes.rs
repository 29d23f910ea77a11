//! The scopes that a client's request stream is read in.
//!
//! Tonic reads the stream in a separate task. The wrappers that interceptors inside a scope add to
//! the stream run in that task too, so the scopes travel with the stream and are entered where it
//! is read.

use tonic::Status;

use crate::call::{Enter, Scope};

/// Any number of scopes, outermost first.
#[derive(Default)]
pub(super) struct Scopes(Option<Box<dyn Enter>>);

impl Scopes {
    pub(super) const NONE: Scopes = Scopes(None);

    /// Adds a scope inside the existing ones.
    pub(super) fn push(&mut self, scope: impl Scope) {
        self.0 = Some(match self.0.take() {
            None => Box::new(scope),
            Some(outer) => Box::new(Nested { outer, inner: scope }),
        });
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_none()
    }
}

impl Enter for Scopes {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        match &self.0 {
            Some(scope) => scope.enter(run),
            None => {
                run();
                Ok(())
            }
        }
    }
}

struct Nested<S> {
    outer: Box<dyn Enter>,
    inner: S,
}

impl<S: Scope> Enter for Nested<S> {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        let mut within = Ok(());
        self.outer.enter(&mut || within = Scope::enter(&self.inner, run))?;
        within
    }
}
