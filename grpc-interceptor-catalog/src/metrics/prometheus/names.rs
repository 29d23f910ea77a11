//! The metric names of go-grpc-middleware.

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use grpc_interceptor_runtime::Side;
use tonic::Code;

/// The metric names for one side.
pub(super) struct Names {
    pub(super) started: &'static str,
    pub(super) handled: &'static str,
    pub(super) received: &'static str,
    pub(super) sent: &'static str,
    pub(super) handling: &'static str,
    pub(super) in_flight: &'static str,
}

const SERVER: Names = Names {
    started: "grpc_server_started_total",
    handled: "grpc_server_handled_total",
    received: "grpc_server_msg_received_total",
    sent: "grpc_server_msg_sent_total",
    handling: "grpc_server_handling_seconds",
    in_flight: "grpc_server_in_flight",
};

const CLIENT: Names = Names {
    started: "grpc_client_started_total",
    handled: "grpc_client_handled_total",
    received: "grpc_client_msg_received_total",
    sent: "grpc_client_msg_sent_total",
    handling: "grpc_client_handling_seconds",
    in_flight: "grpc_client_in_flight",
};

pub(super) const fn names(side: Side) -> Names {
    match side {
        Side::Server => SERVER,
        Side::Client => CLIENT,
    }
}

pub(super) fn describe() {
    for (names, on) in [(SERVER, "on the server"), (CLIENT, "on the client")] {
        describe_counter!(names.started, format!("Total number of RPCs started {on}."));
        describe_counter!(
            names.handled,
            format!("Total number of RPCs completed {on}, regardless of success or failure.")
        );
        describe_counter!(
            names.received,
            format!("Total number of RPC stream messages received {on}.")
        );
        describe_counter!(names.sent, format!("Total number of gRPC stream messages sent {on}."));
        describe_histogram!(
            names.handling,
            Unit::Seconds,
            format!(
                "Histogram of response latency (seconds) of the gRPC until it is finished {on}."
            )
        );
        describe_gauge!(names.in_flight, format!("Number of RPCs in flight {on}."));
    }
}

/// All codes, in numeric order.
pub(super) const CODES: [Code; 17] = [
    Code::Ok,
    Code::Cancelled,
    Code::Unknown,
    Code::InvalidArgument,
    Code::DeadlineExceeded,
    Code::NotFound,
    Code::AlreadyExists,
    Code::PermissionDenied,
    Code::ResourceExhausted,
    Code::FailedPrecondition,
    Code::Aborted,
    Code::OutOfRange,
    Code::Unimplemented,
    Code::Internal,
    Code::Unavailable,
    Code::DataLoss,
    Code::Unauthenticated,
];

/// The code's name, as Go spells it.
pub(super) const fn go_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "Canceled",
        Code::Unknown => "Unknown",
        Code::InvalidArgument => "InvalidArgument",
        Code::DeadlineExceeded => "DeadlineExceeded",
        Code::NotFound => "NotFound",
        Code::AlreadyExists => "AlreadyExists",
        Code::PermissionDenied => "PermissionDenied",
        Code::ResourceExhausted => "ResourceExhausted",
        Code::FailedPrecondition => "FailedPrecondition",
        Code::Aborted => "Aborted",
        Code::OutOfRange => "OutOfRange",
        Code::Unimplemented => "Unimplemented",
        Code::Internal => "Internal",
        Code::Unavailable => "Unavailable",
        Code::DataLoss => "DataLoss",
        Code::Unauthenticated => "Unauthenticated",
    }
}
