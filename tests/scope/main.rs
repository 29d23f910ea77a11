//! `next.in_scope`: the rest of a call runs inside a scope, wherever it is polled or dropped. Here
//! a scope consists of a task-local and something that is entered and left on the thread, as a
//! `tracing` span would be.

mod client;
mod ends;
mod interceptors;
mod probe;
mod server;
#[path = "../support/mod.rs"]
mod support;
mod trailers;
