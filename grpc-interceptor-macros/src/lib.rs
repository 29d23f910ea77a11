//! The macros of [`grpc-interceptor`](https://docs.rs/grpc-interceptor), which re-exports and
//! documents them: depend on that package.

#![warn(missing_docs)]

mod arguments;
mod expand;
mod model;
mod names_test;
mod parse;
mod rpc_attribute;

use proc_macro::TokenStream;

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn intercepted(arguments: TokenStream, item: TokenStream) -> TokenStream {
    let result = syn::parse(arguments)
        .and_then(|arguments| parse::service(arguments, item.into()))
        .map(|service| expand::service(&service));
    result.unwrap_or_else(syn::Error::into_compile_error).into()
}
