//! The [model](super::model), printed: a client like the generated one, whose calls go through the interceptors.

use proc_macro2::{Ident, TokenStream};
use quote::{format_ident, quote};
use syn::{FnArg, parse_quote};

use super::model::{Client, Connect, Method};
use crate::generated::{
    body::first_argument,
    kind::Kind,
    methods::{self, Named},
};

pub(crate) fn client(client: &Client, runtime: &TokenStream) -> TokenStream {
    let Client { ident, connect, methods } = client;
    let service = client.service();
    let intercepted = format_ident!("Intercepted{ident}");
    let interceptors = format_ident!("{service}Interceptors");

    let rpc_types = methods.iter().map(|method| &method.ident);
    let rpc_impls = methods.iter().map(|method| rpc_impl(method, runtime));
    let calls = methods.iter().map(|method| call(method, &intercepted, runtime));
    let connect = connect.as_ref().map(|connect| connect_impl(connect, &intercepted));
    let bounds: Vec<_> = methods.iter().map(|method| bound(method, runtime)).collect();

    let rpcs =
        methods.iter().map(|Method { ident, path, kind, .. }| Named { ident, path, kind: *kind });
    let names = methods::methods(rpcs, runtime);
    let with_doc = "Creates a client whose calls go through these interceptors, the first the \
                    outermost.\n\n\
                    `interceptors` is an `Interceptor`: a struct, an async fn with `#[interceptor]` above \
                    it, or a tuple of up to sixteen of these. What isn't one is an error where an RPC is called, as \
                    some interceptors are for some RPCs: with a plain async fn, the compiler says there that the \
                    method's trait bounds were not satisfied.";
    let type_doc = format!(
        "A [`{ident}`] whose calls go through interceptors: made by [`{ident}::with_interceptors`]."
    );
    let trait_doc = format!(
        "What can be given to [`{ident}::with_interceptors`] and serves all RPCs: a name for it in \
         generic code."
    );
    // An RPC may have this name. `new`, on the type that the constructor makes, is there in any case.
    let is_an_rpc = |name: &str| methods.iter().any(|method| method.ident == name);
    let one_at_a_time = (!is_an_rpc("one_at_a_time")).then(|| {
        quote! {
            /// The same as `new`, for a transport that isn't `Clone`, such as tower's `BoxService`.
            ///
            /// Interceptors may call `next` again, except at the same time: the second call gets INTERNAL.
            pub fn one_at_a_time(client: #ident<T>, interceptors: I) -> Self {
                Self { inner: #runtime::InterceptedGrpc::one_at_a_time(client.inner, interceptors) }
            }
        }
    });
    let constructor = (!is_an_rpc("with_interceptors")).then(|| quote! {
        impl<T: #runtime::CloneTransport> #ident<T> {
            #[doc = #with_doc]
            pub fn with_interceptors<I>(inner: T, interceptors: I) -> #intercepted<T, I> {
                let inner = #runtime::InterceptedGrpc::new(#runtime::GrpcClient::new(inner), interceptors);
                #intercepted { inner }
            }
        }
    });
    quote! {
        // Not public, because the messages may belong to this crate alone.
        #[allow(non_camel_case_types, dead_code)]
        pub(crate) mod __rpc {
            #(pub(crate) struct #rpc_types;)*
        }
        #(#rpc_impls)*

        #names

        #constructor

        #[doc = #type_doc]
        pub struct #intercepted<T, I> {
            inner: #runtime::InterceptedGrpc<T, I>,
        }

        impl<T: ::core::clone::Clone, I: ::core::clone::Clone> ::core::clone::Clone for #intercepted<T, I> {
            fn clone(&self) -> Self {
                Self { inner: ::core::clone::Clone::clone(&self.inner) }
            }
        }

        impl<T, I> ::core::fmt::Debug for #intercepted<T, I> {
            fn fmt(&self, formatter: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                ::core::fmt::Debug::fmt(&self.inner, formatter)
            }
        }

        impl<T: #runtime::CloneTransport, I> #intercepted<T, I> {
            /// Puts interceptors around the calls of a client that is there already, with its
            /// origin, compression and limits.
            pub fn new(client: #ident<T>, interceptors: I) -> Self {
                Self { inner: #runtime::InterceptedGrpc::new(client.inner, interceptors) }
            }

            /// The same as the generated client's `with_origin`, with interceptors.
            pub fn with_origin(inner: T, origin: #runtime::Uri, interceptors: I) -> Self {
                let grpc = #runtime::GrpcClient::with_origin(inner, origin);
                Self { inner: #runtime::InterceptedGrpc::new(grpc, interceptors) }
            }
        }

        impl<T: #runtime::Transport, I> #intercepted<T, I> {
            #one_at_a_time
        }

        impl<T, I> #intercepted<T, I> {
            /// Compress requests with the given encoding.
            ///
            /// This requires the server to support it, otherwise it might respond with an error.
            #[must_use]
            pub fn send_compressed(self, encoding: #runtime::CompressionEncoding) -> Self {
                Self { inner: self.inner.send_compressed(encoding) }
            }

            /// Enable decompressing responses.
            #[must_use]
            pub fn accept_compressed(self, encoding: #runtime::CompressionEncoding) -> Self {
                Self { inner: self.inner.accept_compressed(encoding) }
            }

            /// Limits the maximum size of a decoded message.
            ///
            /// Default: `4MB`
            #[must_use]
            pub fn max_decoding_message_size(self, limit: usize) -> Self {
                Self { inner: self.inner.max_decoding_message_size(limit) }
            }

            /// Limits the maximum size of an encoded message.
            ///
            /// Default: `usize::MAX`
            #[must_use]
            pub fn max_encoding_message_size(self, limit: usize) -> Self {
                Self { inner: self.inner.max_encoding_message_size(limit) }
            }
        }

        #connect

        #(#calls)*

        #[doc = #trait_doc]
        pub trait #interceptors<T: #runtime::Transport>: #(#bounds +)* {}

        impl<T: #runtime::Transport, I> #interceptors<T> for I where I: #(#bounds +)* {}
    }
}

/// `connect`, which has one more argument than the generated client's.
fn connect_impl(connect: &Connect, intercepted: &Ident) -> Option<TokenStream> {
    let Connect { attributes, client, signature } = connect;
    let channel = first_argument(client)?;
    let mut signature = signature.clone();
    let Some(FnArg::Typed(endpoint)) = signature.inputs.first() else { return None };
    let endpoint = endpoint.pat.clone();
    signature.inputs.push(parse_quote!(interceptors: I));
    Some(quote! {
        #(#attributes)*
        impl<I> #intercepted<#channel, I> {
            /// Connects to an endpoint, and puts interceptors around the calls, the first the outermost.
            pub #signature {
                Ok(Self::new(<#client>::connect(#endpoint).await?, interceptors))
            }
        }
    })
}

/// What the generated client says about an RPC.
fn rpc_impl(method: &Method, runtime: &TokenStream) -> TokenStream {
    let Method { ident, kind, path, request, response, codec, .. } = method;
    // A stream can't be sent again.
    let clone_message = (!kind.client_streams()).then(|| {
        quote! {
            #[inline]
            fn clone_message(message: &#request) -> #runtime::Option<#request> {
                #[allow(unused_imports)]
                use #runtime::NotClone as _;
                #runtime::TryClone(message).try_clone()
            }
        }
    });
    quote! {
        impl #runtime::Method for __rpc::#ident {
            const NAME: #runtime::MethodName<'static> = #runtime::method_name_of(#path);
            type Request = #request;
            type Response = #response;
            #clone_message
            fn codec() -> impl #runtime::Codec<
                Encode = Self::Request, Decode = Self::Response,
            > + #runtime::Send {
                #codec
            }
        }
    }
}

/// `Interceptor`, for any lifetime of the call.
fn bound(method: &Method, runtime: &TokenStream) -> TokenStream {
    let (ident, kind) = (&method.ident, method.kind);
    let (client_streams, server_streams) = (kind.client_streams(), kind.server_streams());
    quote! {
        for<'call> #runtime::Interceptor<
            #runtime::Call<'call, T, __rpc::#ident, #client_streams, #server_streams>
        >
    }
}

/// The method that makes a call. It is there only if the interceptors are for the RPC.
fn call(method: &Method, intercepted: &Ident, runtime: &TokenStream) -> TokenStream {
    let Method { attributes, ident, kind, argument, returned, .. } = method;
    let bound = bound(method, runtime);
    let into = match kind.client_streams() {
        false => quote!(into_request),
        true => quote!(into_streaming_request),
    };
    let call = match kind {
        Kind::Unary => quote!(unary),
        Kind::ClientStreaming => quote!(client_streaming),
        Kind::ServerStreaming => quote!(server_streaming),
        Kind::Bidirectional => quote!(bidirectional),
    };
    quote! {
        impl<T: #runtime::Transport, I: #bound> #runtime::AsyncFnsHaveInterceptorAboveThem<__rpc::#ident> for #intercepted<T, I> {}

        impl<T: #runtime::Transport, I> #intercepted<T, I>
        where
            Self: #runtime::AsyncFnsHaveInterceptorAboveThem<__rpc::#ident>,
        {
            #(#attributes)*
            pub async fn #ident(&mut self, request: #argument) -> #returned
            where
                I: #bound,
            {
                #runtime::#call::<__rpc::#ident, T, I>(&self.inner, request.#into()).await
            }
        }
    }
}
