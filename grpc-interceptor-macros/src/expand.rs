//! The [model](crate::model), printed.
//!
//! Everything goes into one `const _`, so that nothing of it has a name outside. For each RPC there
//! are a trait with the handler as the user wrote it, one small impl for each place in its chain,
//! and the method of tonic's trait, which starts the chain. The work is done in the runtime.
//!
//! Names with two underscores are ours: the handlers' bodies see them, and must not meet their own.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Path, PathArguments, Type, spanned::Spanned as _};

use crate::{
    model::{Entry, Receiver, Returns, Rpc, Service, ServiceName, Stream, Streams},
    names_test,
};

/// The whole output.
pub(crate) fn service(service: &Service) -> TokenStream {
    let Service { runtime, outer_attributes, async_traits, .. } = service;
    let service_trait = without_arguments(&service.service_trait);
    let service_name = service_name(service);
    let next = next(service);
    let streams = streams(service);
    let rpc_types = service.rpcs.iter().map(|rpc| {
        let (cfgs, ident) = (rpc.cfgs(), rpc.ident());
        quote!(#(#cfgs)* pub struct #ident;)
    });
    let rpcs = service.rpcs.iter().map(|rpc| {
        let (cfgs, signature, handler, links) =
            (rpc.cfgs(), signature(service, rpc), handler(service, rpc), links(service, rpc));
        // In a block of its own, so that one handler doesn't see the others' traits.
        quote! {
            #(#cfgs)*
            const _: () = { #signature #handler #links };
        }
    });
    let service_impl = service_impl(service);
    let names_test = names_test::expand(service);
    quote! {
        #[allow(non_local_definitions)]
        #(#outer_attributes)*
        const _: () = {
            use #runtime::__private as __runtime;
            // A handler may call another RPC of its service: `self.say_hello(…)`.
            #[allow(unused_imports)]
            use #service_trait as _;
            #(
                // It is not needed, but it is no unused import either.
                #[allow(unused_imports)]
                use #async_traits as _;
            )*
            /// The RPCs, as types.
            #[allow(non_camel_case_types)]
            mod __rpc { #(#rpc_types)* }
            #service_name
            #next
            #streams
            #(#rpcs)*
            #service_impl
        };
        #names_test
    }
}

/// A path as it can be imported.
fn without_arguments(path: &Path) -> Path {
    let mut path = path.clone();
    for segment in &mut path.segments {
        segment.arguments = PathArguments::None;
    }
    path
}

/// `const __SERVICE: &str`, and the check that the server whose name it is serves this trait.
fn service_name(service: &Service) -> TokenStream {
    match &service.name {
        ServiceName::Literal(literal) => quote!(const __SERVICE: &str = #literal;),
        ServiceName::Server(server) => {
            let (impl_generics, _, where_clause) = service.generics.split_for_impl();
            let self_type = &service.self_type;
            let span = server.span().resolved_at(Span::mixed_site());
            quote_spanned! {span=>
                const __SERVICE: &str = <#server<()> as __runtime::NamedService>::NAME;
                #[allow(dead_code)]
                const fn __serves #impl_generics () #where_clause {
                    __runtime::assert_serves::<#server<#self_type>>();
                }
            }
        }
    }
}

/// What an interceptor gets as `next`: a place in an RPC's chain, as a type that holds no other.
fn next(service: &Service) -> TokenStream {
    let (holder, receiver) = match service.receiver {
        Receiver::Reference => (quote!(T), quote!(&self)),
        Receiver::Arc => (quote!(__runtime::Arc<T>), quote!(self: &__runtime::Arc<Self>)),
    };
    let streams = (!service.streams.is_empty()).then(|| quote!(__Streams+));
    quote! {
        struct __Next<'a, T, R, const AT: usize>(
            &'a #holder, __runtime::Context, __runtime::PhantomData<fn() -> R>,
        );
        impl<T, R, const AT: usize> __runtime::Clone for __Next<'_, T, R, AT> {
            fn clone(&self) -> Self { *self }
        }
        impl<T, R, const AT: usize> __runtime::Copy for __Next<'_, T, R, AT> {}
        /// What an RPC takes and returns.
        trait __Rpc<R>: #streams __runtime::Send + __runtime::Sync {
            type Takes: __runtime::Takes;
            type Returns: __runtime::Returns;
        }
        type __Request<T, R> =
            __runtime::Request<<<T as __Rpc<R>>::Takes as __runtime::Takes>::Payload>;
        type __Outcome<T, R> = __runtime::Result<
            __runtime::Response<<<T as __Rpc<R>>::Returns as __runtime::Returns>::Payload>,
            __runtime::Status,
        >;
        /// What runs at a place in an RPC's chain.
        trait __Link<R, const AT: usize>: __Rpc<R> {
            fn run(#receiver, __request: __Request<Self, R>, __context: __runtime::Context)
                -> impl __runtime::Future<Output = __Outcome<Self, R>> + __runtime::Send;
        }
        impl<T: __Link<R, AT>, R, const AT: usize> __runtime::Next for __Next<'_, T, R, AT> {
            type Request = <T::Takes as __runtime::Takes>::Payload;
            type Response = <T::Returns as __runtime::Returns>::Payload;
            type RequestMessage = <T::Takes as __runtime::Takes>::Message;
            type ResponseMessage = <T::Returns as __runtime::Returns>::Message;
            #[inline]
            fn run(self, __request: __Request<T, R>)
                -> impl __runtime::Future<Output = __Outcome<T, R>> + __runtime::Send
            {
                __Link::<R, AT>::run(self.0, __request, self.1)
            }
        }
    }
}

/// The stream types as the user wrote them, which the handlers name as `Self::SayHelloStream`.
fn streams(service: &Service) -> TokenStream {
    if service.streams.is_empty() {
        return TokenStream::new();
    }
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let self_type = &service.self_type;
    let declared = service.streams.iter().map(|Stream { ident, .. }| quote!(type #ident;));
    let defined = service
        .streams
        .iter()
        .map(|Stream { attributes, ident, ty }| quote!(#(#attributes)* type #ident = #ty;));
    quote! {
        // Public, as the stream types of a public service may not name what isn't.
        #[allow(non_camel_case_types, unreachable_pub, missing_docs)]
        pub trait __Streams { #(#declared)* }
        impl #impl_generics __Streams for #self_type #where_clause { #(#defined)* }
    }
}

/// The types in the handler's signature, as the user wrote them.
fn signature(service: &Service, rpc: &Rpc) -> TokenStream {
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let self_type = &service.self_type;
    let (ident, takes, returns) = (rpc.ident(), takes(rpc), returns(rpc));
    quote! {
        impl #impl_generics __Rpc<__rpc::#ident> for #self_type #where_clause {
            type Takes = #takes;
            type Returns = #returns;
        }
    }
}

/// `Taking<…>`, of which an error is one about the argument's type.
fn takes(rpc: &Rpc) -> TokenStream {
    let argument = &rpc.argument;
    let span = argument.span().resolved_at(Span::mixed_site());
    let stream = is_stream(rpc.client_streams, argument);
    quote_spanned!(span=> __runtime::Taking<#argument, { #stream }>)
}

/// `Returning<…>`, of which an error is one about the returned type.
pub(crate) fn returns(rpc: &Rpc) -> TokenStream {
    let returned = &rpc.returned;
    let span = returned.span().resolved_at(Span::mixed_site());
    let kind = match rpc.returns {
        Returns::OwnStream(_) => quote!(__runtime::OWN_STREAM),
        Returns::MessageOrBoxedStream(streams) => {
            let stream = is_stream(streams, returned);
            quote!(if #stream { __runtime::BOXED_STREAM } else { __runtime::MESSAGE })
        }
    };
    quote_spanned!(span=> __runtime::Returning<#returned, { #kind }>)
}

fn is_stream(streams: Streams, ty: &Type) -> TokenStream {
    match streams {
        Streams::Known(known) => quote!(#known),
        Streams::Ask => {
            quote!({ use __runtime::NotAStream as _; __runtime::Detect::<#ty>::STREAM })
        }
    }
}

/// The handler as the user wrote it, in a trait of its own.
fn handler(service: &Service, rpc: &Rpc) -> TokenStream {
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let Service { self_type, other_attributes, .. } = service;
    let Rpc { attributes, signature, body, .. } = rpc;
    let ident = rpc.ident();
    let receiver = match service.receiver {
        Receiver::Reference => quote!(&self),
        Receiver::Arc => quote!(self: __runtime::Arc<Self>),
    };
    let context = rpc.takes_context.then(|| quote!(, __context: __runtime::Context));
    quote! {
        trait __Handler: __Rpc<__rpc::#ident> {
            fn #ident(
                #receiver, __request: <Self::Takes as __runtime::Takes>::Argument #context
            ) -> impl __runtime::Future<
                Output = <Self::Returns as __runtime::Returns>::Returned,
            > + __runtime::Send;
        }
        #(#other_attributes)*
        impl #impl_generics __Handler for #self_type #where_clause {
            #(#attributes)*
            #signature #body
        }
    }
}

/// The places of an RPC's chain: one for each interceptor, and the handler behind the last.
fn links(service: &Service, rpc: &Rpc) -> TokenStream {
    let interceptors = rpc.chain.iter().enumerate().map(|(at, entry)| {
        // An error about an interceptor is one about its entry in the list.
        let span = Span::mixed_site().located_at(entry.span());
        let (ident, behind, Entry { expression }) = (rpc.ident(), at + 1, entry);
        let receiver = self_of(expression.to_token_stream()).unwrap_or_else(self_token);
        let next = quote_spanned! {span=>
            __Next::<Self, __rpc::#ident, #behind>(#receiver, __context, __runtime::PhantomData)
        };
        let run = if entry.is_place() {
            quote_spanned! {span=>
                __runtime::Interceptor::intercept(&#expression, __request, __context, #next)
            }
        } else {
            quote_spanned!(span=> __runtime::intercept(#expression, __request, __context, #next))
        };
        link(service, rpc, at, &receiver, span, &run)
    });
    let ident = rpc.ident();
    let span = Span::mixed_site().located_at(ident.span());
    let receiver = self_token();
    let service_value = match service.receiver {
        Receiver::Reference => quote!(#receiver),
        Receiver::Arc => quote!(__runtime::Clone::clone(#receiver)),
    };
    let context = rpc.takes_context.then(|| quote_spanned!(span=> , __context));
    let rpc_trait = quote!(__Rpc<__rpc::#ident>);
    let run = quote_spanned! {span=>
        __runtime::handle::<<Self as #rpc_trait>::Takes, <Self as #rpc_trait>::Returns, _>(
            __request,
            move |__argument| __Handler::#ident(#service_value, __argument #context),
        )
    };
    let handler = link(service, rpc, rpc.chain.len(), &receiver, span, &run);
    quote!(#(#interceptors)* #handler)
}

/// One place of an RPC's chain, and what runs there.
fn link(
    service: &Service,
    rpc: &Rpc,
    at: usize,
    receiver: &Ident,
    span: Span,
    run: &TokenStream,
) -> TokenStream {
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let (ident, self_type) = (rpc.ident(), &service.self_type);
    let receiver = match service.receiver {
        Receiver::Reference => quote_spanned!(span=> &#receiver),
        Receiver::Arc => quote_spanned!(span=> #receiver: &__runtime::Arc<Self>),
    };
    quote_spanned! {span=>
        impl #impl_generics __Link<__rpc::#ident, #at> for #self_type #where_clause {
            #[inline]
            fn run(
                #receiver,
                __request: __Request<Self, __rpc::#ident>,
                __context: __runtime::Context,
            ) -> impl __runtime::Future<Output = __Outcome<Self, __rpc::#ident>> + __runtime::Send {
                #run
            }
        }
    }
}

/// tonic's trait: each method starts its chain. Its signature is the one that `async_trait` writes.
fn service_impl(service: &Service) -> TokenStream {
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let Service { service_trait, self_type, .. } = service;
    let streams = service.streams.iter().map(|Stream { ident, .. }| {
        quote! {
            type #ident = __runtime::ResponseStream<<#self_type as __Streams>::#ident>;
        }
    });
    let methods = service.rpcs.iter().map(|rpc| {
        let (ident, name, argument) = (rpc.ident(), &rpc.name, &rpc.argument);
        let (docs, cfgs) = (rpc.docs(), rpc.cfgs());
        let sent = match rpc.returns {
            Returns::OwnStream(at) => {
                let stream = &service.streams[at].ident;
                quote!(Self::#stream)
            }
            Returns::MessageOrBoxedStream(_) => quote!(
                <<Self as __Rpc<__rpc::#ident>>::Returns as __runtime::Returns>::Sent
            ),
        };
        let serve = |service_value: TokenStream| quote! {
            __runtime::serve::<
                <Self as __Rpc<__rpc::#ident>>::Takes, <Self as __Rpc<__rpc::#ident>>::Returns, _,
            >(
                __request,
                const { __runtime::method_name(NAME) },
                |__context| __Next::<Self, __rpc::#ident, 0>(
                    #service_value, __context, __runtime::PhantomData,
                ),
            )
        };
        let start = match service.receiver {
            Receiver::Reference => serve(quote!(self)),
            Receiver::Arc => {
                let serve = serve(quote!(&self));
                quote!(async move { #serve.await })
            }
        };
        let head = method_head(service.receiver, ident, &quote!(__request), argument, &sent);
        quote! {
            #(#docs)*
            #(#cfgs)*
            #head {
                const NAME: &[u8] =
                    &__runtime::name_bytes::<{ __runtime::name_length(__SERVICE, #name) }>(__SERVICE, #name);
                __runtime::Box::pin(#start)
            }
        }
    });
    quote! {
        #[allow(clippy::all, clippy::pedantic)]
        impl #impl_generics #service_trait for #self_type #where_clause {
            #(#streams)*
            #(#methods)*
        }
    }
}

/// The head of a method of tonic's trait, as `async_trait` writes it.
pub(crate) fn method_head(
    receiver: Receiver,
    ident: &Ident,
    request: &TokenStream,
    argument: &Type,
    sent: &TokenStream,
) -> TokenStream {
    let (lifetime, receiver, bound) = match receiver {
        Receiver::Reference => {
            (Some(quote!('life0,)), quote!(&'life0 self), Some(quote!('life0: 'async_trait,)))
        }
        Receiver::Arc => (None, quote!(self: __runtime::Arc<Self>), None),
    };
    quote! {
        fn #ident<#lifetime 'async_trait>(
            #receiver,
            #request: #argument,
        ) -> __runtime::Pin<__runtime::Box<
            dyn __runtime::Future<
                Output = __runtime::Result<__runtime::Response<#sent>, __runtime::Status>,
            > + __runtime::Send + 'async_trait,
        >>
        where
            #bound
            Self: 'async_trait,
    }
}

fn self_token() -> Ident {
    Ident::new("self", Span::call_site())
}

/// The first `self` in an expression. The method around the expression has to have the same one,
/// hygiene and all.
fn self_of(tokens: TokenStream) -> Option<Ident> {
    tokens.into_iter().find_map(|token| match token {
        TokenTree::Ident(ident) if ident == "self" => Some(ident),
        TokenTree::Group(group) => self_of(group.stream()),
        _ => None,
    })
}
