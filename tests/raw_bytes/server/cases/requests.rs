//! The requests, well-formed and malformed.

use tonic::codegen::http::Method;

use super::Case;
use crate::{
    raw::Part,
    server::Path,
    settings::Settings,
    wire::{self, GZIPPED, TIMEOUTS, bad_bodies, good_bodies, message, trailers},
};

/// Messages, malformed messages, trailers and errors.
pub fn bodies() -> Vec<Case> {
    let mut cases = Vec::new();
    let trailers =
        trailers(&[("sum", "1"), ("sum", "2"), ("sum-bin", "/wA"), ("grpc-status", "5")]);
    for (name, parts) in good_bodies().into_iter().chain(bad_bodies()) {
        let with_trailers = [&parts[..], &[Part::Wait, trailers.clone()]].concat();
        let mut case = Case::new(format!("{name}, trailers")).request(with_trailers);
        case.is_grpc = false;
        cases.push(case);
        cases.push(Case::new(name).request(parts));
    }
    let limited = Settings { decoding_limit: Some(8), ..Settings::default() };
    let parts = vec![Part::Data(message("short")), Part::Data(message("not so short"))];
    cases.push(Case::new("a limit").request(parts).settings(limited));
    cases
}

/// What comes before the messages.
pub fn heads() -> Vec<Case> {
    let mut cases = Vec::new();
    for timeout in TIMEOUTS {
        let name = format!("the timeout {timeout:?}");
        cases.push(Case::new(name).header("grpc-timeout", timeout.as_bytes()));
    }
    let paths: [(_, Path); 5] = [
        ("no path", |_| "/".to_owned()),
        ("no service", |_| "/Chat".to_owned()),
        ("an unknown method", |path| format!("{path}All")),
        ("another service", |path| path.replace("Greeter", "Other")),
        ("a query", |path| format!("{path}?query")),
    ];
    for (name, path) in paths {
        let mut case = Case::new(name);
        case.request.path = path;
        cases.push(case);
    }
    for content_type in ["text/plain", "application/grpc+proto", "application/grpc-web", ""] {
        let mut case = Case::new(format!("the content type {content_type:?}"));
        case.request.headers.clear();
        case.is_grpc = content_type.starts_with("application/grpc");
        cases.push(case.header("content-type", content_type.as_bytes()));
    }
    let mut case = Case::new("no content type");
    case.request.headers.clear();
    case.is_grpc = false;
    cases.push(case);
    let mut case = Case::new("GET");
    case.request.method = Method::GET;
    cases.push(case);
    let metadata = Case::new("metadata")
        .header("word", b"one")
        .header("word", b"two")
        .header("word-bin", b"AQID")
        .header("unreadable-bin", b"!?")
        .header("not-ascii", b"\xff\xfe")
        .header("te", b"trailers")
        .header("grpc-status", b"5")
        .header("grpc-message", b"why");
    cases.push(metadata);
    cases
}

/// Messages that are compressed, or claim to be.
pub fn compressed() -> Vec<Case> {
    let gzip = Settings { gzip: true, ..Settings::default() };
    let mut cases = Vec::new();
    for encoding in ["gzip", "identity", "deflate", "br", ""] {
        for settings in [gzip, Settings::default()] {
            let name = format!("the encoding {encoding:?}, taken: {}", settings.gzip);
            let parts = vec![Part::Data(message("plain")), Part::Data(GZIPPED.into())];
            let case = Case::new(name).request(parts).settings(settings);
            cases.push(case.header("grpc-encoding", encoding.as_bytes()));
        }
    }
    for (name, data) in wire::malformed() {
        let case = Case::new(format!("{name} in gzip")).request(vec![Part::Data(data)]);
        cases.push(case.settings(gzip).header("grpc-encoding", b"gzip"));
    }
    let limited = Settings { decoding_limit: Some(3), ..gzip };
    let parts = vec![Part::Data(GZIPPED.into())];
    let case = Case::new("a zip over the limit").request(parts).settings(limited);
    cases.push(case.header("grpc-encoding", b"gzip"));
    cases
}
