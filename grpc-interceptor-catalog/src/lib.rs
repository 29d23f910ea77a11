//! The ready-made interceptors of [`grpc-interceptor`](https://docs.rs/grpc-interceptor). Depend on
//! that package: it re-exports everything here as `grpc_interceptor::interceptors`.
//!
//! They are written like any other interceptor, so you can also read them as examples.

#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

// What needs a feature has its `cfg` here and once more where it is defined: the latter is where rustdoc takes it from for
// the pages of `grpc-interceptor`.

#[cfg(feature = "tracing")]
mod access_log;
mod catch_panic;
mod error_to_status;
#[cfg(feature = "tracing")]
mod event;
#[cfg(any(feature = "metrics", feature = "rpcz", feature = "tracing"))]
mod kind_name;
#[cfg(any(feature = "metrics", feature = "opentelemetry", feature = "rpcz"))]
mod made_up;
#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
mod metrics;
#[cfg(any(feature = "rpcz", feature = "tracing"))]
mod names;
#[cfg(feature = "opentelemetry")]
mod otel;
#[cfg(feature = "tracing")]
mod payload_log;
#[cfg(any(feature = "opentelemetry", feature = "rpcz", feature = "tracing"))]
mod peer;
#[cfg(any(feature = "opentelemetry", feature = "rpcz", feature = "tracing"))]
mod redact;
#[cfg(feature = "tracing")]
mod request_id;
#[cfg(feature = "rpcz")]
mod rpcz;
#[cfg(feature = "tracing")]
mod shown;
#[cfg(feature = "opentelemetry")]
mod trace;

#[cfg(any(feature = "metrics", feature = "opentelemetry"))]
pub use self::metrics::Metrics;
#[cfg(feature = "tracing")]
pub use access_log::AccessLog;
pub use catch_panic::{CatchPanic, OnPanic};
pub use error_to_status::{ErrorToStatus, MapError, UnknownDetails};
#[cfg(feature = "prost-reflect")]
pub use payload_log::AsJson;
#[cfg(feature = "tracing")]
pub use payload_log::{AsDebug, Direction, MessageInfo, PayloadLog, ShowMessage};
#[cfg(feature = "rpcz")]
pub use rpcz::{Rpcz, RpczServer, RpczService};
#[cfg(feature = "opentelemetry")]
pub use trace::{Trace, TraceAttempts};
