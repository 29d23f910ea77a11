//! `InterceptorLayer` around what people have: servers with health checks and reflection beside a service, routers,
//! channels of all makes, gRPC-Web, compression. All services are ones that somebody else generated.

mod boxed;
mod bypass;
mod greeter;
mod health;
mod http;
mod interceptors;
mod places;
mod refused;
#[path = "../support/mod.rs"]
mod support;
mod web;
