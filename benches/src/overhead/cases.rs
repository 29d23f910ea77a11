//! What is measured: sections with a table each, beginning with bare tonic.

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

/// The number of messages in a stream.
const MESSAGES: u32 = 10_000;

pub struct Section {
    /// The argument that selects it.
    pub name: &'static str,
    pub title: &'static str,
    /// The number of messages in a call: 1, or those of a stream.
    pub messages: u32,
    pub added: Added,
    pub cases: fn() -> Vec<Case>,
}

/// The difference that a section reports.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Added {
    Nothing,
    /// What each interceptor adds; they are all alike.
    PerInterceptor,
    /// The difference from bare tonic.
    Whole,
}

pub const SECTIONS: [Section; 13] = [
    Section {
        name: "unary",
        title: "A unary call, interceptors that do nothing",
        messages: 1,
        added: Added::PerInterceptor,
        cases: unary::cases,
    },
    Section {
        name: "realistic",
        title: "A unary call: log, metrics, token, deadline and errors",
        messages: 1,
        added: Added::Nothing,
        cases: realistic::cases,
    },
    Section {
        name: "errors",
        title: "A successful unary call: the ready-made interceptors",
        messages: 1,
        added: Added::Nothing,
        cases: errors::cases,
    },
    Section {
        name: "access-log",
        title: "A unary call with a line in the log",
        messages: 1,
        added: Added::Whole,
        cases: observed::access_log,
    },
    Section {
        name: "access-event",
        title: "The same, with a subscriber that writes nothing",
        messages: 1,
        added: Added::Whole,
        cases: observed::access_event,
    },
    Section {
        name: "spans",
        title: "A unary call with a span of OpenTelemetry's SDK",
        messages: 1,
        added: Added::Whole,
        cases: observed::spans,
    },
    Section {
        name: "metrics",
        title: "A unary call with metrics",
        messages: 1,
        added: Added::Whole,
        cases: observed::metrics,
    },
    Section {
        name: "rpcz",
        title: "A unary call with the `Rpcz` page",
        messages: 1,
        added: Added::Whole,
        cases: observed::rpcz,
    },
    Section {
        name: "large",
        title: "A unary call with 1 MiB in each direction",
        messages: 1,
        added: Added::Nothing,
        cases: large::cases,
    },
    Section {
        name: "server-stream",
        title: "A server stream of 10,000 messages, per message",
        messages: MESSAGES,
        added: Added::Nothing,
        cases: streams::server_stream,
    },
    Section {
        name: "bidirectional",
        title: "A bidirectional stream of 10,000 messages in each direction, per pair",
        messages: MESSAGES,
        added: Added::Nothing,
        cases: streams::bidirectional,
    },
    Section {
        name: "client",
        title: "A client's unary call, with an in-process server",
        messages: 1,
        added: Added::PerInterceptor,
        cases: client::unary,
    },
    Section {
        name: "client-streams",
        title: "A client's bidirectional stream of 10,000 messages in each direction, per pair",
        messages: MESSAGES,
        added: Added::Nothing,
        cases: client::bidirectional,
    },
];
