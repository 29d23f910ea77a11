//! The responses, well-formed and malformed.

use super::{Case, OK};
use crate::{
    raw::Part,
    settings::Settings,
    wire::{self, GZIPPED, bad_bodies, failures, good_bodies, message},
};

type Headers = &'static [(&'static str, &'static str)];

/// As sent by a server that isn't at fault.
const ABORTED: Headers = &[
    ("grpc-status", "10"),
    ("grpc-message", "50%25 gr%C3%B6%C3%9Fer"),
    ("grpc-status-details-bin", "AGRldGFpbHM="),
    ("word", "one"),
    ("word", "two"),
    ("word-bin", "/wA"),
];

fn data(text: &str) -> Part {
    Part::Data(message(text))
}

/// Messages, malformed messages and errors, with each end that a response can have.
pub fn bodies() -> Vec<Case> {
    let ends = [
        ("no trailers", vec![]),
        ("OK", vec![Part::Wait, wire::trailers(OK)]),
        ("an error", vec![wire::trailers(ABORTED)]),
    ];
    let mut cases = Vec::new();
    for (bodies, are_good) in [(good_bodies(), true), (bad_bodies(), false)] {
        for (name, parts) in bodies {
            for (end, trailers) in &ends {
                let parts = [&parts[..], trailers].concat();
                let mut case = Case::new(format!("{name}, {end}")).response(parts);
                // After a malformed message, tonic keeps parsing and finds the trailers, while our
                // stream has ended.
                case.any_reading = are_good || trailers.is_empty();
                cases.push(case);
            }
        }
    }
    let limited = Settings { decoding_limit: Some(8), ..Settings::default() };
    let parts = vec![data("short"), data("not so short"), wire::trailers(OK)];
    cases.push(Case::new("a limit").response(parts).settings(limited));
    cases
}

/// The headers that can stand for a status.
const STATUSES: &[(&str, Headers)] = &[
    ("none", &[("word", "one")]),
    ("OK", OK),
    ("OK and more", &[("grpc-status", "0"), ("word", "one"), ("word", "two"), ("word-bin", "/wA")]),
    ("OK and a message", &[("grpc-status", "0"), ("grpc-message", "fine"), ("word", "one")]),
    ("an error", ABORTED),
    ("an unknown code", &[("grpc-status", "99"), ("grpc-message", "why")]),
    ("a code that is no number", &[("grpc-status", "abc"), ("word", "one")]),
    ("an empty code", &[("grpc-status", "")]),
    ("a code with a zero", &[("grpc-status", "05")]),
    ("two codes", &[("grpc-status", "5"), ("grpc-status", "0")]),
    ("an unreadable message", &[("grpc-status", "5"), ("grpc-message", "%FF%ZZ")]),
    ("an unreadable message of OK", &[("grpc-status", "0"), ("grpc-message", "%FF")]),
];

/// Each status after messages, with several HTTP statuses.
pub fn trailers() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, headers) in STATUSES {
        for status in [200, 404, 503] {
            for (messages, parts) in [("none", vec![]), ("two", vec![data("one"), data("two")])] {
                let parts = [parts, vec![wire::trailers(headers)]].concat();
                let name = format!("the status {name} behind {messages}, HTTP {status}");
                cases.push(Case::new(name).status(status).response(parts));
            }
        }
    }
    cases
}

/// tonic panics on these.
pub fn unreadable_details() -> [Case; 2] {
    let headers = &[("grpc-status", "5"), ("grpc-status-details-bin", "!")];
    let mut behind = Case::new("unreadable details");
    behind.response.parts = vec![data("one"), wire::trailers(headers)];
    [behind, Case::new("unreadable details in the headers").headers(headers)]
}

/// Each status in the headers, with several HTTP statuses; and no response at all.
pub fn without_a_body() -> Vec<Case> {
    let mut cases = Vec::new();
    for (name, headers) in STATUSES {
        for status in [200, 404, 503] {
            let name = format!("the status {name} in the headers, HTTP {status}");
            let case = || Case::new(name.clone()).status(status).headers(headers);
            cases.push(case().response(vec![]));
            let mut with_a_body = case().response(vec![data("one"), wire::trailers(ABORTED)]);
            with_a_body.name.push_str(", and a body");
            // No server sends it: a body that isn't expected isn't read.
            with_a_body.any_reading = false;
            cases.push(with_a_body);
        }
    }
    for status in [204, 302, 400, 401, 403, 429, 500, 502, 504] {
        let case = Case::new(format!("HTTP {status}")).status(status);
        cases.push(case.response(vec![Part::Data("not gRPC".into())]));
    }
    for content_type in ["text/html", "application/grpc+json", ""] {
        let mut case = Case::new(format!("the content type {content_type:?}"));
        case.response.headers.clear();
        cases.push(case.headers(&[("content-type", content_type)]));
    }
    for (name, failure) in failures() {
        let mut case = Case::new(format!("no response, {name}"));
        case.response.failure = Some(failure);
        cases.push(case);
    }
    let mut never_ready = Case::new("never ready");
    never_ready.response.is_never_ready = true;
    cases.push(never_ready);
    cases
}

/// Messages that are compressed, or claim to be.
pub fn compressed() -> Vec<Case> {
    let gzip = Settings { gzip: true, ..Settings::default() };
    let mut cases = Vec::new();
    for encoding in ["gzip", "identity", "deflate", "br", ""] {
        for settings in [gzip, Settings::default()] {
            let name = format!("the encoding {encoding:?}, taken: {}", settings.gzip);
            let parts = vec![data("plain"), Part::Data(GZIPPED.into()), wire::trailers(OK)];
            let mut case = Case::new(name).response(parts).settings(settings);
            case.any_reading = encoding != "identity";
            cases.push(case.headers(&[("grpc-encoding", encoding)]));
        }
    }
    for (name, data) in wire::malformed() {
        let parts = vec![Part::Data(data), wire::trailers(OK)];
        let mut case = Case::new(format!("{name} in gzip")).response(parts).settings(gzip);
        case.any_reading = false;
        cases.push(case.headers(&[("grpc-encoding", "gzip")]));
    }
    cases
}
