//! `Trace` over the wire: the SDK's exporter sends the spans of a client and two servers to an OTLP receiver, which is a
//! gRPC service made from the published protos. The tests look at what arrives there.

mod dropped;
mod failed;
mod greeters;
mod receiver;
mod retried;
mod services;
mod spans;
#[path = "../support/mod.rs"]
mod support;
mod whole;
