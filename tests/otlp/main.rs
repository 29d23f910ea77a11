//! `Trace` over the wire: the SDK's exporter sends the spans of a client and two servers to an OTLP
//! receiver, a gRPC service generated from the published protos. The tests check what arrives
//! there.

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
