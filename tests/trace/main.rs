//! `Trace`: a trace goes from client to server and on, and its span is current wherever the call
//! runs. `call_ends` covers how the spans of all kinds of calls end, in all forms.

mod carried;
mod collector;
mod current;
mod global;
mod greeter;
mod options;
#[path = "../support/mod.rs"]
mod support;
mod tracing_spans;
