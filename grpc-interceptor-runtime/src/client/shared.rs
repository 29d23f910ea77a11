use std::sync::{Mutex, MutexGuard, PoisonError};

use tonic::{Status, client::Grpc};

/// The transport shared by attempts. Each attempt borrows one: the one used last or, if that is
/// still lent to a concurrent attempt, a clone.
///
/// It is behind a lock, so the transport doesn't have to be `Sync`, which not every tower service
/// is.
pub struct Shared<T>(Mutex<Pool<T>>);

struct Pool<T> {
    /// The source of clones. Without it, there is only the transport that is idle or lent.
    original: Option<Original<T>>,
    /// Boxed, so that lending it moves only a pointer.
    idle: Option<Box<Grpc<T>>>,
}

/// Created where `T` is known to be `Clone`, and used where it isn't.
struct Original<T> {
    grpc: Grpc<T>,
    clone: fn(&Grpc<T>) -> Grpc<T>,
}

impl<T> Shared<T> {
    /// Allows one attempt at a time.
    pub(super) fn of_one(grpc: Grpc<T>) -> Self {
        Shared(Mutex::new(Pool { original: None, idle: Some(Box::new(grpc)) }))
    }

    pub(super) fn map(self, map: impl FnOnce(Grpc<T>) -> Grpc<T>) -> Self {
        let Pool { original, idle } = self.0.into_inner().unwrap_or_else(PoisonError::into_inner);
        Shared(Mutex::new(match original {
            Some(Original { grpc, clone }) => {
                Pool { original: Some(Original { grpc: map(grpc), clone }), idle: None }
            }
            None => Pool { original: None, idle: idle.map(|grpc| Box::new(map(*grpc))) },
        }))
    }

    /// Lends a transport to an attempt.
    pub(super) fn lend(&self) -> Result<Lent<'_, T>, Status> {
        let mut pool = self.pool();
        let grpc = match (pool.idle.take(), &pool.original) {
            (Some(grpc), _) => grpc,
            (None, Some(Original { grpc, clone })) => Box::new(clone(grpc)),
            (None, None) => return Err(one_at_a_time()),
        };
        Ok(Lent { shared: self, grpc: Some(grpc), is_ready: false })
    }

    fn pool(&self) -> MutexGuard<'_, Pool<T>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Clone> Shared<T> {
    /// Allows any number of concurrent attempts.
    pub(super) fn new(grpc: Grpc<T>) -> Self {
        Shared(Mutex::new(Pool {
            original: Some(Original { grpc, clone: Grpc::clone }),
            idle: None,
        }))
    }
}

impl<T: Clone> Clone for Shared<T> {
    fn clone(&self) -> Self {
        let pool = self.pool();
        match pool.idle.as_deref().or(pool.original.as_ref().map(|original| &original.grpc)) {
            Some(grpc) => Shared::new(grpc.clone()),
            // The only one is lent to an attempt.
            None => Shared(Mutex::new(Pool { original: None, idle: None })),
        }
    }
}

fn one_at_a_time() -> Status {
    Status::internal(
        "this client makes one attempt at a time, and one is in progress: to make several, wrap the transport in a \
         `tower::buffer::Buffer`",
    )
}

/// A transport that is returned when the attempt ends or is dropped.
pub(super) struct Lent<'a, T> {
    shared: &'a Shared<T>,
    /// Present until this is dropped.
    grpc: Option<Box<Grpc<T>>>,
    is_ready: bool,
}

impl<T> Lent<'_, T> {
    pub(super) fn get(&mut self) -> &mut Grpc<T> {
        self.grpc.as_mut().expect("present until dropped")
    }

    pub(super) fn set_ready(&mut self) {
        self.is_ready = true;
    }
}

impl<T> Drop for Lent<'_, T> {
    fn drop(&mut self) {
        let Some(grpc) = self.grpc.take() else { return };
        let mut pool = self.shared.pool();
        // If an attempt is dropped before its transport is ready, drop the transport too, to give
        // up whatever it is waiting for, such as its place in a queue.
        if self.is_ready || pool.original.is_none() {
            // One is enough: most clients make one attempt at a time.
            pool.idle.get_or_insert(grpc);
        }
    }
}
