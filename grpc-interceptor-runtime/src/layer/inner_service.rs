use http_body::Body as HttpBody;
use tonic::{
    body::Body,
    codegen::{Bytes, Service, StdError, http},
};

use super::original::ServiceError;

/// A service that an [`InterceptorLayer`](crate::InterceptorLayer) can wrap, such as tonic's
/// servers and channels.
///
/// The trait names these bounds, for generic code. You never have to implement it.
#[diagnostic::on_unimplemented(
    message = "an `InterceptorLayer` can't be around `{Self}`",
    label = "not a service as tonic's are",
    note = "it is a tower `Service` of `http::Request<tonic::body::Body>`, gives an `http::Response`, and is `Clone`, \
            `Send` and `'static`",
    note = "if its error is a `Box<dyn Error>`, as with tower's `Buffer`, write `InterceptorLayer::new(…).boxed_errors()`"
)]
pub trait InnerService:
    Service<
        http::Request<Body>,
        Response = http::Response<Self::ResponseBody>,
        Error: ServiceError,
        Future: Send,
    > + Clone
    + Send
    + 'static
{
    /// The body of the service's responses.
    type ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static;
}

#[diagnostic::do_not_recommend]
impl<S, R> InnerService for S
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
