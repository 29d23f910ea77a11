//! The runtime of [`grpc-interceptor`](https://docs.rs/grpc-interceptor). Depend on that package:
//! it re-exports everything here and adds the macros and the ready-made interceptors.
//!
//! An [`Interceptor`] takes a typed request, a [`Context`] and a [`Next`], and returns an
//! [`Outcome`]. A [`Payload`] lets it treat single messages and streams alike.

#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod call;
mod chain;
#[allow(missing_docs, clippy::manual_async_fn, reason = "for the macros' code, which needs `Send`")]
mod client;
mod error;
mod layer;
#[allow(missing_docs, reason = "some of it is for the macros' code")]
mod payload;
#[allow(missing_docs, clippy::manual_async_fn, reason = "for the macros' code, which needs `Send`")]
mod server;

pub use call::{CallEnd, Context, EndCause, InvalidMethodName, MethodName, RpcKind, Scope, Side};
pub use chain::{
    AnyNext, Detach, Detached, InScope, Interceptor, List, Next, Observe, Observed, ObservedCall,
    Observer, OnCallEnd, OnEnd, Outcome, When, except, except_services, observe, on_call_end, only,
    services, when,
};
pub use client::Transport;
pub use error::{Error, Panicked};
pub use layer::{
    BoxedErrors, InterceptorLayer, LayerInterceptors, LayerNext, LayerService, StatusErrors,
};
pub use payload::{
    AnyMessage, AnyPayload, EncodedMessage, MessageStream, Payload, RawMessage, RawPayload,
    StreamEnd, trailers,
};
pub use server::{Intercepted, ResponseStream};

/// Items for the macros' generated code and this project's other packages. Not public API: it can
/// change in any release.
#[doc(hidden)]
pub mod __private;
