use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, LitStr, Signature, Type};

use crate::generated::kind::Kind;

/// A client that tonic generated.
pub(crate) struct Client {
    /// `GreeterClient`
    pub(crate) ident: Ident,
    /// `None` if tonic generated the client without a transport.
    pub(crate) connect: Option<Connect>,
    pub(crate) methods: Vec<Method>,
}

/// `connect`, which makes a client over a channel.
pub(crate) struct Connect {
    /// tonic's `#[cfg]`s, if there are any.
    pub(crate) attributes: Vec<Attribute>,
    /// `GreeterClient<tonic::transport::Channel>`
    pub(crate) client: Type,
    /// `async fn connect<D>(dst: D) -> Result<Self, tonic::transport::Error> where …`
    pub(crate) signature: Signature,
}

impl Client {
    /// `Greeter`
    pub(crate) fn service(&self) -> String {
        let name = self.ident.to_string();
        name.strip_suffix("Client").unwrap_or(&name).to_owned()
    }
}

/// One of its RPCs.
pub(crate) struct Method {
    /// Documentation, and `#[deprecated]`.
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) kind: Kind,
    /// `impl tonic::IntoRequest<HelloRequest>`
    pub(crate) argument: Type,
    /// `Result<tonic::Response<HelloReply>, tonic::Status>`
    pub(crate) returned: Type,
    pub(crate) request: Type,
    pub(crate) response: Type,
    /// `"/pkg.Greeter/SayHello"`
    pub(crate) path: LitStr,
    /// `tonic_prost::ProstCodec::default()`
    pub(crate) codec: TokenStream,
}
