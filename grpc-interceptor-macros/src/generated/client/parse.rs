//! A generated client's code, read into the [model](super::model).

use proc_macro2::{Ident, TokenStream};
use quote::ToTokens as _;
use syn::{
    FnArg, GenericArgument, ImplItem, ImplItemFn, Item, ItemImpl, LitStr, PathArguments, Result,
    ReturnType, Type, TypeParamBound,
};

use super::model::{Client, Connect, Method};
use crate::{
    generated::body::{Body, first_argument, unknown},
    model::cfgs,
};

/// Reads the client in a module.
pub(crate) fn client(ident: &Ident, items: &[Item]) -> Result<Client> {
    let mut client = Client { ident: ident.clone(), connect: None, methods: Vec::new() };
    for item in items {
        if let Item::Impl(ItemImpl { trait_: None, self_ty, attrs, items, .. }) = item {
            for item in items {
                let ImplItem::Fn(item) = item else { continue };
                if is_connect(item) {
                    client.connect = Some(Connect {
                        attributes: cfgs(attrs).chain(cfgs(&item.attrs)).cloned().collect(),
                        client: (**self_ty).clone(),
                        signature: item.sig.clone(),
                    });
                } else if let Some(method) = method(item)? {
                    client.methods.push(method);
                }
            }
        }
    }
    Ok(client)
}

fn is_connect(item: &ImplItemFn) -> bool {
    item.sig.ident == "connect" && item.sig.asyncness.is_some() && item.sig.receiver().is_none()
}

/// A method that calls an RPC: it is async and takes `&mut self`. `None` for others.
fn method(item: &ImplItemFn) -> Result<Option<Method>> {
    if item.sig.asyncness.is_none() || item.sig.receiver().is_none() {
        return Ok(None);
    }
    let body = Body::new(&item.block);
    let unknown = || unknown(&item.sig.ident);
    let path = path(&body).ok_or_else(unknown)?;
    let kind = body.kind("inner").ok_or_else(unknown)?;
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

/// `"/pkg.Greeter/SayHello"` in `PathAndQuery::from_static("/pkg.Greeter/SayHello")`.
fn path(body: &Body) -> Option<LitStr> {
    // A comma may follow.
    let literal = body.argument_of("from_static")?.into_iter().next()?;
    syn::parse2(literal.into()).ok()
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
