//! The [model](super::model), printed: the service's trait for a service with interceptors around it. The
//! generated server takes such a service like any other.

use proc_macro2::{Ident, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, format_ident, quote};
use syn::Type;

use super::model::{Method, Server};
use crate::{
    exact,
    expand::{clone_payload, method_head},
    generated::{self, methods::Named},
    model::Receiver,
};

pub(crate) fn server(server: &Server, runtime: &TokenStream) -> TokenStream {
    let Server { ident, service_trait, streams, methods, .. } = server;
    let interceptors = format_ident!("{ident}Interceptors");
    let exact_names = exact_names(server, runtime);
    let rpcs =
        methods.iter().map(|Method { ident, path, kind, .. }| Named { ident, path, kind: *kind });
    let names = generated::methods::methods(rpcs, runtime);
    let streams: Vec<_> = streams.iter().map(|stream| &stream.ident).collect();

    // The service may have this name.
    let list = format_ident!("{}", if service_trait == "I" { "Interceptors" } else { "I" });

    let rpc_types = methods.iter().map(|method| &method.ident);
    let rpc_impls = methods.iter().map(|method| rpc_impl(server, method));
    let heads = methods.iter().map(|method| serve_head(server, method, runtime));
    let serves = methods.iter().map(|method| serve_method(server, method, runtime, &list));
    let service_methods =
        methods.iter().map(|method| service_method(server, method, &interceptors, &list));
    let bounds = methods.iter().map(|method| {
        let rpc = &method.ident;
        quote! {
            for<'call> #runtime::Interceptor<
                #runtime::Chain<'call, #runtime::Arc<T>, __rpc::#rpc, 0>
            >
        }
    });
    // A service may have no RPCs.
    let bounds = quote!(#(#bounds +)* #runtime::Send + #runtime::Sync + 'static);

    let with_doc = "Creates a server whose every call goes through these interceptors, the first the \
                    outermost.\n\n\
                    `interceptors` is an `Interceptor`: a tuple of them, a struct, an async fn with \
                    `#[interceptor]`. For a service that is in an `Arc` already, there is \
                    [`with_interceptors_from_arc`](Self::with_interceptors_from_arc).";
    let from_arc_doc = "Creates a server whose every call goes through these interceptors, around a \
                        shared service.\n\n\
                        In everything else it is the same as \
                        [`with_interceptors`](Self::with_interceptors), and the server has the same type.";
    let trait_doc = format!(
        "What can be given to [`{ident}::with_interceptors`] for the service `T`: it serves all \
         RPCs. A name for it in generic code."
    );
    let not_one = format!("`{{Self}}` is not an interceptor for every RPC of `{service_trait}`");
    quote! {
        // Not public, because the messages may belong to this crate alone.
        #[allow(non_camel_case_types, dead_code)]
        pub(crate) mod __rpc {
            #(pub(crate) struct #rpc_types;)*
        }

        impl<T: #service_trait> #ident<T> {
            #[doc = #with_doc]
            pub fn with_interceptors<#list>(
                inner: T,
                interceptors: #list,
            ) -> #ident<#runtime::Intercepted<T, dyn #interceptors<T>>>
            where
                #list: #interceptors<T>,
            {
                Self::with_interceptors_from_arc(#runtime::Arc::new(inner), interceptors)
            }

            #[doc = #from_arc_doc]
            pub fn with_interceptors_from_arc<#list>(
                inner: #runtime::Arc<T>,
                interceptors: #list,
            ) -> #ident<#runtime::Intercepted<T, dyn #interceptors<T>>>
            where
                #list: #interceptors<T>,
            {
                #ident::new(#runtime::intercepted(inner, #runtime::Arc::new(interceptors)))
            }
        }

        #[doc = #trait_doc]
        #[diagnostic::on_unimplemented(
            message = #not_one,
            label = "not an interceptor for every RPC of this service",
            note = "an interceptor is a type with `impl<N: Next> Interceptor<N>`, an async fn with \
                    `#[interceptor]` above it, a tuple of up to sixteen of these, or a `List`. Its bounds on `N` \
                    have to allow all RPCs of the service. A closure in a variable needs its types, as in \
                    `let predicate = |context: &Context| …` for `when`. If an interceptor detaches the rest of \
                    the chain, the others in its tuple have to be `Clone`. To find the wrong one in a tuple, \
                    leave out one at a time"
        )]
        pub trait #interceptors<T: #service_trait>: #runtime::Send + #runtime::Sync + 'static {
            #(#[doc(hidden)] #heads;)*
        }

        #[diagnostic::do_not_recommend]
        impl<T: #service_trait, #list: #bounds> #interceptors<T> for #list {
            #(#serves)*
        }

        #names

        #exact_names

        const _: () = {
            use #runtime as __runtime;
            #(#rpc_impls)*

            #[allow(deprecated, clippy::all, clippy::pedantic)]
            impl<T: #service_trait, #list: #interceptors<T> + ?::core::marker::Sized> #service_trait for __runtime::Intercepted<T, #list> {
                #(type #streams = __runtime::ResponseStream<T::#streams>;)*
                #(#service_methods)*
            }
        };
    }
}

/// The RPCs' names, on the type that an impl reaches through the trait, by any name that it has for that.
fn exact_names(server: &Server, runtime: &TokenStream) -> TokenStream {
    let Server { ident, service_trait, streams, methods, .. } = server;
    let service = exact::service();
    let parameters: Vec<_> = (0..streams.len()).map(|at| format_ident!("S{at}")).collect();
    let bounds = streams.iter().map(|stream| &stream.bounds);
    let names = streams.iter().map(|stream| &stream.ident);
    let constants = methods.iter().map(|method| {
        let (constant, path) = (exact::constant(&method.ident), &method.path);
        quote! {
            #[doc(hidden)]
            pub const #constant: #runtime::Option<&'static str> = #runtime::Option::Some(#path);
        }
    });
    quote! {
        #[allow(dead_code)]
        impl<#(#parameters: #bounds),*> dyn #service_trait<#(#names = #parameters),*> {
            #[doc(hidden)]
            pub const #service: #runtime::Option<&'static str> =
                #runtime::Option::Some(<#ident<()> as #runtime::NamedService>::NAME);
            #(#constants)*
        }
    }
}

/// What the generated server says about an RPC, and the end of its chain: the service's own method.
fn rpc_impl(server: &Server, method: &Method) -> TokenStream {
    let service_trait = &server.service_trait;
    let Method { ident, kind, argument, sent, path, .. } = method;
    let client_streams = kind.client_streams();
    let returned = of_service(sent.to_token_stream());
    let returned_kind = match () {
        () if is_own_stream(sent) => quote!(OWN_STREAM),
        () if kind.server_streams() => quote!(BOXED_STREAM),
        () => quote!(MESSAGE),
    };
    let service = match server.receiver {
        Receiver::Reference => quote!(__service),
        Receiver::Arc => quote!(__runtime::Clone::clone(__service)),
    };
    // A stream can't be sent again.
    let clone_payload =
        (!client_streams).then(|| clone_payload(Span::call_site(), &quote!(__runtime::Arc<T>)));
    quote! {
        impl<T: #service_trait> __runtime::Rpc<__runtime::Arc<T>> for __rpc::#ident {
            const NAME: __runtime::MethodName<'static> = __runtime::method_name_of(#path);
            type Argument = #argument;
            type ArgumentKind = __runtime::ArgumentKind<#client_streams>;
            type Returned =
                __runtime::Result<__runtime::Response<#returned>, __runtime::Status>;
            type ReturnedKind = __runtime::ReturnedKind<{ __runtime::#returned_kind }>;
            #clone_payload
        }

        impl<T: #service_trait> __runtime::Link<__runtime::Arc<T>, 0> for __rpc::#ident {
            #[allow(deprecated)]
            fn run(
                __service: &__runtime::Arc<T>,
                mut __request: __runtime::ChainRequest<Self, __runtime::Arc<T>>,
                __context: __runtime::Context,
            ) -> impl __runtime::Future<
                Output = __runtime::ChainOutcome<Self, __runtime::Arc<T>>,
            > + __runtime::Send {
                // The service may have interceptors of its own.
                if let __runtime::Option::Some(deadline) =
                    __runtime::deadline_to_carry(__context, __request.metadata())
                {
                    __request.extensions_mut().insert(deadline);
                }
                __runtime::handle::<Self, __runtime::Arc<T>, _, __runtime::Held<false>>(__request, move |__argument| {
                    <T as #service_trait>::#ident(#service, __argument)
                })
            }
        }
    }
}

/// The method of the interceptors' trait that runs an RPC of a service through them.
///
/// It is called through a `dyn`. If it were called by its type, the compiler would prove at each call that the
/// interceptors fit all RPCs. For a service with many RPCs, that takes longer than everything else.
fn serve_head(server: &Server, method: &Method, runtime: &TokenStream) -> TokenStream {
    let Method { ident, argument, .. } = method;
    let name = serve_name(ident);
    let (lifetime, interceptors, service, lives) = match server.receiver {
        Receiver::Reference => {
            (Some(quote!(<'call>)), quote!(&'call self), quote!(&'call), quote!('call))
        }
        Receiver::Arc => (None, quote!(self: #runtime::Arc<Self>), quote!(), quote!('static)),
    };
    quote! {
        fn #name #lifetime(
            #interceptors,
            service: #service #runtime::Arc<T>,
            request: #argument,
        ) -> #runtime::Served<#lives, __rpc::#ident, #runtime::Arc<T>>
    }
}

fn serve_method(
    server: &Server,
    method: &Method,
    runtime: &TokenStream,
    list: &Ident,
) -> TokenStream {
    let head = serve_head(server, method, runtime);
    let ident = &method.ident;
    let serve = match server.receiver {
        Receiver::Reference => quote!(serve_intercepted),
        Receiver::Arc => quote!(serve_intercepted_arc),
    };
    quote!(#head { #runtime::#serve::<__rpc::#ident, T, #list>(self, service, request) })
}

/// A method of the service's trait: it starts the chain.
fn service_method(
    server: &Server,
    method: &Method,
    interceptors: &Ident,
    list: &Ident,
) -> TokenStream {
    let Method { attributes, ident, argument, sent, .. } = method;
    let head =
        method_head(server.receiver, ident, &quote!(__request), argument, &sent.to_token_stream());
    let name = serve_name(ident);
    let parts = match server.receiver {
        Receiver::Reference => quote!(parts),
        Receiver::Arc => quote!(shared_parts),
    };
    quote! {
        #(#attributes)*
        #head {
            let (__interceptors, __service) = __runtime::#parts(&self);
            <#list as #interceptors<T>>::#name(__interceptors, __service, __request)
        }
    }
}

/// Another name than the service's own trait has, so that its methods are not hidden.
fn serve_name(rpc: &Ident) -> Ident {
    format_ident!("__{}", rpc)
}

/// Whether a type is `Self::ChatStream`.
fn is_own_stream(sent: &Type) -> bool {
    matches!(sent, Type::Path(path) if path.path.segments.first().is_some_and(|first| first.ident == "Self"))
}

/// A type of the trait as the service `T` has it.
fn of_service(ty: TokenStream) -> TokenStream {
    ty.into_iter()
        .map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => {
                TokenTree::Ident(Ident::new("T", ident.span()))
            }
            token => token,
        })
        .collect()
}
