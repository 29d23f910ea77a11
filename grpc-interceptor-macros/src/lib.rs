//! The macros of [`grpc-interceptor`](https://docs.rs/grpc-interceptor), which re-exports and
//! documents them: depend on that package.

#![warn(missing_docs)]

mod arguments;
mod errors;
mod exact;
mod expand;
mod generated;
mod imports;
mod interceptor;
mod item;
mod model;
mod names;
mod names_test;
mod parse;
mod place;
mod returned;
mod rpc_attribute;
mod service_name;
#[cfg(test)]
mod snapshot;
mod tonic_version;

use proc_macro::TokenStream;
use proc_macro2::TokenStream as TokenStream2;

use crate::{arguments::Arguments, errors::Errors, item::Item};

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn intercepted(arguments: TokenStream, item: TokenStream) -> TokenStream {
    // An item with an error is expanded if it can be, so that the error stays the only one.
    let mut errors = Errors::default();
    let arguments: Arguments = errors.ok(syn::parse(arguments)).unwrap_or_default();
    let item: TokenStream2 = item.into();
    let of_our_tonic = errors.ok(tonic_version::check()).is_some();
    let expanded = match Item::of(&item) {
        Item::ServiceImpl if !of_our_tonic => tonic_version::without_interceptors(item),
        Item::Struct | Item::Module if !of_our_tonic => item,
        Item::ServiceImpl => parse::service(arguments, item, &mut errors)
            .map(|service| [expand::service(&service), names_test::expand(&service)])
            .map(TokenStream2::from_iter)
            .unwrap_or_default(),
        Item::Struct => errors.ok(generated::at_struct(&arguments, item.clone())).unwrap_or(item),
        Item::Module => errors.ok(generated::in_module(&arguments, item.clone())).unwrap_or(item),
        Item::Other(error) => {
            errors.push(error);
            item
        }
    };
    [errors.into_compile_error(), expanded].into_iter().map(TokenStream::from).collect()
}

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn interceptor(arguments: TokenStream, item: TokenStream) -> TokenStream {
    interceptor::expand(arguments.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
