use grpc_interceptor_runtime::Side;
use opentelemetry::metrics::{Meter, UpDownCounter};

/// Our own, which neither vocabulary has: so it has a name in neither of their namespaces.
pub(super) fn in_flight(meter: &Meter, side: Side) -> UpDownCounter<i64> {
    let name = match side {
        Side::Server => "grpc_interceptor.server.in_flight",
        Side::Client => "grpc_interceptor.client.in_flight",
    };
    meter
        .i64_up_down_counter(name)
        .with_unit("{call}")
        .with_description("Calls that have begun and not ended.")
        .build()
}
