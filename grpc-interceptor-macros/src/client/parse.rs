//! A generated client's code, read into the [model](super::model).

use std::fs;

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::ToTokens as _;
use syn::{
    Error, FnArg, GenericArgument, ImplItem, Item, ItemImpl, ItemMod, ItemStruct, LitStr,
    PathArguments, Result, ReturnType, Type, TypeParamBound,
};

use super::model::{Client, Kind, Method};

const EXPECTED: &str = "`#[intercepted]` goes on the impl of a tonic service, \
                        `impl greeter_server::Greeter for MyGreeter`, or on a client that tonic \
                        generated, by a line in build.rs: \
                        `.client_mod_attribute(\".\", \"#[grpc_interceptor::intercepted]\")`";

/// Reads a client's module.
pub(crate) fn module(item: TokenStream) -> Result<Client> {
    let module: ItemMod = syn::parse2(item)?;
    let items = module.content.map(|(_, items)| items).unwrap_or_default();
    let client = items.iter().find_map(|item| match item {
        Item::Struct(item) if is_client(item) => Some(&item.ident),
        _ => None,
    });
    match client {
        Some(ident) => client_in(ident, &items),
        None => Err(Error::new(
            module.ident.span(),
            format!("this module has no generated client in it: {EXPECTED}"),
        )),
    }
}

/// Reads the client that a struct is of, which is in the generated file that the struct is in.
pub(crate) fn from_struct(item: TokenStream) -> Result<Client> {
    let item: ItemStruct = syn::parse2(item)?;
    if !is_client(&item) {
        return Err(Error::new(
            item.ident.span(),
            format!("this struct is no generated client: {EXPECTED}"),
        ));
    }
    let unreadable = |why: String| {
        Error::new(
            item.ident.span(),
            format!(
                "the RPCs of this client are in the generated file, {why}: put the attribute on the \
                 module instead, `.client_mod_attribute(\".\", \"#[grpc_interceptor::intercepted]\")`"
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
    modules_with(&item.ident, &parsed.items, &mut modules);
    match modules.as_slice() {
        [items] => client_in(&item.ident, items),
        [] => Err(unreadable("and not found there".to_owned())),
        _ => Err(unreadable("where several have this name".to_owned())),
    }
}

/// The items of each module with a struct of this name in it.
fn modules_with<'a>(struct_name: &Ident, items: &'a [Item], found: &mut Vec<&'a [Item]>) {
    for item in items {
        match item {
            Item::Struct(item) if item.ident == *struct_name => found.push(items),
            Item::Mod(ItemMod { content: Some((_, items)), .. }) => {
                modules_with(struct_name, items, found);
            }
            _ => {}
        }
    }
}

/// Whether a struct is `struct GreeterClient<T> { inner: tonic::client::Grpc<T> }`.
fn is_client(item: &ItemStruct) -> bool {
    item.fields.iter().any(|field| {
        let is_inner = field.ident.as_ref().is_some_and(|ident| ident == "inner");
        let grpc = quote::quote!(tonic::client::Grpc).to_string();
        is_inner && field.ty.to_token_stream().to_string().starts_with(&grpc)
    })
}

fn client_in(ident: &Ident, items: &[Item]) -> Result<Client> {
    let mut methods = Vec::new();
    for item in items {
        if let Item::Impl(ItemImpl { trait_: None, items, .. }) = item {
            for item in items {
                let ImplItem::Fn(item) = item else { continue };
                if let Some(method) = method(item)? {
                    methods.push(method);
                }
            }
        }
    }
    Ok(Client { ident: ident.clone(), methods })
}

/// A method that calls an RPC: those that are async and take `&mut self`. `None` for others.
fn method(item: &syn::ImplItemFn) -> Result<Option<Method>> {
    if item.sig.asyncness.is_none() || item.sig.receiver().is_none() {
        return Ok(None);
    }
    let mut body = Vec::new();
    flatten(item.block.to_token_stream(), &mut body);
    let unknown = || {
        Error::new(
            item.sig.ident.span(),
            "this method is unlike those that tonic 0.14 generates: `#[intercepted]` can't read it",
        )
    };
    let path = path(&body).ok_or_else(unknown)?;
    let kind = kind(&body).ok_or_else(unknown)?;
    let codec = codec(&item.block).ok_or_else(unknown)?;
    let Some(FnArg::Typed(argument)) = item.sig.inputs.iter().nth(1) else { return Err(unknown()) };
    let ReturnType::Type(_, returned) = &item.sig.output else { return Err(unknown()) };
    let request = requested(&argument.ty).ok_or_else(unknown)?;
    let mut response = first_argument(first_argument(returned).ok_or_else(unknown)?);
    if kind.server_streams() {
        response = response.and_then(first_argument);
    }
    let attributes = item.attrs.iter().filter(|attribute| {
        attribute.path().is_ident("doc") || attribute.path().is_ident("deprecated")
    });
    Ok(Some(Method {
        attributes: attributes.cloned().collect(),
        ident: item.sig.ident.clone(),
        kind,
        argument: (*argument.ty).clone(),
        returned: (**returned).clone(),
        request: request.clone(),
        response: response.ok_or_else(unknown)?.clone(),
        path,
        codec,
    }))
}

fn flatten(tokens: TokenStream, flat: &mut Vec<TokenTree>) {
    for token in tokens {
        match token {
            TokenTree::Group(group) => {
                flat.push(TokenTree::Group(group.clone()));
                flatten(group.stream(), flat);
            }
            token => flat.push(token),
        }
    }
}

/// `"/pkg.Greeter/SayHello"` in `PathAndQuery::from_static("/pkg.Greeter/SayHello")`.
fn path(body: &[TokenTree]) -> Option<LitStr> {
    body.windows(2).find_map(|pair| match pair {
        [TokenTree::Ident(name), TokenTree::Group(argument)] if name == "from_static" => {
            // A comma may follow.
            let literal = argument.stream().into_iter().next()?;
            syn::parse2(literal.into()).ok()
        }
        _ => None,
    })
}

/// By `unary` in `self.inner.unary(…)`.
fn kind(body: &[TokenTree]) -> Option<Kind> {
    body.windows(4).find_map(|window| match window {
        [
            TokenTree::Ident(inner),
            TokenTree::Punct(_),
            TokenTree::Ident(name),
            TokenTree::Group(_),
        ] if inner == "inner" => Kind::of(&name.to_string()),
        _ => None,
    })
}

/// `tonic_prost::ProstCodec::default()` in `let codec = tonic_prost::ProstCodec::default();`
fn codec(block: &syn::Block) -> Option<TokenStream> {
    block.stmts.iter().find_map(|statement| match statement {
        syn::Stmt::Local(local) if local.pat.to_token_stream().to_string() == "codec" => {
            local.init.as_ref().map(|init| init.expr.to_token_stream())
        }
        _ => None,
    })
}

/// `HelloRequest` in `impl tonic::IntoRequest<HelloRequest>`, and in
/// `impl tonic::IntoStreamingRequest<Message = HelloRequest>`.
fn requested(argument: &Type) -> Option<&Type> {
    let Type::ImplTrait(bounds) = argument else { return None };
    bounds.bounds.iter().find_map(|bound| {
        let TypeParamBound::Trait(bound) = bound else { return None };
        match &bound.path.segments.last()?.arguments {
            PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
                GenericArgument::Type(ty) => Some(ty),
                GenericArgument::AssocType(message) => Some(&message.ty),
                _ => None,
            },
            _ => None,
        }
    })
}

/// `T` in `Name<T, …>`.
fn first_argument(ty: &Type) -> Option<&Type> {
    let Type::Path(path) = ty else { return None };
    match &path.path.segments.last()?.arguments {
        PathArguments::AngleBracketed(arguments) => match arguments.args.first()? {
            GenericArgument::Type(ty) => Some(ty),
            _ => None,
        },
        _ => None,
    }
}
