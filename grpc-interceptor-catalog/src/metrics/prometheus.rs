//! The names that go-grpc-middleware's dashboards for Prometheus know, through the [`metrics`] facade.

mod names;
mod of_method;

pub(super) use names::describe;
pub(super) use of_method::OfMethod;
