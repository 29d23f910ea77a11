use grpc_interceptor_runtime::Side;
use tonic::Code;
use tracing::Level;

/// How much a call's code matters, as go-grpc-middleware has it. What a client gets is for its own code to judge,
/// so there it is a level lower.
pub(super) fn level_of(side: Side, code: Code) -> Level {
    match side {
        Side::Server => of_server(code),
        Side::Client => of_client(code),
    }
}

fn of_server(code: Code) -> Level {
    match code {
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::Unauthenticated => Level::INFO,
        Code::DeadlineExceeded
        | Code::PermissionDenied
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange
        | Code::Unavailable => Level::WARN,
        Code::Unknown | Code::Unimplemented | Code::Internal | Code::DataLoss => Level::ERROR,
    }
}

fn of_client(code: Code) -> Level {
    match code {
        Code::Ok
        | Code::Cancelled
        | Code::InvalidArgument
        | Code::NotFound
        | Code::AlreadyExists
        | Code::ResourceExhausted
        | Code::FailedPrecondition
        | Code::Aborted
        | Code::OutOfRange => Level::DEBUG,
        Code::Unknown | Code::DeadlineExceeded | Code::PermissionDenied | Code::Unauthenticated => {
            Level::INFO
        }
        Code::Unimplemented | Code::Internal | Code::Unavailable | Code::DataLoss => Level::WARN,
    }
}
