//! The [model](crate::model), printed.
//!
//! Everything goes into one `const _`, so that none of its names are visible outside. Each RPC gets a trait
//! with the handler as the user wrote it, one small impl for each place in its chain, and the method of
//! tonic's trait, which starts the chain. The runtime does the work.
//!
//! The handlers' bodies see our names. Two underscores before each keep them apart from the user's.

#[cfg(test)]
mod tests;

use proc_macro2::{Group, Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{Path, PathArguments, Type, spanned::Spanned as _};

use crate::{
    exact,
    model::{CalledAs, Receiver, Returns, Rpc, Service, Stream},
    names,
    returned::{self, argument_kind, returned_kind, sent_stream},
};

/// The impl, with its chains.
pub(crate) fn service(service: &Service) -> TokenStream {
    let Service { runtime, outer_attributes, async_traits, .. } = service;
    let service_trait = importable(&service.service_trait);
    let service_name = names::service(service);
    let streams = streams(service);
    let rpc_types = service.rpcs.iter().map(|rpc| {
        let (cfgs, ident) = (rpc.cfgs(), without_lints(rpc.ident()));
        quote!(#(#cfgs)* pub(super) struct #ident;)
    });
    let rpcs = service.rpcs.iter().map(|rpc| {
        let (cfgs, handler, rpc_impl, links) =
            (rpc.cfgs(), handler(service, rpc), rpc_impl(service, rpc), links(service, rpc));
        // In its own block, so that one handler doesn't see the others' traits.
        quote! {
            #(#cfgs)*
            const _: () = { #handler #rpc_impl #links };
        }
    });
    let service_impl = service_impl(service);
    let no_names = exact::fallback(&service.rpcs);
    quote! {
        #(#outer_attributes)*
        const _: () = {
            use #runtime::__private as __runtime;
            use __runtime::{Future as __Future, Send as __Send};
            // A handler may call another RPC of its service: `self.say_hello(…)`.
            use #service_trait as _;
            // For interceptors that are named like fns.
            use __runtime::{MakesAnInterceptor as _, entry_forms::*};
            #(
                // Nothing needs it, and a public import is never called unused.
                pub use #async_traits as _;
            )*
            /// The RPCs, as types.
            mod __rpc { #(#rpc_types)* }
            #no_names
            #streams
            #service_name
            #(#rpcs)*
            #service_impl
        };
    }
}

/// A path in a form that can be imported, and that no lint calls unused.
fn importable(path: &Path) -> Path {
    let mut path = path.clone();
    if let Some(colons) = &mut path.leading_colon {
        colons.spans = colons.spans.map(|span| span.resolved_at(Span::mixed_site()));
    }
    for segment in &mut path.segments {
        segment.arguments = PathArguments::None;
        // With another span, `$crate` would mean another crate.
        if segment.ident != "$crate" {
            segment.ident = without_lints(&segment.ident);
        }
    }
    path
}

/// A word of the user's as the name of something that the macro makes. Lints are for what the user wrote, so
/// this name is exempt from them.
pub(crate) fn without_lints(ident: &Ident) -> Ident {
    let mut ident = ident.clone();
    ident.set_span(ident.span().resolved_at(Span::mixed_site()));
    ident
}

/// The stream types as the user wrote them. The handlers call them `Self::SayHelloStream`.
fn streams(service: &Service) -> TokenStream {
    if !has_streams(service) {
        return TokenStream::new();
    }
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let self_type = &service.self_type;
    let own = || service.streams.iter().filter(|stream| !stream.is_opaque());
    let declared = own().map(|stream| {
        let (cfgs, ident) = (stream.cfgs(), without_lints(&stream.ident));
        quote!(#(#cfgs)* type #ident;)
    });
    let defined = own().map(|Stream { attributes, ident, ty }| {
        let ident = without_lints(ident);
        quote_spanned!(ident.span()=> #(#attributes)* type #ident = #ty;)
    });
    quote! {
        // Public, because public types are made of it.
        pub trait __Streams { #(#declared)* }
        impl #impl_generics __Streams for #self_type #where_clause { #(#defined)* }
    }
}

/// Whether there is a trait `__Streams`.
fn has_streams(service: &Service) -> bool {
    service.streams.iter().any(|stream| !stream.is_opaque())
}

/// The handler as the user wrote it, in its own trait.
fn handler(service: &Service, rpc: &Rpc) -> TokenStream {
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let Service { self_type, other_attributes, .. } = service;
    let Rpc { attributes, signature, body, argument, returned, .. } = rpc;
    let ident = rpc.ident();
    let receiver = match service.receiver {
        Receiver::Reference => quote!(&self),
        Receiver::Arc => quote!(self: __runtime::Arc<Self>),
    };
    let context = rpc.takes_context.then(|| quote!(, __context: __runtime::Context));
    let streams = has_streams(service).then(|| quote!(: __Streams));
    // The type of `impl Stream<…>` is known only where the handler is.
    let opaque = rpc.stream(&service.streams).filter(|stream| stream.is_opaque());
    let declared = opaque.map(|Stream { ident, .. }| quote!(type #ident;));
    let defined =
        opaque.map(|Stream { attributes, ident, ty }| quote!(#(#attributes)* type #ident = #ty;));
    let named = opaque.map(|Stream { ident: stream, .. }| {
        quote! {
            impl #impl_generics __runtime::StreamOf<#self_type> for __rpc::#ident #where_clause {
                type Stream = <#self_type as __Handler>::#stream;
            }
        }
    });
    quote! {
        // Private, because the types that a handler takes and returns may be private.
        trait __Handler #streams {
            type Argument;
            type Returned;
            #declared
            fn #ident(#receiver, __request: Self::Argument #context)
                -> impl __runtime::Future<Output = Self::Returned> + __runtime::Send;
        }
        #(#other_attributes)*
        impl #impl_generics __Handler for #self_type #where_clause {
            type Argument = #argument;
            type Returned = #returned;
            #defined
            #(#attributes)*
            #signature #body
        }
        #named
    }
}

/// The RPC's name, and what it takes and returns.
fn rpc_impl(service: &Service, rpc: &Rpc) -> TokenStream {
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let (self_type, holder) = (&service.self_type, holder(service));
    let (ident, name) = (rpc.ident(), &rpc.name);
    // An error about one of these two types is shown at the type that the user wrote.
    let span = rpc.argument.span().resolved_at(Span::mixed_site());
    let argument = quote_spanned!(span=> <#self_type as __Handler>::Argument);
    let clone_payload = clone_payload(span, &holder);
    let span = rpc.returned.span().resolved_at(Span::mixed_site());
    let returned = quote_spanned!(span=> <#self_type as __Handler>::Returned);
    let argument_kind = argument_kind(rpc);
    let method_name = names::method(service, rpc);
    // A wrong name is an error even if nobody calls the RPC.
    let known = (!service.is_generic()).then(|| {
        quote! {
            const _: __runtime::MethodName<'static> =
                <__rpc::#ident as __runtime::Rpc<#holder>>::NAME;
        }
    });
    let (returned_kind, check_returned) =
        (returned_kind(service, rpc), returned::check(service, rpc));
    quote! {
        const __NAME: &[u8] =
            &__runtime::name_bytes::<{ __runtime::name_length(__SERVICE, #name) }>(__SERVICE, #name);
        impl #impl_generics __runtime::Rpc<#holder> for __rpc::#ident #where_clause {
            const NAME: __runtime::MethodName<'static> = #method_name;
            type Argument = #argument;
            type ArgumentKind = #argument_kind;
            type Returned = #returned;
            type ReturnedKind = __runtime::ReturnedKind<{ #returned_kind }>;
            #clone_payload
        }
        #check_returned
        #known
    }
}

/// The fn that copies a request's message. It is printed, because only here does the compiler know whether
/// the message is `Clone`.
pub(crate) fn clone_payload(span: Span, holder: &TokenStream) -> TokenStream {
    quote_spanned! {span=>
        #[inline]
        fn clone_payload(
            __payload: &__runtime::ChainPayload<Self, #holder>,
        ) -> __runtime::Option<__runtime::ChainPayload<Self, #holder>> {
            use __runtime::NotClone as _;
            __runtime::TryClone(__payload).try_clone()
        }
    }
}

/// The type in which a chain holds the service.
fn holder(service: &Service) -> TokenStream {
    let self_type = &service.self_type;
    match service.receiver {
        Receiver::Reference => quote!(#self_type),
        Receiver::Arc => quote!(__runtime::Arc<#self_type>),
    }
}

/// Whether the rest of a chain, from this place on, is a piece that is optimized alone. The time for one piece
/// grows faster than its length.
fn begins_piece(at: usize) -> bool {
    at > 0 && at.is_multiple_of(2)
}

/// Whether the compiler is asked for the layout of this place's future before it meets the places in front. An
/// interceptor may be three futures deep, each future takes the compiler five steps, and it goes no deeper
/// than 128.
fn is_laid_out_first(at: usize) -> bool {
    at > 0 && at.is_multiple_of(4)
}

/// The places of an RPC's chain: one for each interceptor, and one for the handler after the last.
fn links(service: &Service, rpc: &Rpc) -> TokenStream {
    let (ident, self_type, holder) = (rpc.ident(), &service.self_type, holder(service));
    let interceptors = rpc.chain.iter().enumerate().map(|(at, entry)| {
        // An error about an interceptor is shown at its entry in the list.
        let span = Span::mixed_site().located_at(entry.span());
        let mut span_of_future = span;
        let expression = outside_of_the_impl(entry.expression.to_token_stream(), self_type);
        let behind = at + 1;
        let run = match entry.called_as() {
            CalledAs::Function => {
                // If the fn's bounds don't fit, the compiler finds that at its name, at what it is given to, and
                // at what it returns. With one span for all of them, it shows one error.
                span_of_future = entry.span();
                let next = quote_spanned!(span=> __next);
                let arguments = quote_spanned!(span=> __request, __context);
                quote_spanned! {span_of_future=>
                    __runtime::Entry(&#expression, #next).run::<__runtime::ThisFn>(#arguments)
                }
            }
            CalledAs::Place => quote_spanned! {span=>
                __runtime::Interceptor::intercept(&#expression, __request, __context, __next)
            },
            CalledAs::Value => quote_spanned! {span=>
                __runtime::intercept(#expression, __request, __context, __next)
            },
            CalledAs::Made => {
                let callee = entry.callee().to_token_stream();
                let function = outside_of_the_impl(callee, self_type);
                quote_spanned! {span=>
                    __runtime::intercept(
                        __runtime::Called(&#function, __next).interceptor::<__runtime::Parentheses>(),
                        __request, __context, __next,
                    )
                }
            }
        };
        let run = match service.is_like_a_field(entry) {
            true => in_a_method(service, rpc, behind, span, &run),
            false => run,
        };
        let run =
            if begins_piece(at) { quote_spanned!(span=> __runtime::outlined(#run)) } else { run };
        let run = quote_spanned! {span=>
            let __next = __runtime::Chain::<#holder, __rpc::#ident, #behind> {
                service: __service,
                context: __context,
                rpc: __runtime::PhantomData,
            };
            #run
        };
        link(service, rpc, at, span_of_future, &run)
    });
    let span = Span::mixed_site().located_at(ident.span());
    let service_value = match service.receiver {
        Receiver::Reference => quote_spanned!(span=> __service),
        Receiver::Arc => quote_spanned!(span=> __runtime::Clone::clone(__service)),
    };
    let context = rpc.takes_context.then(|| quote_spanned!(span=> , __context));
    let is_large = is_large(service, rpc);
    let run = quote_spanned! {span=>
        __runtime::handle::<Self, #holder, _, __runtime::Held<#is_large>>(__request, move |__argument| {
            <#self_type as __Handler>::#ident(#service_value, __argument #context)
        })
    };
    let handler = link(service, rpc, rpc.chain.len(), span, &run);
    let layouts = (!service.is_generic()).then(|| layouts(service, rpc)).flatten();
    let layouts = layouts.map(|layouts| quote!(const _: () = #layouts;));
    // The last place first. The compiler looks at them in this order, so it knows an inner future when it comes to
    // the one around it.
    let interceptors = interceptors.rev();
    quote!(#handler #(#interceptors)* #layouts)
}

/// The code of a place, moved into a method of the service. There the compiler suggests `self.` if the entry is the
/// name of a field, and of nothing else.
fn in_a_method(
    service: &Service,
    rpc: &Rpc,
    behind: usize,
    span: Span,
    run: &TokenStream,
) -> TokenStream {
    let (ident, self_type, holder) = (rpc.ident(), &service.self_type, holder(service));
    // With this span it is the `self` that the compiler looks for.
    let receiver = quote!(&self);
    let head = quote_spanned! {span=>
        fn run<'a>(
            #receiver,
            __request: __runtime::ChainRequest<__rpc::#ident, #holder>,
            __context: __runtime::Context,
            __next: __runtime::Chain<'a, #holder, __rpc::#ident, #behind>,
        ) -> impl __runtime::Future<Output = __runtime::ChainOutcome<__rpc::#ident, #holder>>
            + __runtime::Send
    };
    quote_spanned! {span=>
        {
            trait __Method { #head; }
            impl __Method for #self_type { #head { #run } }
            <#self_type as __Method>::run(__service, __request, __context, __next)
        }
    }
}

/// Whether the handler's future is large. In a generic impl its size isn't known.
fn is_large(service: &Service, rpc: &Rpc) -> TokenStream {
    if service.is_generic() {
        return quote!({ __runtime::GENERIC_IS_LARGE });
    }
    let (ident, self_type) = (rpc.ident(), &service.self_type);
    let is_large = if rpc.takes_context { quote!(is_large_with_context) } else { quote!(is_large) };
    quote!({ __runtime::#is_large(&<#self_type as __Handler>::#ident) })
}

/// In a long chain, the compiler is asked for the inner futures before it meets the whole. The outer ones, which
/// come last, then go no deeper than to the next one that it knows.
fn layouts(service: &Service, rpc: &Rpc) -> Option<TokenStream> {
    let (ident, holder) = (rpc.ident(), holder(service));
    let places: Vec<usize> =
        (0..rpc.chain.len()).rev().filter(|&at| is_laid_out_first(at)).collect();
    (!places.is_empty())
        .then(|| quote!({ #(__runtime::lay_out::<#holder, __rpc::#ident, #places>();)* }))
}

/// One place of an RPC's chain. An error about its future is shown at `span_of_future`.
fn link(
    service: &Service,
    rpc: &Rpc,
    at: usize,
    span_of_future: Span,
    run: &TokenStream,
) -> TokenStream {
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let (ident, holder) = (rpc.ident(), holder(service));
    let span = Span::mixed_site().located_at(span_of_future);
    // The names have no path: at the user's span, a lint would call it unnecessary.
    let future = quote_spanned! {span_of_future=>
        impl __Future<Output = __runtime::ChainOutcome<Self, #holder>> + __Send
    };
    quote_spanned! {span=>
        impl #impl_generics __runtime::Link<#holder, #at> for __rpc::#ident #where_clause {
            #[inline]
            fn run(
                __service: &#holder,
                __request: __runtime::ChainRequest<Self, #holder>,
                __context: __runtime::Context,
            ) -> #future {
                #run
            }
        }
    }
}

/// An entry's expression for use outside of the service's impl, where `self` and `Self` have other names.
fn outside_of_the_impl(tokens: TokenStream, self_type: &Type) -> TokenStream {
    let mut tokens = tokens.into_iter().peekable();
    let mut outside = TokenStream::new();
    while let Some(token) = tokens.next() {
        match token {
            // `self::own` is a path.
            TokenTree::Ident(ident) if ident == "self" && !is_colon(tokens.peek()) => {
                let span = Span::mixed_site().located_at(ident.span());
                outside.extend(quote_spanned!(span=> __service));
            }
            TokenTree::Ident(ident) if ident == "Self" => {
                outside.extend(match is_colon(tokens.peek()) {
                    true => quote!(<#self_type>),
                    false => as_expression(self_type).to_token_stream(),
                });
            }
            TokenTree::Group(group) => {
                let inner = outside_of_the_impl(group.stream(), self_type);
                let mut inner = Group::new(group.delimiter(), inner);
                inner.set_span(group.span());
                outside.extend([TokenTree::Group(inner)]);
            }
            token => outside.extend([token]),
        }
    }
    outside
}

fn is_colon(token: Option<&TokenTree>) -> bool {
    matches!(token, Some(TokenTree::Punct(punct)) if punct.as_char() == ':')
}

/// A type in the form that expressions need: `Service::<T>`.
fn as_expression(ty: &Type) -> Type {
    let mut ty = ty.clone();
    if let Type::Path(path) = &mut ty {
        for segment in &mut path.path.segments {
            if let PathArguments::AngleBracketed(arguments) = &mut segment.arguments {
                arguments.colon2_token.get_or_insert_default();
            }
        }
    }
    ty
}

/// tonic's trait: each method starts its chain. Its signature is the one that `async_trait` writes.
fn service_impl(service: &Service) -> TokenStream {
    let (impl_generics, _, where_clause) = service.generics.split_for_impl();
    let Service { service_trait, self_type, .. } = service;
    let streams = service.streams.iter().map(|stream| {
        let (cfgs, ident, sent) = (stream.cfgs(), &stream.ident, sent_stream(service, stream));
        let span = Span::call_site().located_at(ident.span());
        quote_spanned!(span=> #(#cfgs)* type #ident = #sent;)
    });
    let holder = holder(service);
    let serve = match service.receiver {
        Receiver::Reference => quote!(serve),
        Receiver::Arc => quote!(serve_arc),
    };
    let methods = service.rpcs.iter().map(|rpc| {
        let (ident, argument, docs, cfgs) = (rpc.ident(), &rpc.argument, rpc.docs(), rpc.cfgs());
        let sent = match rpc.returns {
            Returns::OwnStream(at) => {
                let stream = &service.streams[at].ident;
                quote!(Self::#stream)
            }
            Returns::MessageOrBoxedStream(_) => quote!(__runtime::Sent<__rpc::#ident, #holder>),
        };
        let head = method_head(service.receiver, ident, &quote!(__request), argument, &sent);
        // If tonic's trait has no such method, the error is shown at the user's method.
        let span = Span::call_site().located_at(ident.span());
        // In a generic impl they are known here, where its parameters are.
        let layouts = service.is_generic().then(|| layouts(service, rpc)).flatten();
        let layouts = layouts.map(|layouts| quote!(const #layouts));
        quote_spanned! {span=>
            #(#docs)*
            #(#cfgs)*
            #head {
                #layouts
                __runtime::#serve::<__rpc::#ident, _>(self, __request)
            }
        }
    });
    // A missing method is shown at the impl.
    let span = Span::call_site().located_at(service_trait.span());
    quote_spanned! {span=>
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
    let span = Span::call_site().located_at(ident.span());
    quote_spanned! {span=>
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
