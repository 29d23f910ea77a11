//! `next.clone_request` copies a request in order to send it again. It copies single messages with
//! everything that belongs to them, but not streams. So one retry works for any RPC.

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
