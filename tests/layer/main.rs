//! `InterceptorLayer` in realistic places: servers with health checks and reflection next to a
//! service, routers, channels of all kinds, gRPC-Web, compression. Other crates generated all of
//! the services.

mod boxed;
mod bypass;
mod compressed;
mod copies;
mod detached;
mod greeter;
mod health;
mod http;
mod interceptors;
mod mixed;
mod places;
mod refused;
#[path = "../support/mod.rs"]
mod support;
mod trailers;
mod web;
