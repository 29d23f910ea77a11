use proc_macro2::Ident;
use syn::{Attribute, LitStr, TraitItemType, Type};

use crate::{generated::kind::Kind, model::Receiver};

/// A server that tonic generated.
pub(crate) struct Server {
    /// `GreeterServer`
    pub(crate) ident: Ident,
    /// `Greeter`
    pub(crate) service_trait: Ident,
    pub(crate) receiver: Receiver,
    /// `ChatStream`, with its bounds.
    pub(crate) streams: Vec<TraitItemType>,
    pub(crate) methods: Vec<Method>,
}

/// One method of the service's trait.
pub(crate) struct Method {
    /// `#[deprecated]`
    pub(crate) attributes: Vec<Attribute>,
    pub(crate) ident: Ident,
    pub(crate) kind: Kind,
    /// `tonic::Request<super::HelloRequest>`
    pub(crate) argument: Type,
    /// `super::HelloReply`, `Self::ChatStream` or `BoxStream<super::HelloReply>`
    pub(crate) sent: Type,
    /// `"/pkg.Greeter/SayHello"`
    pub(crate) path: LitStr,
}
