//! An interceptor that does nothing changes nothing, byte for byte: what a bare tonic server or
//! client sends and sees, an intercepted one does, too.
//!
//! No socket is in between. A hand-made request goes into the generated server, or a hand-made
//! response into the generated client, and all that comes out is compared with what tonic alone
//! makes of it. The tables of calls are `server/cases` and `client/cases`; the forms that have to be
//! like the bare one are in `server/forms.rs` and `client/forms.rs`; `reading` has the ways to read
//! a stream.

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
