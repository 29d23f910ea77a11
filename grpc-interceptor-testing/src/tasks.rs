use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use hyper::rt::Executor;
use tokio::task::JoinSet;

/// The tasks of a client's channel, which end when this is dropped. Otherwise they would continue
/// for as long as a clone of the channel or a stream exists.
#[derive(Default)]
pub(crate) struct Tasks(Spawner);

impl Tasks {
    /// Returns the executor that the channel spawns its tasks with.
    pub(crate) fn spawner(&self) -> Spawner {
        self.0.clone()
    }

    /// Ends the tasks, and waits until they have ended.
    pub(crate) async fn end(self) {
        if let Some(mut tasks) = self.0.close() {
            tasks.shutdown().await;
        }
    }
}

impl Drop for Tasks {
    fn drop(&mut self) {
        drop(self.0.close());
    }
}

/// Spawns tasks until it is closed.
#[derive(Clone)]
pub(crate) struct Spawner(Arc<Mutex<Option<JoinSet<()>>>>);

impl Default for Spawner {
    fn default() -> Self {
        Spawner(Arc::new(Mutex::new(Some(JoinSet::new()))))
    }
}

impl Spawner {
    /// Stops spawning, and takes the tasks out. The tasks have a clone of this, so they would never
    /// be dropped if they stayed inside.
    fn close(&self) -> Option<JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Spawner {
    fn execute(&self, task: F) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tasks) = &mut *tasks {
            // Remove finished tasks: a client that streams its requests has one for each call.
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }
}
