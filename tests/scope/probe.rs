//! Records whether code runs inside a scope.

use std::{
    cell::RefCell,
    collections::BTreeSet,
    future::Future,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use grpc_interceptor::Scope;
use tokio_stream::Stream;

use crate::support::soon;

tokio::task_local! {
    static TASK: &'static str;
}

thread_local! {
    static ENTERED: RefCell<Vec<&'static str>> = const { RefCell::new(Vec::new()) };
}

/// A scope with this name.
pub(crate) fn scope(name: &'static str) -> impl Scope {
    move |run: &mut dyn FnMut()| {
        TASK.sync_scope(name, || {
            let _entered = Entered::new(name);
            run();
        });
    }
}

/// Leaves the scope when it is dropped.
struct Entered;

impl Entered {
    fn new(name: &'static str) -> Self {
        ENTERED.with_borrow_mut(|entered| entered.push(name));
        Entered
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        ENTERED.with_borrow_mut(Vec::pop);
    }
}

/// The scopes around the current code, outermost first, and the one that the task-local names.
type Inside = (Vec<&'static str>, Option<&'static str>);

pub(crate) fn inside() -> Inside {
    (ENTERED.with_borrow(Clone::clone), TASK.try_with(|name| *name).ok())
}

/// Inside exactly these scopes.
pub(crate) fn of(names: &[&'static str]) -> Inside {
    (names.to_vec(), names.last().copied())
}

/// An event: where it happened, and what.
type Event = (&'static str, &'static str);

/// Records what happens, and in which scopes.
#[derive(Clone, Default)]
pub(crate) struct Probe(Arc<Mutex<Vec<(Event, Inside)>>>);

impl Probe {
    pub(crate) fn note(&self, event: Event) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push((event, inside()));
    }

    fn has(&self, event: Event) -> bool {
        let notes = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        notes.iter().any(|(noted, _)| *noted == event)
    }

    /// Waits until this has happened.
    pub(crate) async fn wait_for(&self, event: Event) {
        soon(async {
            while !self.has(event) {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
    }

    /// Asserts that exactly these events have happened, each inside exactly these scopes, in any
    /// order.
    pub(crate) async fn assert_inside(&self, scopes: &[&'static str], events: &[Event]) {
        for event in events {
            self.wait_for(*event).await;
        }
        let notes = std::mem::take(&mut *self.0.lock().unwrap_or_else(PoisonError::into_inner));
        for (event, inside) in &notes {
            assert_eq!(*inside, of(scopes), "{event:?}");
        }
        let noted: BTreeSet<Event> = notes.iter().map(|(event, _)| *event).collect();
        assert_eq!(noted, events.iter().copied().collect());
    }

    /// Wraps a future or a stream, and records its polls and its end.
    pub(crate) fn around<T>(&self, place: &'static str, inner: T) -> Noted<T> {
        Noted { inner: Box::pin(inner), guard: Guard { place, probe: self.clone() } }
    }
}

/// Records each poll and, in its destructor, the end.
pub(crate) struct Noted<T> {
    inner: Pin<Box<T>>,
    guard: Guard,
}

struct Guard {
    place: &'static str,
    probe: Probe,
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.probe.note((self.place, "drop"));
    }
}

impl<F: Future> Future for Noted<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
        self.guard.probe.note((self.guard.place, "poll"));
        self.inner.as_mut().poll(context)
    }
}

impl<S: Stream> Stream for Noted<S> {
    type Item = S::Item;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<S::Item>> {
        self.guard.probe.note((self.guard.place, "poll"));
        self.inner.as_mut().poll_next(context)
    }
}
