//! A generated server's code, read into the [model](super::model).

use std::collections::HashMap;

use proc_macro2::Ident;
use syn::{
    Expr, ExprLit, ExprMatch, FnArg, ImplItem, Item, ItemImpl, ItemTrait, Lit, LitStr, Pat, Result,
    ReturnType, Stmt, TraitItem, TraitItemFn,
};

use super::model::{Method, Server};
use crate::{
    generated::{
        body::{Body, first_argument, unknown},
        kind::Kind,
    },
    model::Receiver,
};

/// Reads the server in a module.
pub(crate) fn server(ident: &Ident, items: &[Item]) -> Result<Server> {
    let service_trait = items.iter().find_map(|item| match item {
        Item::Trait(item) => Some(item),
        _ => None,
    });
    let service_trait = service_trait.ok_or_else(|| unknown(ident))?;
    let routes = routes(&service_trait.ident, items).ok_or_else(|| unknown(ident))?;
    let mut streams = Vec::new();
    let mut methods = Vec::new();
    for item in &service_trait.items {
        match item {
            TraitItem::Type(item) => streams.push(item.clone()),
            TraitItem::Fn(item) => methods.push(method(item, &routes)?),
            _ => {}
        }
    }
    Ok(Server {
        ident: ident.clone(),
        service_trait: service_trait.ident.clone(),
        receiver: receiver(service_trait),
        streams,
        methods,
    })
}

/// Each RPC's full name and kind, by the name of the trait's method.
type Routes = HashMap<Ident, (LitStr, Kind)>;

/// Reads `match req.uri().path() { "/pkg.Greeter/SayHello" => …, … }`, which has the names.
fn routes(service_trait: &Ident, items: &[Item]) -> Option<Routes> {
    let arms = items.iter().find_map(|item| match item {
        Item::Impl(ItemImpl { trait_: Some(_), items, .. }) => items.iter().find_map(arms_in),
        _ => None,
    })?;
    let mut routes = Routes::new();
    for arm in &arms.arms {
        let Pat::Lit(ExprLit { lit: Lit::Str(path), .. }) = &arm.pat else { continue };
        let body = Body::new(&arm.body);
        let method = body.method_of(service_trait)?.clone();
        routes.insert(method, (path.clone(), body.kind("grpc")?));
    }
    Some(routes)
}

/// The `match` that `fn call` consists of.
fn arms_in(item: &ImplItem) -> Option<&ExprMatch> {
    match item {
        ImplItem::Fn(item) if item.sig.ident == "call" => match item.block.stmts.as_slice() {
            [Stmt::Expr(Expr::Match(arms), _)] => Some(arms),
            _ => None,
        },
        _ => None,
    }
}

fn method(item: &TraitItemFn, routes: &Routes) -> Result<Method> {
    let ident = &item.sig.ident;
    let unknown = || unknown(ident);
    let (path, kind) = routes.get(ident).ok_or_else(unknown)?;
    let Some(FnArg::Typed(argument)) = item.sig.inputs.iter().nth(1) else { return Err(unknown()) };
    let ReturnType::Type(_, returned) = &item.sig.output else { return Err(unknown()) };
    let sent = first_argument(returned).and_then(first_argument).ok_or_else(unknown)?;
    let attributes = item.attrs.iter().filter(|attribute| attribute.path().is_ident("deprecated"));
    Ok(Method {
        attributes: attributes.cloned().collect(),
        ident: ident.clone(),
        kind: *kind,
        argument: (*argument.ty).clone(),
        sent: sent.clone(),
        path: path.clone(),
    })
}

/// The receiver of all methods of the trait.
fn receiver(service_trait: &ItemTrait) -> Receiver {
    let by_arc = service_trait.items.iter().any(|item| match item {
        TraitItem::Fn(item) => match item.sig.inputs.first() {
            Some(FnArg::Receiver(receiver)) => Receiver::of(receiver) == Some(Receiver::Arc),
            _ => false,
        },
        _ => false,
    });
    if by_arc { Receiver::Arc } else { Receiver::Reference }
}
