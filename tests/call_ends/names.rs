//! The names that appear in logs and OpenTelemetry backends.

use tonic::Code;

use crate::case::Case;

pub(crate) fn method_name(case: &Case) -> &'static str {
    match (case.kind.is_client_streaming(), case.kind.is_server_streaming()) {
        (false, false) => "greeter.v1.Greeter/SayHello",
        (true, false) => "greeter.v1.Greeter/GreetEverybody",
        (false, true) => "greeter.v1.Greeter/GreetManyTimes",
        (true, true) => "greeter.v1.Greeter/Chat",
    }
}

pub(crate) fn code_name(code: Code) -> &'static str {
    match code {
        Code::Ok => "OK",
        Code::Cancelled => "CANCELLED",
        Code::Unknown => "UNKNOWN",
        Code::DeadlineExceeded => "DEADLINE_EXCEEDED",
        Code::Aborted => "ABORTED",
        Code::Internal => "INTERNAL",
        other => unreachable!("no case ends with {other:?}"),
    }
}
