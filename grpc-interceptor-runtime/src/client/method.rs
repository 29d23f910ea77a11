use tonic::{Status, client::Grpc, codec::Codec, codegen::StdError};

use super::Transport;
use crate::MethodName;

/// An RPC of a generated client. The macro defines a type for each, named after its method.
pub trait Method: 'static {
    const NAME: MethodName<'static>;

    /// The service and the method, split at compile time.
    const PARTS: (&'static str, &'static str) = Self::NAME.split();

    type Request: Send + Sync + 'static;
    type Response: Send + Sync + 'static;

    /// Returns a copy of the message, if the macro found that it can be cloned.
    fn clone_message(_: &Self::Request) -> Option<Self::Request> {
        None
    }

    /// Returns the codec that the generated client uses.
    fn codec() -> impl Codec<Encode = Self::Request, Decode = Self::Response> + Send;
}

/// Parses the name that a generated client sends, and that a generated server knows. An invalid
/// name is a compile error.
pub const fn method_name_of(path: &'static str) -> MethodName<'static> {
    match MethodName::parse(path) {
        Ok(name) => name,
        Err(_) => panic!("generated code has \"/pkg.Service/Method\""),
    }
}

/// Waits until the transport accepts a call, as the generated client does.
pub(super) async fn ready<T: Transport>(grpc: &mut Grpc<T>) -> Result<(), Status> {
    grpc.ready().await.map_err(|error| {
        let error: StdError = error.into();
        Status::unknown(format!("Service was not ready: {error}"))
    })
}

pub use tonic::client::Grpc as GrpcClient;
