//! `next.clone_request` makes a copy of a request, to send it again: of one message with all that goes
//! with it, and not of a stream. So one retry serves any RPC.

mod alone;
mod client;
mod copies;
mod greeter;
mod interceptors;
mod layer;
mod lines;
mod not_clone;
mod server;
#[path = "../support/mod.rs"]
mod support;
