use std::{fmt, sync::Arc};

use tonic::codegen::http::request::Parts;
use tower_layer::Layer;

use super::{
    boxed_errors::BoxedErrors, next::LayerInterceptors, options::Options, service::LayerService,
};
use crate::{MethodName, RpcKind, Side};

/// Interceptors around a whole server or a whole channel, whoever generated the services: a
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
/// - [`Context::kind`](crate::Context::kind) is [`RpcKind::Unknown`], unless [`methods`](Self::methods) or
///   `descriptors` told the layer.
/// - `N::Request` and `N::Response` are a [`RawPayload`](crate::RawPayload), which is a stream of
///   [`RawMessage`](crate::RawMessage)s, also if the RPC has one message.
/// - A response that begins is `Ok`, and its status comes at the end of the stream, for a unary RPC, too.
///   `Err` is a response that is no more than a status. [`on_call_end`](crate::Next::on_call_end) tells the right one
///   of both. An interceptor that tries again does so on `Err`.
/// - [`Next::clone_request`](crate::Next::clone_request) has a copy if the request is one message and all of it is
///   there at once: of a client's unary or server-streaming call. On a server that depends on the network: there
///   it may be `None`.
///
/// Until an interceptor looks into the messages, a body's frames pass as they came: nothing is decoded,
/// collected or decompressed, and the service has its own limits, compression and backpressure. To count messages,
/// to set a deadline or to catch panics is not to look.
///
/// # What is a call
///
/// A request with one of gRPC's content types, gRPC-Web's among them, and a `POST` without any. Other requests pass
/// by, such as those to a plain HTTP route beside the services, with one header more: tonic itself doesn't ask
/// for the content type, and would let a request with another one reach a handler that an interceptor here
/// protects. So it gets a `grpc-encoding` that tonic refuses. [`calls`](Self::calls) has another rule.
///
/// # What a handler may believe
///
/// What an interceptor puts into the metadata or the extensions gets to the handler as it is. Tonic adds a request's
/// trailers to the metadata of an RPC with one request message, in place of what has the same name. No gRPC client
/// sends any, and whoever speaks HTTP/2 can. So if an interceptor has changed the metadata, the trailers are left out.
///
/// # Names
///
/// A name is kept for as long as the process runs. So that nobody fills its memory with names that he makes up,
/// there is room for about ten thousand. After that a call with another one doesn't reach the service: interceptors see it
/// as `/unknown/unknown`, and it fails with RESOURCE_EXHAUSTED. Those of [`methods`](Self::methods) and `descriptors` always have their place:
/// a server that is open to the world should tell its layer.
pub struct InterceptorLayer<I> {
    interceptors: Arc<I>,
    options: Options,
}

impl<I> InterceptorLayer<I> {
    /// A layer of these interceptors, the first the outermost.
    ///
    /// `interceptors` is one [`Interceptor`](crate::Interceptor): mostly a tuple, of structs and of async fns with
    /// `#[interceptor]`.
    #[must_use]
    pub fn new(interceptors: I) -> Self
    where
        I: LayerInterceptors,
    {
        InterceptorLayer { interceptors: Arc::new(interceptors), options: Options::default() }
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
        self.options.known.extend(methods);
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
        let read = self.options.known.extend_by_descriptors(file_descriptor_set);
        read.expect("it is an encoded `FileDescriptorSet`");
        self
    }

    /// Says on which side the layer is, if it can't tell: it takes a request that one of tonic's clients made for
    /// a client's, and any other for a server's. In a test that puts a client on a service with no wire between them,
    /// both layers see the client's request.
    #[must_use]
    pub fn on_side(mut self, side: Side) -> Self {
        self.options.side = Some(side);
        self
    }

    /// Which requests are calls, in place of [the usual rule](Self#what-is-a-call). Others pass by.
    ///
    /// ```
    /// use grpc_interceptor::InterceptorLayer;
    ///
    /// // Whatever comes: there is nothing else on this server.
    /// let layer = InterceptorLayer::new(()).calls(|_| true);
    /// ```
    #[must_use]
    pub fn calls(mut self, is_call: impl Fn(&Parts) -> bool + Send + Sync + 'static) -> Self {
        self.options.is_call = Some(Arc::new(is_call));
        self
    }

    /// The same layer for a service that fails with a `Box<dyn Error>`, such as a channel in tower's `Buffer` or
    /// `Timeout`: its errors are made statuses, as tonic's clients make them. This comes last.
    pub fn boxed_errors(self) -> BoxedErrors<I> {
        BoxedErrors { layer: self }
    }

    /// How large a message may be that an interceptor looks into, in bytes: 4 MiB unless this says otherwise, as
    /// tonic has it. A larger one fails the call with OUT_OF_RANGE. If the service takes larger ones
    /// (`max_decoding_message_size`), this has to say so, too.
    ///
    /// It is also the limit for a message that is decompressed.
    #[must_use]
    pub fn max_message_size(mut self, limit: usize) -> Self {
        self.options.limit = limit;
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
            options: Arc::new(self.options.clone()),
        }
    }
}
