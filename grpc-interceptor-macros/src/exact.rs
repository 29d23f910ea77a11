//! How an impl asks the generated code for its exact names.
//!
//! `#[intercepted]` on a generated server adds constants to the type `dyn Greeter<ChatStream = …>`. An impl
//! reaches them through the trait, by any alias or re-export, and from any crate. If they aren't there, a trait
//! of ours has constants of the same names. The compiler prefers the inherent ones.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt as _;

use crate::model::{Rpc, Service, Stream};

/// The constant that has an RPC's name: `__NAME_OF_SAY_HELLO`.
pub(crate) fn constant(rpc: &Ident) -> Ident {
    format_ident!("__NAME_OF_{}", rpc.unraw().to_string().to_uppercase())
}

/// The constant that has the service's name.
pub(crate) fn service() -> Ident {
    format_ident!("__SERVICE_NAME")
}

/// The trait whose constants say that there are no exact names.
pub(crate) fn fallback(rpcs: &[Rpc]) -> TokenStream {
    let service = service();
    let constants = rpcs.iter().map(|rpc| {
        let (cfgs, constant) = (rpc.cfgs(), constant(rpc.ident()));
        quote! {
            #(#cfgs)*
            const #constant: __runtime::Option<&'static str> = __runtime::Option::None;
        }
    });
    quote! {
        trait __NoNames {
            const #service: __runtime::Option<&'static str> = __runtime::Option::None;
            #(#constants)*
        }
        impl<__T: ?::core::marker::Sized> __NoNames for __T {}
    }
}

/// The type that has the exact names, if there are any.
pub(crate) fn named(service: &Service, stream: impl Fn(&Stream) -> TokenStream) -> TokenStream {
    let service_trait = &service.service_trait;
    // The same stream may be declared several times, under `#[cfg]`.
    let is_first = |at: usize| {
        let ident = &service.streams[at].ident;
        service.streams[..at].iter().all(|other| other.ident != *ident)
    };
    let streams =
        service.streams.iter().enumerate().filter(|(at, _)| is_first(*at)).map(|(_, item)| {
            let (ident, ty) = (&item.ident, stream(item));
            quote!(#ident = #ty)
        });
    quote!(dyn #service_trait<#(#streams),*>)
}
