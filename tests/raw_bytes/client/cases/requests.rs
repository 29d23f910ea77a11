//! What the caller sends.

use tonic::metadata::{MetadataMap, MetadataValue};

use super::{Case, Outgoing};
use crate::{
    settings::Settings,
    wire::{TIMEOUTS, large, metadata},
};

fn of_names(name: impl Into<String>, names: &[&str]) -> Case {
    let names = names.iter().map(|name| Some((*name).to_owned())).collect();
    let mut case = Case::new(name);
    case.request.names = names;
    case
}

fn of_metadata(name: impl Into<String>, metadata: MetadataMap) -> Case {
    let names = vec![Some("Ada".to_owned())];
    let mut case = Case::new(name);
    case.request = Outgoing { metadata, names };
    case
}

pub fn all() -> Vec<Case> {
    let mut cases = messages();
    cases.push(of_metadata("request metadata", metadata()));
    // With no time left, nothing is sent.
    for timeout in TIMEOUTS.into_iter().filter(|timeout| *timeout != "0n") {
        let mut metadata = MetadataMap::new();
        metadata.insert("grpc-timeout", MetadataValue::from_static(timeout));
        cases.push(of_metadata(format!("the timeout {timeout:?}"), metadata));
    }
    let early: Vec<_> = messages()
        .into_iter()
        .map(|mut case| {
            case.name.push_str(", not read");
            case.response.is_early = true;
            case
        })
        .collect();
    cases.extend(early);
    cases
}

fn messages() -> Vec<Case> {
    let limited = Settings { encoding_limit: Some(8), ..Settings::default() };
    let gzip = Settings { gzip: true, ..Settings::default() };
    let three = &["one", "two", "three"];
    let mut waits = Case::new("three requests, each after a while");
    waits.request.names =
        three.iter().flat_map(|name| [None, Some((*name).to_owned()), None]).collect();
    vec![
        of_names("no request", &[]),
        of_names("one request", &["one"]),
        of_names("an empty request", &[""]),
        of_names("three requests", three),
        waits,
        of_names("a large request", &[&large()]),
        of_names("large ones between", &["one", &large(), "two", &large(), "three"]),
        of_names("many requests", &["again"; 2000]),
        of_names("a request over the limit", &["not so short"]).settings(limited),
        of_names("one of them over the limit", &["a", "not so short", "b"]).settings(limited),
        of_names("compressed requests", three).settings(gzip),
    ]
}
