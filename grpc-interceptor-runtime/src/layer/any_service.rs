use std::{
    convert::Infallible,
    future::{Pending, pending},
    task::{Context, Poll},
};

use tonic::{
    body::Body,
    codegen::{Service, http},
};

/// Stands for the service that a layer will be around, of which nothing is known yet: interceptors that don't fit it
/// are told where they are written.
#[derive(Clone, Debug)]
pub enum AnyService {}

impl Service<http::Request<Body>> for AnyService {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pending<Result<Self::Response, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        match *self {}
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        pending()
    }
}
