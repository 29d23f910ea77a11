//! The scopes that a client's request stream is read inside of.
//!
//! Tonic reads it in a task of its own. What the interceptors inside of a scope put around the stream
//! runs there, too: so the scopes go along with the stream, and are entered where it is read.

use std::task::Poll;

use tonic::Status;

use crate::call::{Scope, poll_inside};

/// The outermost first.
#[derive(Default)]
pub(crate) struct Scopes(Vec<Box<dyn AnyScope>>);

/// A scope without its type.
trait AnyScope: Send {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status>;
}

impl<S: Scope> AnyScope for S {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        Scope::enter(self, run)
    }
}

impl Scopes {
    /// Adds one inside of those that are there.
    pub(super) fn push(&mut self, scope: impl Scope) {
        self.0.push(Box::new(scope));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        enter(&self.0, run)
    }

    /// Runs a poll inside: see `Scope::poll`.
    pub(crate) fn poll<T>(
        &self,
        mut poll: impl FnMut() -> Poll<T>,
        is_last: impl FnOnce(&T) -> bool,
    ) -> Result<Poll<T>, Status> {
        poll_inside(|run| self.enter(run), &mut poll, is_last)
    }
}

fn enter(scopes: &[Box<dyn AnyScope>], run: &mut dyn FnMut()) -> Result<(), Status> {
    let Some((outermost, rest)) = scopes.split_first() else {
        run();
        return Ok(());
    };
    let mut within = Ok(());
    outermost.enter(&mut || within = enter(rest, run))?;
    within
}
