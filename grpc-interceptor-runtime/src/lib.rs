//! The runtime of [`grpc-interceptor`](https://docs.rs/grpc-interceptor): depend on that package,
//! which re-exports everything here and adds the macros.
//!
//! In the order a reader needs them: an [`Interceptor`] gets a typed request, a [`Context`] and a
//! [`Next`], and gives back an [`Outcome`]; a [`Payload`] lets it treat one message and many alike.

#![warn(missing_docs)]

#[allow(missing_docs, clippy::manual_async_fn, reason = "for the macros' code, which needs `Send`")]
mod client;
mod context;
mod error;
mod interceptor;
pub mod interceptors;
mod into_status;
mod message_stream;
mod method_name;
mod next;
mod payload;
#[allow(missing_docs, clippy::manual_async_fn, reason = "for the macros' code, which needs `Send`")]
mod server;
mod source;
mod stream_end;
mod streaming;
#[cfg(feature = "testing")]
pub mod testing;
mod tuple;

pub use client::Transport;
pub use context::{Context, RpcKind, Side};
pub use error::Error;
pub use interceptor::Interceptor;
pub use message_stream::MessageStream;
pub use method_name::{InvalidMethodName, MethodName};
pub use next::{Next, Outcome};
pub use payload::Payload;
pub use server::Intercepted;
pub use stream_end::StreamEnd;

/// What the macros' code calls. Not for people: it may change in any release.
#[doc(hidden)]
pub mod __private;
