//! The macros of [`grpc-interceptor`](https://docs.rs/grpc-interceptor), which re-exports and
//! documents them: depend on that package.

#![warn(missing_docs)]

mod arguments;
mod errors;
mod expand;
mod model;
mod names_test;
mod parse;
mod rpc_attribute;
mod service_name;

use proc_macro::TokenStream;

use crate::{errors::Errors, parse::NotAService};

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn intercepted(arguments: TokenStream, item: TokenStream) -> TokenStream {
    // What can be expanded in spite of an error is, so that this error stays the only one.
    let mut errors = Errors::default();
    let arguments = errors.ok(syn::parse(arguments)).unwrap_or_default();
    let expanded = match parse::service(arguments, item.clone().into(), &mut errors) {
        Ok(service) => expand::service(&service),
        Err(NotAService::Broken) => Default::default(),
        Err(NotAService::OtherItem) => item.into(),
    };
    [errors.into_compile_error(), expanded].into_iter().map(TokenStream::from).collect()
}
