use std::{
    future::Future,
    sync::{Arc, Mutex, PoisonError},
};

use hyper::rt::Executor;
use tokio::task::JoinSet;

/// The tasks of a client's channel, which end when this is dropped: by themselves they would go on
/// for as long as anybody has a clone of the channel, or a stream.
#[derive(Default)]
pub(crate) struct Tasks(Spawner);

impl Tasks {
    /// What the channel spawns its tasks by.
    pub(crate) fn spawner(&self) -> Spawner {
        self.0.clone()
    }

    /// Ends the tasks, and waits for that.
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

/// Spawns tasks, until it is closed.
#[derive(Clone)]
pub(crate) struct Spawner(Arc<Mutex<Option<JoinSet<()>>>>);

impl Default for Spawner {
    fn default() -> Self {
        Spawner(Arc::new(Mutex::new(Some(JoinSet::new()))))
    }
}

impl Spawner {
    /// From now on nothing is spawned. What was is in the set: the tasks have a clone of this, and
    /// so wouldn't ever be dropped if they stayed in it.
    fn close(&self) -> Option<JoinSet<()>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<F: Future<Output = ()> + Send + 'static> Executor<F> for Spawner {
    fn execute(&self, task: F) {
        let mut tasks = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(tasks) = &mut *tasks {
            // Those that are over: a client that streams its requests has one for each call.
            while tasks.try_join_next().is_some() {}
            tasks.spawn(task);
        }
    }
}
