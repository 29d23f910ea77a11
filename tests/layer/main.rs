//! `InterceptorLayer` around what people have: servers with health checks and reflection beside a service, routers,
//! channels of all makes, gRPC-Web, compression. All services are ones that somebody else generated.

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
