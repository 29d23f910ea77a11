//! `next.in_scope`: the rest of a call runs inside of a scope, wherever it is polled and wherever
//! it is dropped. Here a scope is a task-local and, as a `tracing` span would be, something that is
//! entered and left on the thread.

mod client;
mod ends;
mod interceptors;
mod probe;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod trailers;
