//! What handlers take and return, printed: streams or messages, and what tonic gets for the streams.

use proc_macro2::{Group, Span, TokenStream, TokenTree};
use quote::{ToTokens as _, quote, quote_spanned};
use syn::{GenericArgument, PathArguments, Type, spanned::Spanned as _};

use crate::model::{Returns, Rpc, Service, Stream, Streams, is_called};

/// What a handler's response holds, as the runtime's constants have it.
pub(crate) fn returned_kind(service: &Service, rpc: &Rpc) -> TokenStream {
    let kind = kind_if_right(service, rpc);
    match to_be_checked(service, rpc) {
        None => kind,
        Some(returned) => quote! {
            {
                use __runtime::{NoResponse as _, NotReturned as _};
                __runtime::checked_kind(
                    __runtime::DetectReturned::<#returned>::IS_RIGHT,
                    __runtime::DetectResponse::<#returned>::HAS_ONE,
                    #kind,
                )
            }
        },
    }
}

/// The error if a handler returns something that isn't a `Result` of a `Response`.
pub(crate) fn check(service: &Service, rpc: &Rpc) -> Option<TokenStream> {
    let span = rpc.returned.span().resolved_at(Span::mixed_site());
    to_be_checked(service, rpc).map(
        |returned| quote_spanned!(span=> const _: () = __runtime::assert_returned::<#returned>();),
    )
}

/// What a handler returns, if its text leaves open whether that is right, and if the compiler can tell: if the type
/// doesn't depend on parameters.
fn to_be_checked(service: &Service, rpc: &Rpc) -> Option<TokenStream> {
    let is_known = match rpc.returns {
        Returns::OwnStream(at) => !service.is_generic() && !service.streams[at].is_opaque(),
        Returns::MessageOrBoxedStream(streams) => streams == Streams::Ask,
    };
    (is_known && !is_plainly_right(&rpc.returned))
        .then(|| with_streams(rpc.returned.to_token_stream(), &service.self_type))
}

/// Whether a type is `Result<Response<…>, Status>`, by its text.
fn is_plainly_right(returned: &Type) -> bool {
    match arguments_of(returned, "Result").as_slice() {
        [GenericArgument::Type(response), GenericArgument::Type(status)] => {
            !arguments_of(response, "Response").is_empty() && is_called(status, "Status")
        }
        _ => false,
    }
}

/// `A, B` in `name<A, B>`.
fn arguments_of(ty: &Type, name: &str) -> Vec<GenericArgument> {
    let Type::Path(path) = ty else { return Vec::new() };
    match path.path.segments.last().map(|last| &last.arguments) {
        Some(PathArguments::AngleBracketed(arguments)) if is_called(ty, name) => {
            arguments.args.iter().cloned().collect()
        }
        _ => Vec::new(),
    }
}

/// A type for use outside of the impl, where `Self::ChatStream` has another name.
fn with_streams(tokens: TokenStream, self_type: &Type) -> TokenStream {
    tokens
        .into_iter()
        .flat_map(|token| match token {
            TokenTree::Ident(ident) if ident == "Self" => quote!(<#self_type as __Streams>),
            TokenTree::Group(group) => {
                let inner = with_streams(group.stream(), self_type);
                TokenTree::Group(Group::new(group.delimiter(), inner)).into()
            }
            token => token.into(),
        })
        .collect()
}

fn kind_if_right(service: &Service, rpc: &Rpc) -> TokenStream {
    match rpc.returns {
        Returns::OwnStream(at) if may_be_kept(service, rpc) => {
            let (self_type, stream) = (&service.self_type, &service.streams[at].ident);
            quote! {
                {
                    use __runtime::NoStatus as _;
                    match __runtime::DetectStatus::<<#self_type as __Streams>::#stream>::YIELDED {
                        true => __runtime::KEPT_STREAM,
                        false => __runtime::OWN_STREAM,
                    }
                }
            }
        }
        Returns::OwnStream(_) => quote!(__runtime::OWN_STREAM),
        Returns::MessageOrBoxedStream(streams) => {
            let stream = is_stream(streams, &rpc.returned);
            quote!(if #stream { __runtime::BOXED_STREAM } else { __runtime::MESSAGE })
        }
    }
}

/// Whether tonic may get a handler's stream as it is, because no interceptor looks at it. The stream has to yield
/// statuses, which the compiler can tell if its type doesn't depend on parameters.
fn may_be_kept(service: &Service, rpc: &Rpc) -> bool {
    rpc.chain.is_empty()
        && !service.is_generic()
        && rpc.stream(&service.streams).is_some_and(|stream| !stream.is_opaque())
}

/// The type that tonic's trait gets for one of the impl's streams.
pub(crate) fn sent_stream(service: &Service, stream: &Stream) -> TokenStream {
    let (self_type, ident) = (&service.self_type, &stream.ident);
    let rpc = service
        .rpcs
        .iter()
        .find(|rpc| rpc.stream(&service.streams).is_some_and(|stream| stream.ident == *ident));
    match rpc {
        Some(rpc) if stream.is_opaque() => {
            let rpc = rpc.ident();
            quote!(__runtime::ResponseStream<<__rpc::#rpc as __runtime::StreamOf<#self_type>>::Stream>)
        }
        Some(rpc) if may_be_kept(service, rpc) => {
            let kind = returned_kind(service, rpc);
            quote!(__runtime::SentStream<<#self_type as __Streams>::#ident, { #kind }>)
        }
        _ => quote!(__runtime::ResponseStream<<#self_type as __Streams>::#ident>),
    }
}

/// What a handler's argument holds. If its text leaves open whether it is a `Request`, the compiler is asked, too.
pub(crate) fn argument_kind(rpc: &Rpc) -> TokenStream {
    let argument = &rpc.argument;
    let streams = is_stream(rpc.client_streams, argument);
    match rpc.client_streams == Streams::Ask && !is_called(argument, "Request") {
        false => quote!(__runtime::ArgumentKind<{ #streams }>),
        true => quote! {
            __runtime::CheckedArgument<
                { use __runtime::NoRequest as _; __runtime::DetectRequest::<#argument>::IS_RIGHT },
                { #streams },
            >
        },
    }
}

/// Whether a stream is in this type.
fn is_stream(streams: Streams, ty: &Type) -> TokenStream {
    match streams {
        Streams::Known(known) => quote!(#known),
        Streams::Ask => {
            quote!({ use __runtime::NotAStream as _; __runtime::Detect::<#ty>::STREAM })
        }
    }
}
