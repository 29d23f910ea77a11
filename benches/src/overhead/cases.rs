//! What is measured: sections, each a table, each beginning with bare tonic.

pub mod at_once;
mod client;
mod errors;
pub mod futures;
mod http_call;
mod large;
pub mod loopback;
mod observed;
mod realistic;
mod streams;
mod unary;
pub mod work;

use crate::measure::Case;

/// The messages of a stream.
const MESSAGES: u32 = 10_000;

pub struct Section {
    /// The argument that chooses it.
    pub name: &'static str,
    pub title: &'static str,
    /// The messages of a call: 1, or those of a stream.
    pub messages: u32,
    /// Whether its interceptors are all alike.
    pub per_interceptor: bool,
    pub cases: fn() -> Vec<Case>,
}

pub const SECTIONS: [Section; 9] = [
    Section {
        name: "unary",
        title: "A unary call, interceptors that do nothing",
        messages: 1,
        per_interceptor: true,
        cases: unary::cases,
    },
    Section {
        name: "realistic",
        title: "A unary call: log, metrics, token, deadline and errors",
        messages: 1,
        per_interceptor: false,
        cases: realistic::cases,
    },
    Section {
        name: "errors",
        title: "A unary call that succeeds: the ready interceptors",
        messages: 1,
        per_interceptor: false,
        cases: errors::cases,
    },
    Section {
        name: "observed",
        title: "A unary call that is seen: the ready interceptors",
        messages: 1,
        per_interceptor: false,
        cases: observed::cases,
    },
    Section {
        name: "large",
        title: "A unary call with 1 MiB each way",
        messages: 1,
        per_interceptor: false,
        cases: large::cases,
    },
    Section {
        name: "server-stream",
        title: "A server stream of 10,000 messages, per message",
        messages: MESSAGES,
        per_interceptor: false,
        cases: streams::server_stream,
    },
    Section {
        name: "bidirectional",
        title: "A bidirectional stream of 10,000 messages each way, per pair",
        messages: MESSAGES,
        per_interceptor: false,
        cases: streams::bidirectional,
    },
    Section {
        name: "client",
        title: "A client's unary call, with an in-process server",
        messages: 1,
        per_interceptor: true,
        cases: client::unary,
    },
    Section {
        name: "client-streams",
        title: "A client's bidirectional stream of 10,000 messages each way, per pair",
        messages: MESSAGES,
        per_interceptor: false,
        cases: client::bidirectional,
    },
];
