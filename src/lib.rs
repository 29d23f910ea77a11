//! Typed, async interceptors for [tonic](https://docs.rs/tonic) gRPC servers and clients.
//!
//! An interceptor is an async fn around an RPC. It gets the request with its typed message, the call's
//! [`Context`] with the RPC's name, kind and deadline, and [`next`](Next), the rest of the chain. It
//! returns the call's [`Outcome`]. [`#[intercepted]`](macro@intercepted) on a service's impl puts a
//! chain around each of its RPCs:
//!
//! ```
//! # mod pb { pub use grpc_interceptor_proto::orders::{*, with_stubs::orders_server}; }
//! use grpc_interceptor::{Context, Next, Outcome, intercepted};
//! use pb::{Order, Receipt, orders_server::Orders};
//! use tonic::{Request, Response, Status};
//!
//! /// Prints a line for every call, even if it fails, times out, panics or is cancelled.
//! async fn log<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
//!     let method = context.method_name();
//!     next.on_call_end(move |end| println!("{method}: {:?}", end.code())).run(request).await
//! }
//!
//! struct MyOrders;
//!
//! #[intercepted(log)]
//! impl Orders for MyOrders {
//!     async fn place_order(&self, request: Request<Order>) -> Result<Response<Receipt>, Status> {
//!         Ok(Response::new(Receipt { order_id: request.into_inner().id, total: 1 }))
//!     }
//! }
//! ```
//!
//! # The guide
//!
#![doc = include_str!("guide/chapters.md")]
//!
//! # Where interceptors go
//!
//! | around | write | for |
//! | --- | --- | --- |
//! | one impl | [`#[intercepted(log, self.auth)]`](macro@intercepted) | a service's own rules: its fields, its errors, RPCs that differ |
//! | one server | [`OrdersServer::with_interceptors(MyOrders, (log, auth))`](macro@intercepted#on-a-generated-server) | handlers that stay plain tonic |
//! | everything a server serves | [`Server::builder().layer(InterceptorLayer::new((log, auth)))`](InterceptorLayer) | logs, metrics, tokens, limits; runs before the message is decoded, and covers health checks and unknown methods |
//! | one client | [`OrdersClient::with_interceptors(channel, (log, retry))`](macro@intercepted#on-a-generated-client) | retries, credentials, tracing |
//!
//! ```text
//! client ─▶ with_interceptors ─▶ the wire ─▶ InterceptorLayer ─▶ tonic decodes
//!                                                                      │
//!            handler ◀─ #[intercepted] ◀─ with_interceptors ◀──────────┘
//!               └─▶ the outcome goes back the same way
//! ```
//!
//! # Items
//!
//! - To write an interceptor: [`Interceptor`](trait@Interceptor), [`Next`], [`Outcome`], [`Context`], [`MethodName`].
//! - For messages and streams: [`Payload`], [`MessageStream`], [`StreamEnd`], [`trailers`]; in a layer, [`RawMessage`].
//! - For the end of a call: [`CallEnd`], [`Observer`].
//! - For errors: [`Error`], [`ErrorToStatus`](interceptors::ErrorToStatus), [`CatchPanic`](interceptors::CatchPanic).
//! - Ready-made interceptors: [`interceptors`].
//!
//! # Features
//!
//! None is on by default. Each exists for the dependency it adds.
//!
//! | feature | for |
//! | --- | --- |
//! | `testing` | `testing::serve`, the dummy service, `Recorder`, `Clock` |
//! | `tracing` | `AccessLog`, `PayloadLog` |
//! | `opentelemetry` | `Trace`, `Metrics::opentelemetry`, `Metrics::grpc` |
//! | `metrics` | `Metrics::prometheus` |
//! | `rpcz` | `Rpcz` |
//! | `prost-reflect` | `AsJson`: messages in the log as JSON, without fields marked `debug_redact` |
//! | `server` | the caller's address in the access log, in spans and on the page of `Rpcz` |
//! | `tonic-types` | rich details of an [`Error`] |
//! | `descriptors` | `InterceptorLayer::descriptors`: the RPCs' kinds from a file descriptor set |
//! | `gzip`, `deflate`, `zstd` | inspecting compressed messages in a layer |

#![warn(missing_docs)]
#![cfg_attr(docsrs, feature(doc_cfg))]

pub mod guide;

#[doc = include_str!("intercepted.md")]
#[doc(inline)]
pub use grpc_interceptor_macros::intercepted;

#[doc = include_str!("interceptor.md")]
#[doc(inline)]
pub use grpc_interceptor_macros::interceptor;

#[doc(inline)]
pub use grpc_interceptor_runtime::{
    BoxedErrors, CallEnd, Context, Detach, Detached, EncodedMessage, EndCause, Error, InScope,
    Intercepted, Interceptor, InterceptorLayer, InvalidMethodName, LayerInterceptors, LayerNext,
    LayerService, MessageStream, MethodName, Next, Observed, ObservedCall, Observer, OnEnd,
    Outcome, Panicked, Payload, RawMessage, RawPayload, ResponseStream, RpcKind, Scope, Side,
    StatusErrors, StreamEnd, Transport, trailers,
};

pub mod interceptors {
    #![doc = include_str!("interceptors.md")]

    #[doc(inline)]
    pub use grpc_interceptor_catalog::{
        CatchPanic, ErrorToStatus, MapError, OnPanic, UnknownDetails,
    };
    // Each by its name, so that the compiler can say which feature is missing.
    #[cfg(feature = "prost-reflect")]
    #[doc(inline)]
    pub use grpc_interceptor_catalog::AsJson;
    #[cfg(any(feature = "metrics", feature = "opentelemetry"))]
    #[doc(inline)]
    pub use grpc_interceptor_catalog::Metrics;
    #[cfg(feature = "tracing")]
    #[doc(inline)]
    pub use grpc_interceptor_catalog::{
        AccessLog, AsDebug, Direction, MessageInfo, PayloadLog, ShowMessage,
    };
    #[cfg(feature = "rpcz")]
    #[doc(inline)]
    pub use grpc_interceptor_catalog::{Rpcz, RpczServer, RpczService};
    #[cfg(feature = "opentelemetry")]
    #[doc(inline)]
    pub use grpc_interceptor_catalog::{Trace, TraceAttempts};
    #[doc(inline)]
    pub use grpc_interceptor_runtime::{
        AnyMessage, AnyNext, AnyPayload, List, Observe, OnCallEnd, When, except, except_services,
        observe, on_call_end, only, services, when,
    };
}

#[cfg(feature = "testing")]
#[doc(inline)]
pub use grpc_interceptor_testing as testing;

#[doc(hidden)]
pub use grpc_interceptor_runtime::__private;
