//! The example's access log has one line for each call, however it ends. The lines go to stdout, so
//! the calls are made in a child process.

#[path = "../../examples/greeter/access_log.rs"]
mod access_log;

use std::{
    env,
    process::{Command, Output},
};

use access_log::access_log;
use grpc_interceptor::{RpcKind, intercepted};
use grpc_interceptor_proto::greeter::greeter_server::{Greeter, GreeterServer};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming};

use crate::{
    case::{Case, Catch, End, Form, cases_of, run},
    plan::{Plan, be_silent},
    right::{Right, right},
    server::serve,
    support::{BoxStream, GeneratedServer, GreetManyTimesRequest, HelloReply, HelloRequest, reply},
};

/// The service of a case, with the access log outermost.
struct Logged(Plan);

serve!(
    Logged,
    #[intercepted(access_log, self.0.outermost(), self.0.observers(), self.0.inside())]
);

pub(crate) fn server(plan: &Plan) -> impl GeneratedServer + use<> {
    GreeterServer::new(Logged(plan.clone()))
}

fn cases() -> Vec<Case> {
    let ends = [
        End::Complete,
        End::HandlerFails,
        End::StreamFails,
        End::DroppedBeforeTheResponse,
        End::DroppedInTheStream,
        End::DroppedBehindTheLast,
        End::HandlerPanics(Catch::Inside),
        End::HandlerPanics(Catch::Nowhere),
        End::StreamPanics(Catch::Inside),
        End::StreamPanics(Catch::Nowhere),
        End::LateBeforeTheResponse,
        End::LateInTheStream,
    ];
    let mut cases = cases_of(ends, [Form::Example]);
    // They run in sequence, and these take a while.
    cases.retain(|case| !case.end.is_late() || !case.kind.is_client_streaming());
    cases
}

/// The child writes this before the lines of each case.
const CASE: &str = "case ";

#[tokio::test]
#[ignore = "the next one runs it, in a child process"]
async fn child_that_logs() {
    be_silent();
    for case in cases() {
        println!("\n{CASE}{case}");
        run(vec![case]).await;
    }
}

#[test]
fn the_access_log_has_one_line_for_each_call() {
    let cases = cases();
    assert_eq!(cases.len(), 33);
    let Output { status, stdout, stderr } = Command::new(env::current_exe().expect("it runs"))
        .args(["example::child_that_logs", "--exact", "--ignored", "--nocapture"])
        .output()
        .expect("this program can be started again");
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    assert!(status.success(), "{stdout}{stderr}");
    let differences: Vec<_> =
        cases.iter().filter_map(|case| difference(case, &lines(case, &stdout))).collect();
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The lines of the access log between the start of this case and the next.
fn lines<'a>(case: &Case, stdout: &'a str) -> Vec<&'a str> {
    let begin = format!("{CASE}{case}");
    let of_case = stdout.lines().skip_while(|line| *line != begin).skip(1);
    let of_case = of_case.take_while(|line| !line.starts_with(CASE));
    of_case.filter(|line| line.starts_with("  server  ")).collect()
}

fn difference(case: &Case, lines: &[&str]) -> Option<String> {
    let Right { code, cause, .. } = right(case);
    let (method, kind) = (method(case.kind), case.kind);
    let start =
        format!("  server  /greeter.v1.Greeter/{method} ({kind:?}): {code:?}, {cause:?} after ");
    let is_right = matches!(lines, [line] if line.starts_with(&start));
    (!is_right).then(|| format!("{case}: {lines:?}; right: one, {start:?}"))
}

fn method(kind: RpcKind) -> &'static str {
    match kind {
        RpcKind::Unary => "SayHello",
        RpcKind::ClientStreaming => "GreetEverybody",
        RpcKind::ServerStreaming => "GreetManyTimes",
        _ => "Chat",
    }
}
