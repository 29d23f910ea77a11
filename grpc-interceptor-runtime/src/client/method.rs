use tonic::{
    Status,
    body::Body,
    client::{Grpc, GrpcService},
    codec::Codec,
    codegen::{Body as HttpBody, Bytes, StdError},
};

use crate::MethodName;

/// One RPC of a generated client. The macro makes a type for each, named like its method.
pub trait Method: 'static {
    const NAME: MethodName<'static>;

    type Request: Send + Sync + 'static;
    type Response: Send + Sync + 'static;

    /// The codec that the generated client uses.
    fn codec() -> impl Codec<Encode = Self::Request, Decode = Self::Response> + Send;
}

/// The name that a generated client sends its request to. What isn't one is a compile error.
pub const fn method_name_of(path: &'static str) -> MethodName<'static> {
    match MethodName::parse(path) {
        Ok(name) => name,
        Err(_) => panic!("a generated client has \"/pkg.Service/Method\""),
    }
}

/// What carries a client's calls: a channel, or any other service that tonic takes, as long as it
/// can be cloned for a call, and sent.
pub trait Transport:
    GrpcService<
        Body,
        Future: Send,
        Error: Into<StdError> + Send,
        ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
    > + Clone
    + Send
{
}

impl<T> Transport for T where
    T: GrpcService<
            Body,
            Future: Send,
            Error: Into<StdError> + Send,
            ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
        > + Clone
        + Send
{
}

/// Waits until the transport takes a call, as the generated client does.
pub(super) async fn ready<T: Transport>(grpc: &mut Grpc<T>) -> Result<(), Status> {
    grpc.ready().await.map_err(|error| {
        let error: StdError = error.into();
        Status::unknown(format!("Service was not ready: {error}"))
    })
}

pub use tonic::client::Grpc as GrpcClient;
