//! The test in the user's own crate that the names in the impl are those on the wire.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;

use crate::{
    exact,
    expand::method_head,
    model::{Returns, Service, ServiceName, Stream, Streams},
    names::candidates,
    returned::returned_kind,
};

/// The test. If the names can't be tested, it is an ignored one, so that `cargo test` says so.
pub(crate) fn expand(service: &Service) -> TokenStream {
    if service.rpcs.is_empty() {
        return TokenStream::new();
    }
    match why_not(service) {
        None => test(service),
        Some(why_not) => no_test(service, why_not),
    }
}

/// Why there can't be a test.
fn why_not(service: &Service) -> Option<&'static str> {
    let on_its_own = service.rpcs.iter().all(|rpc| rpc.client_streams == Streams::Ask)
        && service.rpcs.iter().all(|rpc| match rpc.returns {
            Returns::OwnStream(at) => !service.depends_on_parameters(&service.streams[at].ty),
            Returns::MessageOrBoxedStream(streams) => streams == Streams::Ask,
        });
    match service.name {
        // There is no server to ask.
        ServiceName::Literal(_) => Some("the service's name is a string"),
        _ if service.streams.iter().any(Stream::is_opaque) => Some("a stream is an `impl Trait`"),
        _ if !on_its_own => Some("a handler's types depend on a parameter of the impl"),
        _ => None,
    }
}

fn no_test(service: &Service, why_not: &str) -> TokenStream {
    if service.in_fn {
        return TokenStream::new();
    }
    let (cfgs, test) = (service.cfgs(), test_name(service, "_has_unchecked_rpc_names_of"));
    let why_not =
        format!("{why_not}: only `#[intercepted]` on the generated server checks these names");
    quote! {
        #(#cfgs)*
        #[cfg(test)]
        #[::core::prelude::v1::test]
        #[ignore = #why_not]
        fn #test() {}
    }
}

/// A service of the same trait whose methods answer with their own names, and a test that calls each by the name
/// that its interceptors see.
fn test(service: &Service) -> TokenStream {
    let Service { runtime, service_trait, .. } = service;
    let cfgs = service.cfgs();
    let test = test_name(service, "_has_the_rpc_names_of");
    // Rust runs no tests inside a fn. There it is a plain fn, which can be called.
    let is_test = (!service.in_fn).then(|| quote!(#[::core::prelude::v1::test]));
    let streams = service.streams.iter().map(|stream| {
        let (cfgs, Stream { ident, ty, .. }) = (stream.cfgs(), stream);
        quote!(#(#cfgs)* type #ident = __runtime::ResponseStream<#ty>;)
    });
    let methods = service.rpcs.iter().map(|rpc| {
        let (cfgs, rust_name) = (rpc.cfgs(), rpc.ident().unraw().to_string());
        let sent = match rpc.returns {
            Returns::OwnStream(at) => {
                let stream = &service.streams[at].ident;
                quote!(Self::#stream)
            }
            Returns::MessageOrBoxedStream(_) => {
                let (returned, kind) = (&rpc.returned, returned_kind(service, rpc));
                quote!(
                    <#returned as __runtime::Returned<__runtime::ReturnedKind<{ #kind }>>>::Sent
                )
            }
        };
        let head = method_head(service.receiver, rpc.ident(), &quote!(_), &rpc.argument, &sent);
        quote! {
            #(#cfgs)*
            #head {
                __runtime::Box::pin(async { __runtime::answer_with_name(#rust_name) })
            }
        }
    });
    let names = service.rpcs.iter().map(|rpc| {
        let (cfgs, rust_name, name) = (rpc.cfgs(), rpc.ident().unraw().to_string(), &rpc.name);
        quote!(#(#cfgs)* (#rust_name, #name))
    });
    let no_names = exact::fallback(&service.rpcs);
    let named =
        exact::named(service, |Stream { ident, .. }| quote!(<__Names as #service_trait>::#ident));
    let exact = exact::service();
    let (definitions, candidates) = candidates(service);
    let servers = candidates.iter().map(|candidate| format_ident!("{candidate}Server"));
    let servers: Vec<Ident> = servers.collect();
    quote! {
        #(#cfgs)*
        #[cfg(test)]
        #is_test
        fn #test() {
            use #runtime::__private as __runtime;
            struct __Names;
            impl #service_trait for __Names {
                #(#streams)*
                #(#methods)*
            }
            #no_names
            // If the names come from the generated code, there is nothing to test.
            if <#named>::#exact.is_none() {
                use __runtime::NotAServer as _;
                #definitions
                let __names = &[#(#names),*];
                #(
                    type #servers = <#candidates as __runtime::OfService>::Server<__Names>;
                    __runtime::Candidate::<#servers>::assert_names(<#servers>::new(__Names), __names);
                )*
            }
        }
    }
}

/// `my_greeter_has_the_rpc_names_of_greeter_server_greeter`
fn test_name(service: &Service, has: &str) -> Ident {
    let mut name = String::new();
    push_words(&mut name, service.self_type.to_token_stream());
    name = name.trim_end_matches('_').to_owned() + has;
    let mut of = String::from("_");
    push_words(&mut of, service.service_trait.to_token_stream());
    name.push_str(of.trim_end_matches('_'));
    format_ident!("{name}")
}

fn push_words(name: &mut String, tokens: TokenStream) {
    for token in tokens {
        match token {
            TokenTree::Ident(ident) => {
                let ident = ident.unraw().to_string();
                let mut after_capital = true;
                for character in ident.chars() {
                    if character.is_uppercase() && !after_capital {
                        name.push('_');
                    }
                    after_capital = character.is_uppercase();
                    name.extend(character.to_lowercase());
                }
                name.push('_');
            }
            TokenTree::Group(group) => push_words(name, group.stream()),
            TokenTree::Punct(_) | TokenTree::Literal(_) => {}
        }
    }
}
