//! An interceptor that does nothing changes nothing, byte for byte: an intercepted server or client
//! sends and sees exactly what a bare tonic one does.
//!
//! There is no socket. A hand-made request goes into the generated server, or a hand-made response
//! into the generated client, and everything that comes out is compared with plain tonic's output.
//! The tables of calls are in `server/cases` and `client/cases`, the forms that have to match the
//! bare one in `server/forms.rs` and `client/forms.rs`, and the ways to read a stream in `reading`.

mod client;
mod compare;
mod interceptors;
mod raw;
mod reading;
mod server;
mod settings;
mod slowly;
mod text;
mod wire;

use grpc_interceptor::RpcKind;

const KINDS: [RpcKind; 4] =
    [RpcKind::Unary, RpcKind::ClientStreaming, RpcKind::ServerStreaming, RpcKind::Bidirectional];
