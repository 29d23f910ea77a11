//! Finds the client or server that the attribute is on, and the code around it.

use std::fs;

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::{Attribute, Error, Item, ItemMod, ItemStruct, Result};

use crate::item::EXPECTED;

/// The name of a client's or a server's struct, and all items of its module.
pub(crate) enum Generated {
    Client(Ident, Vec<Item>),
    Server(Ident, Vec<Item>),
}

impl Generated {
    /// Which of them it is, by the struct's fields.
    fn of(item: &ItemStruct) -> Option<fn(Ident, Vec<Item>) -> Self> {
        item.fields.iter().find_map(|field| {
            let ty = field.ty.to_token_stream().to_string();
            match field.ident.as_ref()?.to_string().as_str() {
                "inner" if ty.starts_with("tonic :: client :: Grpc") => {
                    Some(Generated::Client as fn(_, _) -> _)
                }
                "accept_compression_encodings" => Some(Generated::Server),
                _ => None,
            }
        })
    }
}

/// Looks into a module.
pub(crate) fn in_module(item: TokenStream) -> Result<Generated> {
    let module: ItemMod = syn::parse2(item)?;
    let items = module.content.map(|(_, items)| items).unwrap_or_default();
    let found = items.iter().find_map(|item| match item {
        Item::Struct(item) => Some((Generated::of(item)?, item)),
        _ => None,
    });
    match found {
        Some((_, item)) if item.attrs.iter().any(is_intercepted) => Err(Error::new(
            item.ident.span(),
            "`#[intercepted]` is on the module and on this struct: remove one of the two lines from \
             build.rs",
        )),
        Some((generated, item)) => Ok(generated(item.ident.clone(), items)),
        None => Err(Error::new(
            module.ident.span(),
            format!("this module has no generated client or server in it: {EXPECTED}"),
        )),
    }
}

fn is_intercepted(attribute: &Attribute) -> bool {
    attribute.path().segments.last().is_some_and(|segment| segment.ident == "intercepted")
}

/// Looks around a struct. The rest is in the same generated file.
pub(crate) fn around_struct(item: TokenStream) -> Result<Generated> {
    let item: ItemStruct = syn::parse2(item)?;
    let Some(generated) = Generated::of(&item) else {
        return Err(Error::new(
            item.ident.span(),
            format!("this struct is no generated client or server: {EXPECTED}"),
        ));
    };
    let unreadable = |why: String| {
        Error::new(
            item.ident.span(),
            format!(
                "the RPCs are in the generated file, {why}: put the attribute on the module instead, \
                 by `.client_mod_attribute(\".\", \"#[grpc_interceptor::intercepted]\")` or \
                 `.server_mod_attribute(…)`"
            ),
        )
    };
    let file =
        if proc_macro::is_available() { item.ident.span().unwrap().local_file() } else { None };
    let file = file.ok_or_else(|| unreadable("which the compiler doesn't name".to_owned()))?;
    let source = fs::read_to_string(&file).map_err(|error| {
        unreadable(format!("which can't be read ({}: {error})", file.display()))
    })?;
    let parsed = syn::parse_file(&source)
        .map_err(|error| unreadable(format!("which can't be parsed ({error})")))?;
    let mut modules = Vec::new();
    modules_with(&item.ident, parsed.items, &mut modules);
    match (modules.pop(), modules.is_empty()) {
        (Some(items), true) => Ok(generated(item.ident, items)),
        (None, _) => Err(unreadable("and not found there".to_owned())),
        (Some(_), false) => Err(unreadable("where several have this name".to_owned())),
    }
}

/// The items of each module that has a struct of this name.
fn modules_with(struct_name: &Ident, items: Vec<Item>, found: &mut Vec<Vec<Item>>) {
    let here = |item: &Item| matches!(item, Item::Struct(item) if item.ident == *struct_name);
    if items.iter().any(here) {
        found.push(items);
        return;
    }
    for item in items {
        if let Item::Mod(ItemMod { content: Some((_, items)), .. }) = item {
            modules_with(struct_name, items, found);
        }
    }
}
