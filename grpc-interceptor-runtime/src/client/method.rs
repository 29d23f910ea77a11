use tonic::{Status, client::Grpc, codec::Codec, codegen::StdError};

use super::Transport;
use crate::MethodName;

/// One RPC of a generated client. The macro makes a type for each, named like its method.
pub trait Method: 'static {
    const NAME: MethodName<'static>;

    /// The service and the method, taken apart at compile time.
    const PARTS: (&'static str, &'static str) = Self::NAME.split();

    type Request: Send + Sync + 'static;
    type Response: Send + Sync + 'static;

    /// A copy of the message, if the macro saw that there can be one.
    fn clone_message(_: &Self::Request) -> Option<Self::Request> {
        None
    }

    /// The codec that the generated client uses.
    fn codec() -> impl Codec<Encode = Self::Request, Decode = Self::Response> + Send;
}

/// The name that a generated client sends its request to, and a generated server knows. What isn't
/// one is a compile error.
pub const fn method_name_of(path: &'static str) -> MethodName<'static> {
    match MethodName::parse(path) {
        Ok(name) => name,
        Err(_) => panic!("generated code has \"/pkg.Service/Method\""),
    }
}

/// Waits until the transport takes a call, as the generated client does.
pub(super) async fn ready<T: Transport>(grpc: &mut Grpc<T>) -> Result<(), Status> {
    grpc.ready().await.map_err(|error| {
        let error: StdError = error.into();
        Status::unknown(format!("Service was not ready: {error}"))
    })
}

pub use tonic::client::Grpc as GrpcClient;
