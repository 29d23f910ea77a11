//! Trailing metadata on success: a handler sends it, interceptors on both sides see and change it,
//! and the caller receives it.

mod client;
mod ends;
mod greeter;
mod interceptors;
mod not_a_stream;
mod server;
#[path = "../support/mod.rs"]
mod support;
