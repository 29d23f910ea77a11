use grpc_interceptor_runtime::Side;
use opentelemetry::metrics::{Meter, UpDownCounter};

/// Creates the in-flight counter. Neither vocabulary defines one, so its name is in our own
/// namespace.
pub(super) fn in_flight(meter: &Meter, side: Side) -> UpDownCounter<i64> {
    let name = match side {
        Side::Server => "grpc_interceptor.server.in_flight",
        Side::Client => "grpc_interceptor.client.in_flight",
    };
    meter
        .i64_up_down_counter(name)
        .with_unit("{call}")
        .with_description("Calls that have started and not ended.")
        .build()
}
