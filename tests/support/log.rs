//! Captures what `tracing` records on this thread.

use std::{
    collections::HashMap,
    fmt::Debug,
    sync::{Arc, Mutex},
};

use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
    level_filters::LevelFilter,
    subscriber::DefaultGuard,
};
use tracing_subscriber::{Layer, layer, prelude::*, registry::LookupSpan};

/// The events of a target, by their fields.
#[derive(Clone)]
pub(crate) struct Log {
    target: &'static str,
    events: Arc<Mutex<Vec<HashMap<&'static str, String>>>>,
}

impl Log {
    /// Captures from now on, until the guard is dropped.
    pub(crate) fn start(target: &'static str, level: Level) -> (Self, DefaultGuard) {
        let log = Log { target, events: Arc::default() };
        let layer = log.clone().with_filter(LevelFilter::from_level(level));
        let guard = tracing_subscriber::registry().with(layer).set_default();
        (log, guard)
    }

    pub(crate) fn take(&self) -> Vec<HashMap<&'static str, String>> {
        std::mem::take(&mut *self.events.lock().unwrap())
    }

    /// The only event.
    #[allow(dead_code, reason = "each test file uses a part of it")]
    pub(crate) fn one(&self) -> HashMap<&'static str, String> {
        let mut events = self.take();
        assert_eq!(events.len(), 1, "{events:?}");
        events.remove(0)
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Log {
    fn on_event(&self, event: &Event<'_>, context: layer::Context<'_, S>) {
        // The underlying libraries record events as well.
        if event.metadata().target() != self.target {
            return;
        }
        let mut fields = Fields::default();
        event.record(&mut fields);
        fields.0.insert("level", event.metadata().level().to_string());
        if let Some(span) = context.event_span(event) {
            fields.0.insert("span", span.name().to_owned());
        }
        self.events.lock().unwrap().push(fields.0);
    }
}

#[derive(Default)]
struct Fields(HashMap<&'static str, String>);

impl Visit for Fields {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.0.insert(field.name(), value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
        self.0.insert(field.name(), format!("{value:?}"));
    }
}
