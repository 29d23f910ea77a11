use std::{
    convert::Infallible,
    future::{Ready, ready},
    marker::PhantomData,
    task::{Context, Poll},
};

use tonic::{
    Status,
    body::Body,
    codegen::{Service, http},
    server::NamedService,
};

/// A placeholder for a generated server that isn't in scope. It has no name and no RPCs.
pub struct NoServer<T>(PhantomData<T>);

impl<T> NoServer<T> {
    pub fn new(_: T) -> Self {
        NoServer(PhantomData)
    }
}

impl<T> NamedService for NoServer<T> {
    const NAME: &'static str = "";
}

impl<T> Service<http::Request<Body>> for NoServer<T> {
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<http::Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, _: http::Request<Body>) -> Self::Future {
        ready(Ok(Status::unimplemented("").into_http()))
    }
}
