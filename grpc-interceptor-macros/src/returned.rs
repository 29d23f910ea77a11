//! What handlers take and return, printed: streams or messages, and what tonic gets of the streams.

use proc_macro2::TokenStream;
use quote::quote;
use syn::Type;

use crate::model::{Returns, Rpc, Service, Stream, Streams};

/// What a handler's response holds, as the runtime's constants have it.
pub(crate) fn returned_kind(service: &Service, rpc: &Rpc) -> TokenStream {
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

/// Whether tonic may get a handler's stream as it is: no interceptor looks at it. It has to yield statuses, which
/// can be asked of a type that doesn't depend on parameters.
fn may_be_kept(service: &Service, rpc: &Rpc) -> bool {
    rpc.chain.is_empty()
        && !service.is_generic()
        && rpc.stream(&service.streams).is_some_and(|stream| !stream.is_opaque())
}

/// What tonic's trait gets for one of the impl's streams.
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

/// Whether a stream is in this type.
pub(crate) fn is_stream(streams: Streams, ty: &Type) -> TokenStream {
    match streams {
        Streams::Known(known) => quote!(#known),
        Streams::Ask => {
            quote!({ use __runtime::NotAStream as _; __runtime::Detect::<#ty>::STREAM })
        }
    }
}
