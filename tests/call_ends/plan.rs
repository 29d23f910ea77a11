//! The state shared by everything that takes part in a case.

use std::{
    panic,
    sync::{
        Arc, Once,
        atomic::{AtomicI64, Ordering},
    },
};

use grpc_interceptor::interceptors::Rpcz;
use tokio::sync::{Notify, mpsc::UnboundedSender};
use tonic::{Status, metadata::MetadataMap};

use crate::{
    case::{Case, End},
    counted::Counted,
    logged::new_id,
    measured::Measured,
    observers::Event,
    traced::Traced,
};

#[derive(Clone)]
pub(crate) struct Plan {
    pub(crate) case: Case,
    /// The call's request id.
    pub(crate) id: String,
    pub(crate) counted: Counted,
    pub(crate) measured: Measured,
    pub(crate) traced: Traced,
    pub(crate) rpcz: Rpcz,
    pub(crate) events: UnboundedSender<Event>,
    pub(crate) in_flight: InFlight,
    /// The handler waits, and the client can disconnect.
    pub(crate) waiting: Arc<Notify>,
    attempts: Arc<AtomicI64>,
    /// The end was reported.
    pub(crate) ended: Arc<Notify>,
}

impl Plan {
    pub(crate) fn new(case: Case, events: UnboundedSender<Event>) -> Self {
        let (waiting, attempts, ended) = (Arc::default(), Arc::default(), Arc::default());
        let (id, counted, rpcz) = (new_id(), Counted::new(&case), Rpcz::new());
        let (measured, traced) = (Measured::new(&case), Traced::new());
        let in_flight = InFlight::default();
        Plan {
            case,
            id,
            counted,
            measured,
            traced,
            rpcz,
            events,
            in_flight,
            waiting,
            attempts,
            ended,
        }
    }

    pub(crate) fn is(&self, end: End) -> bool {
        self.case.end == end
    }

    pub(crate) fn is_first_attempt(&self) -> bool {
        self.attempts.fetch_add(1, Ordering::Relaxed) == 0
    }
}

/// The number of calls that have started and not ended.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<AtomicI64>);

impl InFlight {
    pub(crate) fn up(&self) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn down(&self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }
}

/// The key of the trailing metadata at the end of a call.
pub(crate) const TAIL: &str = "tail";

pub(crate) fn tail(value: &'static str) -> MetadataMap {
    let mut metadata = MetadataMap::new();
    metadata.insert(TAIL, value.parse().expect("it is ASCII"));
    metadata
}

/// The status that a case fails with.
pub(crate) fn failure() -> Status {
    Status::with_metadata(tonic::Code::Aborted, "planned", tail("failed"))
}

struct Planned;

/// The panic that a case tests.
pub(crate) fn raise() -> ! {
    panic::panic_any(Planned)
}

/// Rust prints each panic. The planned ones are so many that no one would notice another.
pub(crate) fn be_silent() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let print = panic::take_hook();
        panic::set_hook(Box::new(move |info| {
            if !info.payload().is::<Planned>() {
                print(info);
            }
        }));
    });
}
