use std::sync::{Mutex, MutexGuard, PoisonError};

use tonic::client::Grpc;

/// What calls are made by. Each attempt borrows one: the last one's, or, if that is still out, as
/// in attempts that run at the same time, a clone.
///
/// It is behind a lock, so that no `Sync` is needed of what carries the calls, which not every tower
/// service has.
pub struct Shared<T>(Mutex<Pool<T>>);

struct Pool<T> {
    original: Grpc<T>,
    /// In a box, so that lending it moves a pointer.
    idle: Option<Box<Grpc<T>>>,
}

impl<T> Shared<T> {
    pub(super) fn new(grpc: Grpc<T>) -> Self {
        Shared(Mutex::new(Pool { original: grpc, idle: None }))
    }

    pub(super) fn into_inner(self) -> Grpc<T> {
        self.0.into_inner().unwrap_or_else(PoisonError::into_inner).original
    }

    fn pool(&self) -> MutexGuard<'_, Pool<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Shared<T> {
    /// A clone for another client.
    pub(super) fn to_owned(&self) -> Grpc<T> {
        let pool = self.pool();
        pool.idle.as_deref().unwrap_or(&pool.original).clone()
    }

    /// One to make ready. If that is given up, it is dropped and doesn't go back: what it waits
    /// for, as its turn in a line, is given up with it.
    pub(super) fn take(&self) -> Box<Grpc<T>> {
        let mut pool = self.pool();
        pool.idle.take().unwrap_or_else(|| Box::new(pool.original.clone()))
    }

    /// Lends one that is ready to an attempt.
    pub(super) fn lend(&self, grpc: Box<Grpc<T>>) -> Lent<'_, T> {
        Lent { shared: self, grpc: Some(grpc) }
    }
}

/// One that goes back when the attempt is over or dropped.
pub(super) struct Lent<'a, T> {
    shared: &'a Shared<T>,
    /// There until this is dropped.
    grpc: Option<Box<Grpc<T>>>,
}

impl<T: Clone> Lent<'_, T> {
    pub(super) fn get(&mut self) -> &mut Grpc<T> {
        self.grpc.get_or_insert_with(|| self.shared.take())
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let Some(grpc) = self.grpc.take() else { return };
        // One is enough: most clients have one attempt at a time.
        self.shared.pool().idle.get_or_insert(grpc);
    }
}
