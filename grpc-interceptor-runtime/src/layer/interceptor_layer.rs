use std::{fmt, sync::Arc};

use tonic::codegen::http::request::Parts;
use tower_layer::Layer;

use super::{next::LayerInterceptors, options::Options, service::LayerService};
use crate::{MethodName, RpcKind, Side};

/// Interceptors around a whole server or a whole channel, no matter who generated the services: a
/// [`tower_layer::Layer`].
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{
///     Context, Interceptor, InterceptorLayer, Next, Outcome,
///     interceptors::{except, on_call_end, when},
/// };
/// use grpc_interceptor_proto::default_stubs::greeter_server::methods;
/// use tonic::{Request, Status, transport::Server};
///
/// struct Auth;
///
/// impl<N: Next> Interceptor<N> for Auth {
///     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///         match request.metadata().contains_key("authorization") {
///             true => next.run(request).await,
///             false => Err(Status::unauthenticated("who is there?")),
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
/// On a client it goes around the channel, and any client takes what comes out:
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
/// It also goes around one generated server, around tonic's `Routes` and axum's `Router`, and other tower
/// layers may be above and beneath it.
///
/// # What an interceptor sees
///
/// An interceptor for any `N: Next` works here unchanged. What is different from one around a typed service:
///
/// - It runs **before the message is read**. If it refuses the call, what the caller still wants to send is never
///   held.
/// - [`Context::method_name`](crate::Context::method_name) is the request's path, exactly. An RPC that nobody
///   implements is seen, and its UNIMPLEMENTED, too.
/// - [`Context::kind`](crate::Context::kind) is [`RpcKind::Unknown`], unless [`methods`](Self::methods) or, with the
///   feature `descriptors`, `descriptors` told the layer.
/// - `N::Request` and `N::Response` are a [`RawPayload`](crate::RawPayload), which is a stream of
///   [`RawMessage`](crate::RawMessage)s, even if the RPC has one message.
/// - A response that begins is `Ok`, and its status comes at the end of the stream, for a unary RPC, too.
///   `Err` is a response that is no more than a status. [`on_call_end`](crate::Next::on_call_end) reports the final
///   status in both cases. An interceptor that tries again does so on `Err`.
/// - [`Next::clone_request`](crate::Next::clone_request) has a copy if the request is one message and all of it is
///   there at once: of a client's unary or server-streaming call. On a server that depends on the network: there
///   it may be `None`.
///
/// Until an interceptor looks into the messages, a body's frames pass as they came: nothing is decoded,
/// collected or decompressed, and the service has its own limits, compression and backpressure. Setting a deadline,
/// catching panics and [`on_call_end`](crate::Next::on_call_end) don't count as looking, nor does an observer that sets
/// [`LOOKS_AT_MESSAGES`](crate::ObservedCall::LOOKS_AT_MESSAGES) to `false`.
///
/// # What is a call
///
/// A request with one of gRPC's content types, gRPC-Web's among them: every gRPC client sends one. Other requests pass
/// by, such as those to a plain HTTP route beside the services, with one more header. Tonic itself doesn't ask
/// for the content type, and would let a request with another one reach a handler that an interceptor here
/// protects. So it gets a `grpc-encoding` that tonic refuses with UNIMPLEMENTED. [`calls`](Self::calls) sets another rule.
///
/// It is tonic that refuses. If a service that isn't tonic's is inside of the layer, such as a proxy that passes
/// requests on, write `.calls(|_| true)`.
///
/// A request's trailers don't get through a server's layer. gRPC has none, and tonic would add them to the
/// metadata, in place of what an interceptor has checked or put there.
///
/// # What it doesn't see
///
/// An error of the service's `poll_ready`, such as that of a `LoadShed` inside of the layer, ends a call before it
/// begins. And a call holds the place that it has in the service, such as one of a `ConcurrencyLimit`, while its
/// interceptors run: one that makes calls of its own should make them on a channel of its own.
///
/// # Names
///
/// A name is kept for as long as the process runs. So that no caller can fill its memory with made-up names, there is
/// room for ten thousand of the usual length, and none for a name of more than 256 bytes. After that a call with
/// another name doesn't reach the service: interceptors see it as `/unknown/unknown`, and it fails with
/// RESOURCE_EXHAUSTED. The names of [`methods`](Self::methods) and `descriptors`, and those of a client, always have
/// their place: tell the layer of a server that is open to the world which RPCs it has.
///
/// Outside of an axum router that nests tonic's routes, the path is longer than a name, and so is what interceptors see.
/// An interceptor that is for some RPCs by their names then matches none: put the layer inside.
pub struct InterceptorLayer<I> {
    interceptors: Arc<I>,
    options: Arc<Options>,
}

impl<I> InterceptorLayer<I> {
    /// A layer of these interceptors, the first the outermost.
    ///
    /// `interceptors` is one [`Interceptor`](crate::Interceptor): several are a tuple, of structs and of async fns with
    /// `#[interceptor]`. To have some of them made by a fn, name its type:
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

    /// Tells the layer which RPCs there are and of which kind, by a constant of generated code with
    /// `#[intercepted]`. Of other RPCs, [`Context::kind`](crate::Context::kind) is [`RpcKind::Unknown`]. It may be
    /// called for each service.
    ///
    /// ```
    /// use grpc_interceptor::InterceptorLayer;
    /// use grpc_interceptor_proto::greeter::greeter_server;
    ///
    /// let layer = InterceptorLayer::new(()).methods(greeter_server::METHODS);
    /// ```
    #[must_use]
    pub fn methods(mut self, methods: &[(MethodName<'static>, RpcKind)]) -> Self {
        self.options().known.extend(methods);
        self
    }

    /// The same for all services of a file, by the encoded descriptors that tonic's build scripts write for
    /// reflection (`file_descriptor_set_path`).
    ///
    /// ```
    /// use grpc_interceptor::InterceptorLayer;
    ///
    /// let layer = InterceptorLayer::new(())
    ///     .descriptors(grpc_interceptor_proto::FILE_DESCRIPTOR_SET);
    /// ```
    ///
    /// # Panics
    ///
    /// If these bytes aren't a `FileDescriptorSet`.
    #[cfg(feature = "descriptors")]
    #[must_use]
    pub fn descriptors(mut self, file_descriptor_set: &[u8]) -> Self {
        let read = self.options().known.extend_by_descriptors(file_descriptor_set);
        read.expect("it is an encoded `FileDescriptorSet`");
        self
    }

    /// Says on which side the layer is, if it can't tell: it takes a request that one of tonic's clients made for
    /// a client's, and any other for a server's. In a test that puts a client on a service with no wire between them,
    /// both layers see the client's request.
    #[must_use]
    pub fn on_side(mut self, side: Side) -> Self {
        self.options().side = Some(side);
        self
    }

    /// Which requests are calls, in place of [the usual rule](Self#what-is-a-call). Others pass by, and can't get to a
    /// service of tonic's: to exempt an RPC from an interceptor, use `when`.
    ///
    /// ```
    /// use grpc_interceptor::InterceptorLayer;
    ///
    /// // Whatever comes: there is nothing else on this server.
    /// let layer = InterceptorLayer::new(()).calls(|_| true);
    /// ```
    #[must_use]
    pub fn calls(mut self, is_call: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.options().is_call = Some(Arc::new(is_call));
        self
    }

    /// How large a message may be that an interceptor looks into, in bytes: 4 MiB unless this says otherwise, as
    /// tonic has it. A larger one fails the call with OUT_OF_RANGE. If the service takes larger ones
    /// (`max_decoding_message_size`), this has to say so, too.
    ///
    /// It is also the limit for a message that is decompressed.
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
