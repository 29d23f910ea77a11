mod attempts;
mod carrier;
mod current;
mod recorded;
mod span;
#[cfg(feature = "tracing")]
mod tracing_span;

use std::{
    fmt,
    future::Future,
    sync::{Arc, OnceLock},
};

use grpc_interceptor_runtime::{CallEnd, Context, Interceptor, Next, ObservedCall, Outcome};
use opentelemetry::{
    KeyValue,
    global::{self, BoxedTracer},
    propagation::TextMapPropagator,
    trace::{Span, Tracer, TracerProvider},
};
use tonic::{Request, metadata::MetadataMap};

pub use attempts::TraceAttempts;
use recorded::Recorded;
use span::CallSpan;

use crate::{
    otel::{conventions, target},
    peer::peer,
};

/// Creates an OpenTelemetry span for each call and propagates the trace from client to server.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{self, Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{InterceptorLayer, interceptors::Trace};
/// use opentelemetry::global;
/// use opentelemetry_sdk::{
///     propagation::TraceContextPropagator,
///     trace::{InMemorySpanExporter, SdkTracerProvider},
/// };
/// use tonic::transport::Server;
///
/// // Once per process, before the first call. To send the spans, use `opentelemetry-otlp`.
/// let exporter = InMemorySpanExporter::default();
/// let provider = SdkTracerProvider::builder().with_simple_exporter(exporter).build();
/// global::set_tracer_provider(provider);
/// global::set_text_map_propagator(TraceContextPropagator::new());
///
/// let layer = InterceptorLayer::new(Trace::new()).methods(greeter_server::METHODS);
/// let router = Server::builder().layer(layer).add_service(GreeterServer::new(MyGreeter));
/// ```
///
/// On a client it is the same: `GreeterClient::with_interceptors(channel, Trace::new())`. Calls
/// that a handler makes within its own task automatically become children of the handler's span.
///
/// Make it the outermost interceptor of the chain.
///
/// # The span
///
/// It follows OpenTelemetry's [conventions for gRPC](https://opentelemetry.io/docs/specs/semconv/rpc/grpc/), version
/// 1.44.0.
///
/// | | |
/// | --- | --- |
/// | name | `pkg.Service/Method` |
/// | kind | server or client |
/// | time | the whole call: until the last message of a response stream, or until the call is dropped. On a client this includes all attempts |
/// | status | `Error` with the status message if the call failed, otherwise unset. On a client, any code other than `OK` is a failure. On a server, `UNKNOWN`, `DEADLINE_EXCEEDED`, `UNIMPLEMENTED`, `INTERNAL`, `UNAVAILABLE` and `DATA_LOSS` are |
/// | `rpc.system.name` | `grpc` |
/// | `rpc.method` | `pkg.Service/Method` |
/// | `rpc.response.status_code` | the gRPC name of the status code, such as `NOT_FOUND` |
/// | `error.type` | the same, if the call failed |
/// | `network.peer.address`, `network.peer.port` | the caller's address, on a tonic server, with the feature `server` |
/// | `server.address`, `server.port` | a client's [target](Self::target) |
/// | `rpc.request.metadata.<key>` | the metadata selected with [`metadata`](Self::metadata) |
///
/// Callers of a server can make up method names. In an
/// [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer), an RPC that the layer doesn't
/// know (see `methods` and `descriptors`) gets the span name `grpc` and the method `_OTHER`, as the
/// conventions require. Its actual name is in `rpc.method_original`.
///
/// # The current span
///
/// The span is the current one in [`opentelemetry::Context`] while the rest of the call runs: the
/// inner interceptors, the handler, and each poll of the streams. With `tracing-opentelemetry`, the
/// `tracing` spans that a handler opens become its children. With
/// [`tracing_span`](Self::tracing_span), the call gets a `tracing` span as well.
///
/// A task that a handler spawns doesn't inherit it. Use `opentelemetry`'s
/// `FutureExt::with_current_context` there.
///
/// # The remote parent
///
/// A server's span is a child of the span that the request names, and the request's baggage is
/// adopted. The caller controls both. On a server with untrusted callers, use
/// [`untrusted`](Self::untrusted).
#[cfg(feature = "opentelemetry")]
#[derive(Clone)]
pub struct Trace {
    options: Arc<Options>,
}

#[derive(Clone)]
struct Options {
    /// The global tracer is looked up on the first call.
    tracer: Arc<OnceLock<BoxedTracer>>,
    propagator: Option<Arc<dyn TextMapPropagator + Send + Sync>>,
    untrusted: bool,
    #[cfg(feature = "tracing")]
    tracing_span: bool,
    server: Vec<KeyValue>,
    metadata: Recorded,
    attributes: Option<Attributes>,
}

type Attributes = Arc<dyn Fn(&Context, &MetadataMap) -> Vec<KeyValue> + Send + Sync>;

impl Options {
    fn tracer(&self) -> &BoxedTracer {
        self.tracer.get_or_init(|| global::tracer_with_scope(conventions::scope()))
    }

    fn with_propagator<T>(&self, mut run: impl FnMut(&dyn TextMapPropagator) -> T) -> T {
        match &self.propagator {
            Some(propagator) => run(&**propagator),
            None => global::get_text_map_propagator(run),
        }
    }
}

impl Default for Trace {
    fn default() -> Self {
        Self::new()
    }
}

impl Trace {
    /// Traces with the global tracer provider and the global propagator.
    ///
    /// The provider is looked up once, on the first call; the propagator is looked up for each
    /// call. OpenTelemetry's default propagator carries nothing: set a global one, or pass
    /// [one](Self::propagator).
    #[must_use]
    pub fn new() -> Self {
        Trace {
            options: Arc::new(Options {
                tracer: Arc::default(),
                propagator: None,
                untrusted: false,
                #[cfg(feature = "tracing")]
                tracing_span: false,
                server: Vec::new(),
                metadata: Recorded::default(),
                attributes: None,
            }),
        }
    }

    /// Returns an interceptor that records failed attempts, to put inside a client's retry.
    ///
    /// Each failed attempt becomes an event on the call's span, named `attempt failed`, with its
    /// `rpc.response.status_code` and its `error.message`, and with `previous-rpc-attempts` if the
    /// attempt has the metadata `grpc-previous-rpc-attempts`.
    ///
    /// ```
    /// # use grpc_interceptor::{Context, Next, Outcome, interceptor};
    /// # use grpc_interceptor_proto::greeter::greeter_client::GreeterClient;
    /// # use tonic::{Request, transport::Channel};
    /// # #[interceptor]
    /// # async fn retry<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    /// #     next.run(request).await
    /// # }
    /// use grpc_interceptor::interceptors::Trace;
    ///
    /// # fn client(channel: Channel) {
    /// let interceptors = (Trace::new(), retry, Trace::attempts());
    /// let client = GreeterClient::with_interceptors(channel, interceptors);
    /// # }
    /// ```
    #[must_use]
    pub const fn attempts() -> TraceAttempts {
        TraceAttempts(())
    }

    fn with(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(Arc::make_mut(&mut self.options));
        self
    }

    /// Uses this tracer provider instead of the global one.
    #[must_use]
    pub fn tracer_provider<P>(self, provider: &P) -> Self
    where
        P: TracerProvider<
            Tracer: Tracer<Span: Span + Send + Sync + 'static> + Send + Sync + 'static,
        >,
    {
        let tracer = BoxedTracer::new(Box::new(provider.tracer_with_scope(conventions::scope())));
        self.with(|options| options.tracer = Arc::new(OnceLock::from(tracer)))
    }

    /// Uses this propagator instead of the global one.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::Trace;
    /// use opentelemetry::propagation::TextMapCompositePropagator;
    /// use opentelemetry_sdk::propagation::{BaggagePropagator, TraceContextPropagator};
    ///
    /// let trace = Trace::new().propagator(TextMapCompositePropagator::new(vec![
    ///     Box::new(TraceContextPropagator::new()),
    ///     Box::new(BaggagePropagator::new()),
    /// ]));
    /// ```
    #[must_use]
    pub fn propagator(self, propagator: impl TextMapPropagator + Send + Sync + 'static) -> Self {
        self.with(|options| options.propagator = Some(Arc::new(propagator)))
    }

    /// Doesn't adopt the caller's trace context on a server.
    ///
    /// The call starts a new trace with a link to the caller's trace, and the caller's baggage is
    /// dropped. So an outside caller can't decide what is sampled or write into your traces.
    #[must_use]
    pub fn untrusted(self) -> Self {
        self.with(|options| options.untrusted = true)
    }

    /// Also opens a `tracing` span for each call.
    ///
    /// It is entered wherever the call's span is current, so the events that a handler logs show
    /// which call they belong to.
    ///
    /// Its level is info, its target `grpc_interceptor::trace`, its name `grpc`, and its fields are
    /// `rpc.method`, `rpc.method_original`, `rpc.system.name`, `otel.name` and `otel.kind`. If a
    /// `tracing-opentelemetry` layer creates an OpenTelemetry span for it, that one is the call's
    /// span and no second one is created. This requires the layer's *context activation*, which is
    /// on by default. A sampler then sees only the names: the other attributes, and the link to an
    /// [untrusted](Self::untrusted) caller, are added after the span has started.
    #[cfg(feature = "tracing")]
    #[must_use]
    pub fn tracing_span(self) -> Self {
        self.with(|options| options.tracing_span = true)
    }

    /// Sets the target of a client's calls.
    ///
    /// The target is a URI or uses gRPC's target syntax: `http://orders:50051`,
    /// `dns:///orders:50051`, `unix:///run/orders.sock`.
    ///
    /// It is recorded as `server.address` and `server.port`, which the conventions require on
    /// clients.
    #[must_use]
    pub fn target(self, target: &str) -> Self {
        self.with(|options| options.server = target::server(target))
    }

    /// Records the request metadata with these keys, as `rpc.request.metadata.<key>`.
    ///
    /// The values of `authorization`, `proxy-authorization`, `cookie`, `set-cookie` and all keys
    /// that end in `-bin` are never recorded: `[redacted]` appears instead.
    #[must_use]
    pub fn metadata<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        self.with(|options| options.metadata = Recorded::new(keys))
    }

    /// Adds attributes computed from the call's context and its request metadata.
    ///
    /// If the closure panics, the call fails without a span.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::Trace;
    /// use opentelemetry::KeyValue;
    ///
    /// let trace = Trace::new().attributes(|context, metadata| {
    ///     let has_deadline = context.deadline().is_some();
    ///     let has_token = metadata.contains_key("authorization");
    ///     vec![
    ///         KeyValue::new("app.has_deadline", has_deadline),
    ///         KeyValue::new("app.has_token", has_token),
    ///     ]
    /// });
    /// ```
    #[must_use]
    pub fn attributes(
        self,
        attributes: impl Fn(&Context, &MetadataMap) -> Vec<KeyValue> + Send + Sync + 'static,
    ) -> Self {
        self.with(|options| options.attributes = Some(Arc::new(attributes)))
    }
}

impl fmt::Debug for Trace {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Trace").finish_non_exhaustive()
    }
}

impl<N: Next> Interceptor<N> for Trace {
    fn intercept(
        &self,
        mut request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let peer = peer(&request);
        let (span, current) = span::start(&self.options, &context, request.metadata_mut(), peer);
        next.observed_by(Traced(span)).in_scope(current).run(request)
    }
}

/// A call that is traced.
struct Traced(CallSpan);

impl<Q, P> ObservedCall<Q, P> for Traced {
    const LOOKS_AT_MESSAGES: bool = false;

    fn end(&self, end: &CallEnd<'_>) {
        self.0.end(end);
    }
}
