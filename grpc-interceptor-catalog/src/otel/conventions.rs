//! OpenTelemetry's conventions for gRPC, version 1.44.0: the names, and what is an error. They stand in one place, as
//! they aren't final.
//!
//! <https://opentelemetry.io/docs/specs/semconv/rpc/grpc/>

use grpc_interceptor_runtime::Side;
use opentelemetry::InstrumentationScope;
use tonic::Code;

pub(crate) const SYSTEM: &str = "rpc.system.name";
pub(crate) const METHOD: &str = "rpc.method";
pub(crate) const METHOD_ORIGINAL: &str = "rpc.method_original";
/// After 1.44.0 it is going to be `rpc.status_code`.
pub(crate) const STATUS_CODE: &str = "rpc.response.status_code";
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";

/// The value of [`SYSTEM`].
pub(crate) const GRPC: &str = "grpc";

/// The value of [`METHOD`] if nobody told which RPCs there are.
pub(crate) const OTHER: &str = "_OTHER";

/// Who measures.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("grpc-interceptor")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
        .build()
}

/// `pkg.Service/Method`: without the slash that begins a path.
pub(crate) fn method(path: &'static str) -> &'static str {
    path.strip_prefix('/').unwrap_or(path)
}

/// Whether a call that ends with this code has failed. What is the caller's own fault isn't a server's error.
pub(crate) const fn is_error(side: Side, code: Code) -> bool {
    match side {
        Side::Client => !matches!(code, Code::Ok),
        Side::Server => matches!(
            code,
            Code::Unknown
                | Code::DeadlineExceeded
                | Code::Unimplemented
                | Code::Internal
                | Code::Unavailable
                | Code::DataLoss
        ),
    }
}
