use http_body::Body as HttpBody;
use tonic::{
    body::Body,
    codegen::{Bytes, Service, StdError, http},
};

use super::original::ServiceError;

/// What a layer can be around: a service as tonic's servers and channels are. A name for these bounds.
#[diagnostic::on_unimplemented(
    message = "an `InterceptorLayer` can't be around `{Self}`",
    label = "not a service as tonic's are",
    note = "it is a tower `Service` of `http::Request<tonic::body::Body>`, gives an `http::Response`, and is `Clone`, \
            `Send` and `'static`"
)]
pub trait Inner:
    Service<
        http::Request<Body>,
        Response = http::Response<Self::ResponseBody>,
        Error: ServiceError,
        Future: Send,
    > + Clone
    + Send
    + 'static
{
    type ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static;
}

#[diagnostic::do_not_recommend]
impl<S, R> Inner for S
where
    S: Service<
            http::Request<Body>,
            Response = http::Response<R>,
            Error: ServiceError,
            Future: Send,
        > + Clone
        + Send
        + 'static,
    R: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    type ResponseBody = R;
}
