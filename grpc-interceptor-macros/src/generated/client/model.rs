use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, LitStr, Type};

use crate::generated::kind::Kind;

/// A client that tonic generated.
pub(crate) struct Client {
    /// `GreeterClient`
    pub(crate) ident: Ident,
    pub(crate) methods: Vec<Method>,
}

impl Client {
    /// `Greeter`
    pub(crate) fn service(&self) -> String {
        let name = self.ident.to_string();
        name.strip_suffix("Client").unwrap_or(&name).to_owned()
    }
}

/// One RPC of it.
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
