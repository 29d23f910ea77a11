//! The RPCs' names, beside a generated client or server.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{LitStr, ext::IdentExt as _};

use super::kind::Kind;

/// One RPC.
pub(super) struct Named<'a> {
    pub(super) ident: &'a Ident,
    pub(super) path: &'a LitStr,
    pub(super) kind: Kind,
}

/// `pub mod methods { pub const SAY_HELLO: MethodName<'static> = …; }`, and `METHODS`, a list of all of them with
/// their kinds.
pub(super) fn methods<'a>(
    rpcs: impl Iterator<Item = Named<'a>>,
    runtime: &TokenStream,
) -> TokenStream {
    let (mut constants, mut entries) = (Vec::new(), Vec::new());
    for Named { ident, path, kind } in rpcs {
        let constant = format_ident!("{}", ident.unraw().to_string().to_uppercase());
        let doc = format!("`{}`", path.value());
        constants.push(quote! {
            #[doc = #doc]
            pub const #constant: #runtime::MethodName<'static> = #runtime::method_name_of(#path);
        });
        let kind = match kind {
            Kind::Unary => quote!(Unary),
            Kind::ClientStreaming => quote!(ClientStreaming),
            Kind::ServerStreaming => quote!(ServerStreaming),
            Kind::Bidirectional => quote!(Bidirectional),
        };
        entries.push(quote!((methods::#constant, #runtime::RpcKind::#kind)));
    }
    quote! {
        /// The names of the RPCs, for code that decides by them.
        pub mod methods {
            #(#constants)*
        }

        /// All RPCs, by their names and kinds: what `InterceptorLayer::methods` takes.
        pub const METHODS: &[(#runtime::MethodName<'static>, #runtime::RpcKind)] = &[#(#entries),*];
    }
}
