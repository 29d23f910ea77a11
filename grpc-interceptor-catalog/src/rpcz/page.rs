//! The page: what a request asks for and how it is rendered.

mod escape;
mod headers;
mod html;
mod plot;
mod query;
mod server;
mod service;
mod sort;
mod text;
mod units;

use axum::Router;

pub use server::RpczServer;
pub use service::RpczService;

pub(super) fn router(service: RpczService, path: &str) -> Router {
    match path {
        // Axum can't nest a service at the root.
        "/" => Router::new().fallback_service(service),
        path => Router::new().nest_service(path, service),
    }
}
