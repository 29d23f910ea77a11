use std::{fmt, sync::Arc};

use tonic::codegen::http::request::Parts;
use tower_layer::Layer;

use super::{next::LayerInterceptors, options::Options, service::LayerService};
use crate::{MethodName, RpcKind, Side};

/// A [`tower_layer::Layer`] that runs interceptors around a whole server or channel, whichever tool
/// generated the services.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs as pb;
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{
///     Context, Interceptor, InterceptorLayer, Next, Outcome,
///     interceptors::{except, on_call_end, when},
/// };
/// use pb::greeter_server::methods;
/// use tonic::{Request, Status, transport::Server};
///
/// struct Auth;
///
/// impl<N: Next> Interceptor<N> for Auth {
///     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///         match request.metadata().contains_key("authorization") {
///             true => next.run(request).await,
///             false => Err(Status::unauthenticated("no credentials")),
///         }
///     }
/// }
///
/// let log = on_call_end(|context, end| println!("{} {:?}", context.method_name(), end.code()));
/// let auth = when(except([methods::SAY_HELLO]), Auth);
///
/// let router = Server::builder()
///     .layer(InterceptorLayer::new((log, auth)))
///     .add_service(GreeterServer::new(MyGreeter)); // and health, reflection, …
/// ```
///
/// On a client, it wraps the channel, and any generated client accepts the result:
///
/// ```
/// # use grpc_interceptor_proto::greeter::greeter_client::GreeterClient;
/// use grpc_interceptor::{InterceptorLayer, interceptors::on_call_end};
/// use tonic::transport::Endpoint;
/// use tower::ServiceBuilder;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() {
/// let log = on_call_end(|context, end| println!("{} {:?}", context.method_name(), end.code()));
/// let channel = Endpoint::from_static("http://localhost:50051").connect_lazy();
/// let channel = ServiceBuilder::new().layer(InterceptorLayer::new(log)).service(channel);
/// let client = GreeterClient::new(channel);
/// # }
/// ```
///
/// It can also wrap a single generated server, tonic's `Routes` and axum's `Router`. Other tower
/// layers can be outside and inside it.
///
/// # What an interceptor sees
///
/// An interceptor for any `N: Next` works here unchanged. Some things differ from a typed service:
///
/// - It runs **before the message is read**. If it refuses the call, the rest of the request is
///   never buffered.
/// - [`Context::method_name`](crate::Context::method_name) is exactly the request's path. It also
///   sees calls to RPCs that aren't implemented, and their UNIMPLEMENTED.
/// - [`Context::kind`](crate::Context::kind) is [`RpcKind::Unknown`], unless the layer was given
///   the RPC's kind with [`methods`](Self::methods) or, with the feature `descriptors`, with
///   `descriptors`.
/// - `N::Request` and `N::Response` are [`RawPayload`](crate::RawPayload)s: streams of
///   [`RawMessage`](crate::RawMessage)s, even if the RPC has a single message.
/// - A response that has begun is `Ok`, and its status comes at the end of the stream, even for a
///   unary RPC. `Err` is a response that consists only of a status.
///   [`on_call_end`](crate::Next::on_call_end) reports the final status in both cases. An
///   interceptor that retries does so on `Err`.
/// - [`Next::clone_request`](crate::Next::clone_request) returns a copy if the request is a single
///   message that is fully available, for example in a client's unary or server-streaming call. On
///   a server that depends on the network, so it can return `None`.
///
/// Until an interceptor inspects messages, the frames of a body pass unchanged. Nothing is decoded,
/// buffered or decompressed, and the service keeps its own limits, compression and backpressure.
/// Setting a deadline, catching panics and [`on_call_end`](crate::Next::on_call_end) don't count as
/// inspecting. Neither does an observer that sets
/// [`LOOKS_AT_MESSAGES`](crate::ObservedCall::LOOKS_AT_MESSAGES) to `false`.
///
/// # Which requests are calls
///
/// A call is a request with one of gRPC's content types, including those of gRPC-Web. Every gRPC
/// client sends one. Other requests, such as those to a plain HTTP route next to the services,
/// bypass the interceptors.
///
/// Tonic itself doesn't check the content type, so a request with another one could reach a handler
/// that an interceptor here protects. To prevent that, the layer adds a `grpc-encoding` header to
/// such requests, which tonic refuses with UNIMPLEMENTED. [`calls`](Self::calls) sets another rule.
///
/// Only tonic refuses these requests. If a service other than tonic's is inside the layer, such as
/// a proxy that forwards requests, use `.calls(|_| true)`.
///
/// A server's layer drops the trailers of a request. gRPC has none there, and tonic would merge
/// them into the metadata, replacing values that an interceptor checked or set.
///
/// # What it doesn't see
///
/// An error from the service's `poll_ready`, such as a `LoadShed` error inside the layer, ends a
/// call before it begins. A call also keeps its place in the service, such as a permit of a
/// `ConcurrencyLimit`, while its interceptors run. An interceptor that makes calls should therefore
/// use a separate channel.
///
/// # Method names
///
/// Names are kept for the lifetime of the process. So that no caller can fill the memory with
/// made-up names, there is room for ten thousand names of the usual length, and none for a name of
/// more than 256 bytes. Once that is used up, a call with a new name doesn't reach the service:
/// interceptors see it as `/unknown/unknown`, and it fails with RESOURCE_EXHAUSTED. The names from
/// [`methods`](Self::methods) and `descriptors`, and those of a client, always have room. On a
/// public server, tell the layer which RPCs the server has.
///
/// Outside an axum router that nests tonic's routes, the path is longer than the method name, and
/// interceptors see that path. An interceptor that selects RPCs by name then matches none. Put the
/// layer inside the nested router instead.
pub struct InterceptorLayer<I> {
    interceptors: Arc<I>,
    options: Arc<Options>,
}

impl<I> InterceptorLayer<I> {
    /// Creates a layer from interceptors.
    ///
    /// `interceptors` is a single [`Interceptor`](crate::Interceptor), or a tuple of structs and of
    /// async fns with `#[interceptor]`. The first one is the outermost. If a function creates one
    /// of them, name its type:
    ///
    /// ```
    /// use grpc_interceptor::{
    ///     CallEnd, Context, InterceptorLayer,
    ///     interceptors::{CatchPanic, OnCallEnd, on_call_end},
    /// };
    ///
    /// fn log() -> OnCallEnd<impl Fn(&Context, &CallEnd<'_>) + Clone + Send + Sync + 'static> {
    ///     on_call_end(|context, end| println!("{} {:?}", context.method_name(), end.code()))
    /// }
    ///
    /// let layer = InterceptorLayer::new((log(), CatchPanic::new()));
    /// ```
    #[must_use]
    pub fn new(interceptors: I) -> Self
    where
        I: LayerInterceptors,
    {
        InterceptorLayer { interceptors: Arc::new(interceptors), options: Arc::default() }
    }

    fn options(&mut self) -> &mut Options {
        Arc::make_mut(&mut self.options)
    }

    /// Tells the layer the RPCs of a service, and their kinds.
    ///
    /// The argument is a constant of generated code with `#[intercepted]`. For other RPCs,
    /// [`Context::kind`](crate::Context::kind) is [`RpcKind::Unknown`]. Call this once per service.
    ///
    /// ```
    /// # use grpc_interceptor_proto::greeter as pb;
    /// use grpc_interceptor::InterceptorLayer;
    /// use pb::greeter_server;
    ///
    /// let layer = InterceptorLayer::new(()).methods(greeter_server::METHODS);
    /// ```
    #[must_use]
    pub fn methods(mut self, methods: &[(MethodName<'static>, RpcKind)]) -> Self {
        self.options().known.extend(methods);
        self
    }

    /// Tells the layer the RPCs of all services in a file descriptor set, and their kinds.
    ///
    /// The argument is the encoded set that tonic's build scripts write for reflection
    /// (`file_descriptor_set_path`).
    ///
    /// ```
    /// # use grpc_interceptor_proto as pb;
    /// use grpc_interceptor::InterceptorLayer;
    ///
    /// let layer = InterceptorLayer::new(()).descriptors(pb::FILE_DESCRIPTOR_SET);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if the bytes aren't a valid `FileDescriptorSet`.
    #[cfg(feature = "descriptors")]
    #[must_use]
    pub fn descriptors(mut self, file_descriptor_set: &[u8]) -> Self {
        let read = self.options().known.extend_by_descriptors(file_descriptor_set);
        read.expect("it is an encoded `FileDescriptorSet`");
        self
    }

    /// Sets which side the layer is on, if it can't tell.
    ///
    /// By default, a request made by one of tonic's clients is on the client side, and any other is
    /// on the server side. In a test that connects a client directly to a service, both layers see
    /// the client's request.
    #[must_use]
    pub fn on_side(mut self, side: Side) -> Self {
        self.options().side = Some(side);
        self
    }

    /// Sets which requests are calls, replacing [the default rule](Self#which-requests-are-calls).
    ///
    /// Other requests bypass the interceptors, and can't reach a tonic service. To exempt an RPC
    /// from an interceptor, use `when`.
    ///
    /// ```
    /// use grpc_interceptor::InterceptorLayer;
    ///
    /// // Every request: this server has nothing else.
    /// let layer = InterceptorLayer::new(()).calls(|_| true);
    /// ```
    #[must_use]
    pub fn calls(mut self, is_call: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.options().is_call = Some(Arc::new(is_call));
        self
    }

    /// Sets the maximum size in bytes of a message that an interceptor inspects.
    ///
    /// The default is 4 MiB, like tonic's. A larger message fails the call with OUT_OF_RANGE. If
    /// the service accepts larger messages (`max_decoding_message_size`), raise this limit as well.
    ///
    /// The limit also applies to a message after decompression.
    #[must_use]
    pub fn max_message_size(mut self, limit: usize) -> Self {
        self.options().limit = limit;
        self
    }
}

impl<I> Clone for InterceptorLayer<I> {
    fn clone(&self) -> Self {
        InterceptorLayer { interceptors: self.interceptors.clone(), options: self.options.clone() }
    }
}

impl<I> fmt::Debug for InterceptorLayer<I> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("InterceptorLayer").finish_non_exhaustive()
    }
}

impl<S, I> Layer<S> for InterceptorLayer<I> {
    type Service = LayerService<S, I>;

    fn layer(&self, service: S) -> LayerService<S, I> {
        LayerService {
            service,
            interceptors: self.interceptors.clone(),
            options: self.options.clone(),
        }
    }
}
