//! `#[intercepted]` on generated code: on a client's or a server's module, or on its struct.

mod body;
mod client;
mod find;
mod kind;
mod methods;
mod server;

use proc_macro2::{Group, TokenStream, TokenTree};
use quote::quote;
use syn::Result;

use crate::arguments::Arguments;
use find::Generated;

/// The module, with the addition at its end.
pub(crate) fn in_module(arguments: &Arguments, item: TokenStream) -> Result<TokenStream> {
    let added = added(&find::in_module(item.clone())?, arguments)?;
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    // Into the braces.
    if let Some(TokenTree::Group(body)) = tokens.last_mut() {
        let span = body.span();
        let stream = body.stream().into_iter().chain(added).collect();
        *body = Group::new(body.delimiter(), stream);
        body.set_span(span);
    }
    Ok(tokens.into_iter().collect())
}

/// The struct, with the addition after it.
pub(crate) fn at_struct(arguments: &Arguments, item: TokenStream) -> Result<TokenStream> {
    let added = added(&find::around_struct(item.clone())?, arguments)?;
    Ok(item.into_iter().chain(added).collect())
}

/// What is added to the generated code.
fn added(generated: &Generated, arguments: &Arguments) -> Result<TokenStream> {
    arguments.refuse_those_of_an_impl()?;
    let crate_path = arguments.crate_path();
    let runtime = quote!(#crate_path::__private);
    Ok(match generated {
        Generated::Client(ident, items) => {
            client::expand::client(&client::parse::client(ident, items)?, &runtime)
        }
        Generated::Server(ident, items) => {
            server::expand::server(&server::parse::server(ident, items)?, &runtime)
        }
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use quote::ToTokens as _;

    use super::{added, find};
    use crate::{arguments::Arguments, snapshot};

    /// What is added to the client and the server of the dummy service.
    #[test]
    fn what_is_added_is_that_of_the_snapshots() {
        let generated =
            concat!(env!("CARGO_MANIFEST_DIR"), "/../grpc-interceptor-testing/src/generated.rs");
        let file = syn::parse_file(&fs::read_to_string(generated).unwrap()).unwrap();
        let modules: Vec<_> = file
            .items
            .into_iter()
            .filter_map(|item| match item {
                syn::Item::Mod(module) => Some(module),
                _ => None,
            })
            .collect();
        assert_eq!(modules.len(), 2);
        for module in modules {
            let generated = find::in_module(module.to_token_stream()).unwrap();
            let added = added(&generated, &Arguments::default()).unwrap();
            snapshot::check(&module.ident.to_string(), added);
        }
    }
}
