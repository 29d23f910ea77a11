//! The test, in the user's own crate, that the names in the impl are those on the wire.

use proc_macro2::{Ident, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};
use syn::ext::IdentExt as _;

use crate::{
    exact,
    expand::{method_head, returned_kind, server},
    model::{Returns, Service, ServiceName, Stream, Streams},
};

/// A service of the same trait of which every method answers with its own name, and a test that
/// calls each by the name that its interceptors see.
///
/// Nothing where the test can't be: the service's name is a literal, so that there is no server to
/// ask, or a signature depends on the impl's own parameters.
pub(crate) fn expand(service: &Service) -> TokenStream {
    if let ServiceName::Literal(_) = service.name {
        return TokenStream::new();
    }
    let on_its_own = service.rpcs.iter().all(|rpc| rpc.client_streams == Streams::Ask)
        && service.rpcs.iter().all(|rpc| match rpc.returns {
            Returns::OwnStream(at) => !service.depends_on_parameters(&service.streams[at].ty),
            Returns::MessageOrBoxedStream(streams) => streams == Streams::Ask,
        });
    if !on_its_own || service.rpcs.is_empty() {
        return TokenStream::new();
    }
    let Service { runtime, service_trait, .. } = service;
    let cfgs = service.outer_attributes.iter().filter(|attribute| attribute.path().is_ident("cfg"));
    let test = test_name(service);
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
                let (returned, kind) = (&rpc.returned, returned_kind(rpc));
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
    let exact = service.rpcs.first().map(|rpc| exact::constant(rpc.ident()));
    let (server, _) = server(&service.name);
    quote! {
        #(#cfgs)*
        #[cfg(test)]
        #[::core::prelude::v1::test]
        fn #test() {
            use #runtime::__private as __runtime;
            struct __Names;
            impl #service_trait for __Names {
                #(#streams)*
                #(#methods)*
            }
            #no_names
            // Nothing to ask if they come from the generated code.
            if <#named>::#exact.is_none() {
                #server
                __runtime::assert_names_on_the_wire(
                    <__Server<__Names>>::new(__Names),
                    &[#(#names),*],
                );
            }
        }
    }
}

/// `my_greeter_has_the_rpc_names_of_greeter_server_greeter`
fn test_name(service: &Service) -> Ident {
    let mut name = String::new();
    push_words(&mut name, service.self_type.to_token_stream());
    name.push_str("has_the_rpc_names_of");
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
