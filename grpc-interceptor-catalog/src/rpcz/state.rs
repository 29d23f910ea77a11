use std::{net::SocketAddr, sync::Arc, time::Instant};

use grpc_interceptor_runtime::{__private::now, Context};
use tonic::metadata::MetadataMap;

use super::{
    call::Call,
    in_flight::InFlight,
    methods::Methods,
    nanos::nanos,
    options::Options,
    text::{LONGEST_METADATA, push_cut},
};

/// Everything that a page can show.
pub(super) struct State {
    pub(super) options: Options,
    start: Instant,
    pub(super) methods: Methods,
    pub(super) in_flight: Arc<InFlight>,
}

impl State {
    pub(super) fn new(options: Options) -> Self {
        let in_flight = Arc::new(InFlight::new(options.in_flight));
        let methods = Methods::new(options.samples, in_flight.clone());
        State { start: now(), methods, in_flight, options }
    }

    pub(super) fn now(&self) -> u64 {
        self.nanos_at(now())
    }

    /// Returns nanoseconds since the start. A `u64` lasts for about five centuries.
    fn nanos_at(&self, time: Instant) -> u64 {
        nanos(time.saturating_duration_since(self.start))
    }

    /// Records that a call has started.
    pub(super) fn start(
        &self,
        context: &Context,
        metadata: &MetadataMap,
        peer: Option<SocketAddr>,
    ) -> Call {
        let started = now();
        let start = self.nanos_at(started);
        // This is user code, so it runs before anything is claimed.
        let fields = self.options.fields.as_ref().map(|fields| fields(context, metadata));
        let handle = self.methods.of(context, start);
        handle.counters().start();
        let claim = self.in_flight.claim(|details| {
            details.method = handle.method.number;
            details.start = start;
            details.deadline = context.time_remaining().map(nanos);
            details.peer = peer;
            self.options.keys.write(&mut details.texts.metadata, metadata);
            details.texts.fields.clear();
            if let Some(fields) = fields {
                push_cut(&mut details.texts.fields, &fields, LONGEST_METADATA);
            }
        });
        Call::new(handle.clone(), started, start, claim)
    }
}
