//! The service's and the RPCs' names, printed.
//!
//! The generated code's own names come first. Without them, the service's name is that of its server. The
//! [`Lookup`] says where that may be, and what is found counts only if it serves the impl's trait.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::{Path, spanned::Spanned as _};

use crate::{
    exact,
    model::{Lookup, Rpc, Service, ServiceName, Stream},
    returned::sent_stream,
};

/// `const __SERVICE: &str`. If there is no name, it is a compile error. Some generic impls can only ask for the
/// name of each RPC: there it may be empty, and `__NO_SERVICE` says what to write.
pub(crate) fn service(service: &Service) -> TokenStream {
    let named = named(service);
    let alias = named.as_ref().map(|named| quote!(type __Named = #named;));
    let exact_name = exact::service();
    let exact = named.map(|_| quote!(<__Named>::#exact_name));
    let lookup = match &service.name {
        ServiceName::Literal(literal) => {
            let exact = exact.unwrap_or_else(|| quote!(__runtime::Option::None));
            let span = literal.span().resolved_at(Span::mixed_site());
            return quote_spanned! {span=>
                #alias
                const __SERVICE: &str = __runtime::given_service(#exact, #literal);
                const __NO_SERVICE: &str = "";
            };
        }
        ServiceName::Lookup(lookup) => lookup,
    };
    let (help, span) = (&lookup.help, lookup.server.span().resolved_at(Span::mixed_site()));
    let (definitions, candidates) = candidates(service);
    let (checks, names) = match service.is_generic() {
        false => names_if_served(service, &candidates, span),
        true => names_of_generic(service, &candidates, span),
    };
    let service = match exact {
        // A server that the user gives has to be the right one, even if its name isn't needed.
        _ if lookup.modules.is_empty() => quote_spanned! {span=>
            const __SERVICE: &str =
                __runtime::service_name(__runtime::Option::None, &[#(#names),*], #help);
            const __NO_SERVICE: &str = "";
        },
        Some(exact) => quote_spanned! {span=>
            const __SERVICE: &str = __runtime::service_name(#exact, &[#(#names),*], #help);
            const __NO_SERVICE: &str = "";
        },
        None => quote_spanned! {span=>
            const __SERVICE: &str = #(#names)*;
            const __NO_SERVICE: &str = #help;
        },
    };
    quote!(#alias #definitions #checks #service)
}

/// The name of each candidate, empty if it serves another trait. The candidate is asked about a type parameter
/// that has this trait and no other, because the service may have others, too.
fn names_if_served(
    service: &Service,
    candidates: &[Ident],
    span: Span,
) -> (TokenStream, Vec<TokenStream>) {
    let Service { service_trait, self_type, .. } = service;
    let fns: Vec<Ident> =
        candidates.iter().map(|candidate| format_ident!("__name_of{candidate}")).collect();
    let checks = quote_spanned! {span=>
        #(
            const fn #fns<__T: #service_trait>() -> &'static str {
                use __runtime::NotAServer as _;
                __runtime::Candidate::<<#candidates as __runtime::OfService>::Server<__T>>::NAME
            }
        )*
    };
    (checks, fns.iter().map(|name| quote_spanned!(span=> #name::<#self_type>())).collect())
}

/// A generic impl has no type to ask about. It has one candidate, and a compile error if that serves another
/// trait.
fn names_of_generic(
    service: &Service,
    candidates: &[Ident],
    span: Span,
) -> (TokenStream, Vec<TokenStream>) {
    let service_trait = &service.service_trait;
    let checks = quote_spanned! {span=>
        #(
            const fn __serves<__T: #service_trait>() {
                __runtime::assert_serves::<<#candidates as __runtime::OfService>::Server<__T>>();
            }
        )*
    };
    let name = |candidate| {
        quote_spanned! {span=>
            <<#candidate as __runtime::OfService>::Server<()> as __runtime::NamedService>::NAME
        }
    };
    (checks, candidates.iter().map(name).collect())
}

/// What the server may be: for each candidate, a type whose `OfService` it is. If no module has the server, a
/// stand-in is found.
///
/// Nothing else is in the scope of these modules, because their names would hide the user's.
pub(crate) fn candidates(service: &Service) -> (TokenStream, Vec<Ident>) {
    let ServiceName::Lookup(Lookup { server, modules, .. }) = &service.name else {
        return Default::default();
    };
    let apart = if service.is_generic() { modules.len() } else { 1 };
    let places: Vec<&[Path]> = match modules.is_empty() {
        true => vec![&[]],
        false => modules.chunks(apart).collect(),
    };
    let names: Vec<Ident> = (0..places.len()).map(|at| format_ident!("__Found{at}")).collect();
    let definitions = names.iter().zip(places).map(|(name, modules)| {
        let span = server.span().resolved_at(Span::mixed_site());
        let found = quote_spanned! {span=>
            impl __runtime::OfService for #name { type Server<__T> = #server<__T>; }
        };
        let scopes = modules
            .iter()
            .rev()
            .fold(quote!({ #found }), |inner, module| quote!({ use #module::*; #inner }));
        let found = match modules {
            [] => found,
            _ => quote!(const _: () = { use __runtime::NoServer as #server; #scopes };),
        };
        quote!(struct #name; #found)
    });
    (definitions.collect(), names)
}

/// The type that has the exact names, if it can be said without the impl's parameters.
fn named(service: &Service) -> Option<TokenStream> {
    if !service.is_generic() {
        return Some(exact::named(service, |stream| sent_stream(service, stream)));
    }
    let is_known =
        |stream: &Stream| !stream.is_opaque() && !service.depends_on_parameters(&stream.ty);
    service
        .streams
        .iter()
        .all(is_known)
        .then(|| exact::named(service, |Stream { ty, .. }| quote!(__runtime::ResponseStream<#ty>)))
}

/// The RPC's whole name: from the generated code, or built here.
pub(crate) fn method(service: &Service, rpc: &Rpc) -> TokenStream {
    let exact = exact::constant(rpc.ident());
    let named = match service.is_generic() {
        false => quote!(__Named),
        true => exact::named(service, |stream| sent_stream(service, stream)),
    };
    let (name, span) = match (&rpc.given_name, &service.name) {
        (Some(given), _) => (given.value(), given.span()),
        (None, ServiceName::Lookup(lookup)) => (String::new(), lookup.server.span()),
        (None, ServiceName::Literal(_)) => (String::new(), rpc.ident().span()),
    };
    let span = span.resolved_at(Span::mixed_site());
    quote_spanned!(span=> __runtime::exact_name(<#named>::#exact, #name, __NAME, __NO_SERVICE))
}
