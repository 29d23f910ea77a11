//! What handlers answer with.

use grpc_interceptor::RpcKind;
use tonic::{Code, Status};

use super::{Case, replies};
use crate::{
    raw::Part,
    server::handler::{Answer, Item},
    settings::Settings,
    wire::{large, message, metadata},
};

pub fn all() -> Vec<Case> {
    let metadata = Answer { metadata: metadata(), items: replies(["one"]), ..Answer::default() };
    let mut cases = vec![Case::new("response metadata").answer(metadata)];
    cases.extend(messages());
    cases.extend(errors());
    cases.extend(ends_with_ok());
    cases.extend(limits_and_compression());
    cases
}

fn of_items(name: impl Into<String>, items: Vec<Item>) -> Case {
    Case::new(name).answer(Answer { items, ..Answer::default() })
}

fn messages() -> Vec<Case> {
    let waits = replies(["one", "two", "three"]).into_iter();
    let waits = waits.flat_map(|item| [Item::Wait, item, Item::Wait]).collect();
    vec![
        of_items("no reply", vec![]),
        of_items("one reply", replies(["one"])),
        of_items("an empty reply", replies([""])),
        of_items("three replies", replies(["one", "two", "three"])),
        of_items("three, each after a while", waits),
        of_items("a large reply", replies([&large()])),
        of_items("large ones between", replies(["one", &large(), "two", &large(), "three"])),
        of_items("many replies", replies(["again"; 2000])),
    ]
}

/// A status with all its parts.
fn full(code: Code, message: &str) -> Status {
    Status::with_details_and_metadata(code, message, b"\0details\xff"[..].into(), metadata())
}

/// With each status: a refusal, and a stream that fails first, in the middle or later.
fn errors() -> Vec<Case> {
    let mut statuses: Vec<Status> =
        (1..=16).map(|code| Status::new(Code::from_i32(code), "plain")).collect();
    statuses.push(Status::aborted(""));
    statuses.push(Status::aborted("50% größer\r\n"));
    statuses.push(full(Code::Aborted, "full"));
    let mut cases = Vec::new();
    for status in statuses {
        let name = format!("{:?} {:?}", status.code(), status.message());
        let fail = || vec![Item::Fail(status.clone())];
        let refusal = Answer { refusal: Some(status.clone()), ..Answer::default() };
        cases.push(Case::new(format!("refused, {name}")).answer(refusal));
        cases.push(of_items(format!("fails first, {name}"), fail()));
        let items = [replies(["one"]), fail(), replies(["behind"])].concat();
        cases.push(of_items(format!("fails between, {name}"), items));
        let items = [replies(["one"]), vec![Item::Wait], fail()].concat();
        cases.push(of_items(format!("fails after a while, {name}"), items));
    }
    cases
}

/// This is how services send trailers with a stream that completes successfully.
fn ends_with_ok() -> Vec<Case> {
    let statuses = [
        ("plain", Status::ok("")),
        ("metadata", Status::with_metadata(Code::Ok, "", metadata())),
        ("a message", Status::ok("all is well")),
        ("all", full(Code::Ok, "all is well")),
    ];
    let mut cases = Vec::new();
    for (name, status) in statuses {
        let end = || vec![Item::Fail(status.clone())];
        let one = || replies(["one"]);
        let first = [
            (format!("OK with {name} first"), end()),
            (format!("OK with {name} first, after a while"), [vec![Item::Wait], end()].concat()),
        ];
        // With a single reply there is no stream to end: a handler that returns OK as an error has
        // failed.
        cases.extend(first.map(|(name, items)| Case {
            is_for: |kind| kind.is_server_streaming(),
            ..of_items(name, items)
        }));
        let items = [one(), end()].concat();
        cases.push(of_items(format!("OK with {name} behind a reply"), items));
        let items = [one(), vec![Item::Wait], end(), replies(["behind"])].concat();
        cases.push(of_items(format!("OK with {name} after a while"), items));
        let requests = ["one", "two"].map(|text| Part::Data(message(text)));
        let echo = of_items(format!("OK with {name} behind an echo"), end());
        cases.push(Case {
            is_for: |kind| kind == RpcKind::Bidirectional,
            ..echo.request(requests.into())
        });
    }
    cases
}

fn limits_and_compression() -> Vec<Case> {
    let items = || replies(["short", "not so short", "short"]);
    let limited = Settings { encoding_limit: Some(8), ..Settings::default() };
    let gzip = Settings { gzip: true, ..Settings::default() };
    let mut cases = vec![of_items("a limit", items()).settings(limited)];
    for accepted in ["gzip", "deflate, gzip", "identity", "br", ""] {
        for is_never_compressed in [false, true] {
            let answer = Answer { items: items(), is_never_compressed, ..Answer::default() };
            let name = format!("accepted {accepted:?}, never compressed: {is_never_compressed}");
            let case = Case::new(name).answer(answer).settings(gzip);
            cases.push(case.header("grpc-accept-encoding", accepted.as_bytes()));
        }
    }
    cases
}
