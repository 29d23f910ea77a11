//! `#[intercepted]` on a generated client: on its module, or on its struct.

mod expand;
mod model;
mod parse;

use proc_macro2::{Group, TokenStream, TokenTree};
use syn::Result;

use crate::arguments::Arguments;

/// The module, with the intercepted client in it.
pub(crate) fn in_module(arguments: &Arguments, item: TokenStream) -> Result<TokenStream> {
    arguments.refuse_entries()?;
    let client = parse::module(item.clone())?;
    let added = expand::client(&client, arguments);
    let mut tokens: Vec<TokenTree> = item.into_iter().collect();
    // What the module has in its braces, and more.
    if let Some(TokenTree::Group(body)) = tokens.last_mut() {
        let span = body.span();
        let stream = body.stream().into_iter().chain(added).collect();
        *body = Group::new(body.delimiter(), stream);
        body.set_span(span);
    }
    Ok(tokens.into_iter().collect())
}

/// The struct, with the intercepted client behind it.
pub(crate) fn at_struct(arguments: &Arguments, item: TokenStream) -> Result<TokenStream> {
    arguments.refuse_entries()?;
    let client = parse::from_struct(item.clone())?;
    Ok(item.into_iter().chain(expand::client(&client, arguments)).collect())
}
