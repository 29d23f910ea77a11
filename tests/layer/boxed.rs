//! Any service, boxed as a single type.

use tonic::{
    body::Body,
    codegen::{Bytes, StdError, http},
};
use tower::{Service, ServiceExt as _, util::BoxCloneSyncService};

pub type Boxed = BoxCloneSyncService<http::Request<Body>, http::Response<Body>, StdError>;

pub fn boxed<S, B>(service: S) -> Boxed
where
    S: Service<http::Request<Body>, Response = http::Response<B>, Error: Into<StdError>>
        + Clone
        + Send
        + Sync
        + 'static,
    S::Future: Send + 'static,
    B: http_body::Body<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    let service = service.map_response(|response: http::Response<B>| response.map(Body::new));
    BoxCloneSyncService::new(service.map_err(Into::into))
}
