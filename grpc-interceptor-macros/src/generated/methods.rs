//! The module with the RPCs' names, beside a generated client or server.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{LitStr, ext::IdentExt as _};

/// `pub mod methods { pub const SAY_HELLO: MethodName<'static> = …; }`
pub(super) fn methods<'a>(
    rpcs: impl Iterator<Item = (&'a Ident, &'a LitStr)>,
    runtime: &TokenStream,
) -> TokenStream {
    let constants = rpcs.map(|(rpc, path)| {
        let constant = format_ident!("{}", rpc.unraw().to_string().to_uppercase());
        let doc = format!("`{}`", path.value());
        quote! {
            #[doc = #doc]
            pub const #constant: #runtime::MethodName<'static> = #runtime::method_name_of(#path);
        }
    });
    quote! {
        /// The names of the RPCs, for code that decides by them.
        pub mod methods {
            #(#constants)*
        }
    }
}
