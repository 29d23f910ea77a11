//! The macros of [`grpc-interceptor`](https://docs.rs/grpc-interceptor), which re-exports and
//! documents them: depend on that package.

#![warn(missing_docs)]

mod arguments;
mod client;
mod errors;
mod expand;
mod interceptor;
mod model;
mod names_test;
mod parse;
mod rpc_attribute;
mod service_name;

use proc_macro::TokenStream;

use crate::{arguments::Arguments, errors::Errors, parse::NotAService};

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn intercepted(arguments: TokenStream, item: TokenStream) -> TokenStream {
    // What can be expanded in spite of an error is, so that this error stays the only one.
    let mut errors = Errors::default();
    let arguments: Arguments = errors.ok(syn::parse(arguments)).unwrap_or_default();
    let item: proc_macro2::TokenStream = item.into();
    let expanded = match kind_of(&item) {
        Kind::Struct => errors.ok(client::at_struct(&arguments, item.clone())).unwrap_or(item),
        Kind::Module => errors.ok(client::in_module(&arguments, item.clone())).unwrap_or(item),
        Kind::Other => match parse::service(arguments, item.clone(), &mut errors) {
            Ok(service) => expand::service(&service),
            Err(NotAService::Broken) => Default::default(),
            Err(NotAService::OtherItem) => item,
        },
    };
    [errors.into_compile_error(), expanded].into_iter().map(TokenStream::from).collect()
}

enum Kind {
    Struct,
    Module,
    /// An impl, or something that it can't be put on.
    Other,
}

/// By the first word that says it.
fn kind_of(item: &proc_macro2::TokenStream) -> Kind {
    for token in item.clone() {
        if let proc_macro2::TokenTree::Ident(ident) = token {
            match ident.to_string().as_str() {
                "struct" => return Kind::Struct,
                "mod" => return Kind::Module,
                "impl" | "fn" | "trait" => return Kind::Other,
                _ => {}
            }
        }
    }
    Kind::Other
}

#[allow(missing_docs, reason = "documented where it is re-exported")]
#[proc_macro_attribute]
pub fn interceptor(arguments: TokenStream, item: TokenStream) -> TokenStream {
    interceptor::expand(arguments.into(), item.into())
        .unwrap_or_else(syn::Error::into_compile_error)
        .into()
}
