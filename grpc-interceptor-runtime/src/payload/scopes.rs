//! The scopes that a client's request stream is read inside of.
//!
//! Tonic reads it in a task of its own. What the interceptors inside of a scope put around the stream
//! runs there, too: so the scopes go along with the stream, and are entered where it is read.

use tonic::Status;

use crate::call::{Enter, Scope};

/// The outermost first.
#[derive(Default)]
pub(super) struct Scopes(Vec<Box<dyn Enter>>);

impl Scopes {
    /// Adds one inside of those that are there.
    pub(super) fn push(&mut self, scope: impl Scope) {
        self.0.push(Box::new(scope));
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl Enter for Scopes {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        enter(&self.0, run)
    }
}

fn enter(scopes: &[Box<dyn Enter>], run: &mut dyn FnMut()) -> Result<(), Status> {
    let Some((outermost, rest)) = scopes.split_first() else {
        run();
        return Ok(());
    };
    let mut within = Ok(());
    outermost.enter(&mut || within = enter(rest, run))?;
    within
}
