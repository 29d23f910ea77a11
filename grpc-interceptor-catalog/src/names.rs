//! The names of sides and causes, as they appear in the logs.

use grpc_interceptor_runtime::{EndCause, Side};

pub(crate) const fn side_name(side: Side) -> &'static str {
    match side {
        Side::Server => "server",
        Side::Client => "client",
    }
}

pub(crate) const fn cause_name(cause: EndCause) -> &'static str {
    match cause {
        EndCause::Complete => "complete",
        EndCause::Failed => "failed",
        EndCause::Cancelled => "cancelled",
        EndCause::TimedOut => "timed_out",
        EndCause::Panicked => "panicked",
        _ => "unknown",
    }
}
