//! OpenTelemetry's conventions for gRPC, version 1.44.0: the names, and which codes are errors.
//! They are in one place because they aren't stable yet.
//!
//! <https://opentelemetry.io/docs/specs/semconv/rpc/grpc/>

use grpc_interceptor_runtime::Side;
use opentelemetry::InstrumentationScope;
use tonic::Code;

pub(crate) const SYSTEM: &str = "rpc.system.name";
pub(crate) const METHOD: &str = "rpc.method";
pub(crate) const METHOD_ORIGINAL: &str = "rpc.method_original";
/// Renamed to `rpc.status_code` after 1.44.0.
pub(crate) const STATUS_CODE: &str = "rpc.response.status_code";
pub(crate) const ERROR_TYPE: &str = "error.type";
pub(crate) const SERVER_ADDRESS: &str = "server.address";
pub(crate) const SERVER_PORT: &str = "server.port";

/// The value of [`SYSTEM`].
pub(crate) const GRPC: &str = "grpc";

/// The value of [`METHOD`] for methods that the layer doesn't know.
pub(crate) const OTHER: &str = "_OTHER";

/// The instrumentation scope.
pub(crate) fn scope() -> InstrumentationScope {
    InstrumentationScope::builder("grpc-interceptor")
        .with_version(env!("CARGO_PKG_VERSION"))
        .with_schema_url("https://opentelemetry.io/schemas/1.44.0")
        .build()
}

/// Returns `pkg.Service/Method`: the path without its leading slash.
pub(crate) fn method(path: &'static str) -> &'static str {
    path.strip_prefix('/').unwrap_or(path)
}

/// Returns whether a call that ends with this code has failed. A caller's own mistake isn't a
/// server error.
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
