//! `Trace`: a trace goes from client to server and on, and its span is current wherever the call runs. How each call ends
//! in a span, in all forms and kinds, is in `call_ends`.

mod carried;
mod collector;
mod current;
mod global;
mod greeter;
mod options;
#[path = "../support/mod.rs"]
mod support;
mod tracing_spans;
