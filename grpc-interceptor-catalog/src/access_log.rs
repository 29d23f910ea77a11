mod event;
mod level;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use grpc_interceptor_runtime::{CallEnd, Context, Interceptor, Next, ObservedCall, Outcome, Side};
use tonic::{Code, Request, metadata::MetadataMap};
use tracing::Level;

use event::Started;

use crate::peer::peer;

/// Logs one `tracing` event per call, when the call ends.
///
/// Each call is logged exactly once, no matter how it ends.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{
///     InterceptorLayer,
///     interceptors::{AccessLog, except_services, when},
/// };
/// use std::time::Duration;
/// use tonic::transport::Server;
/// use tracing::Level;
///
/// let log = AccessLog::new()
///     .slow(Duration::from_secs(1), Level::WARN)
///     .metadata(["tenant", "user-agent"]);
/// // Log every call except health checks.
/// let log = when(except_services(["grpc.health.v1.Health"]), log);
///
/// let router = Server::builder()
///     .layer(InterceptorLayer::new(log))
///     .add_service(GreeterServer::new(MyGreeter));
/// ```
///
/// ```text
/// INFO grpc_interceptor::access_log: finished call side="server" method="/greeter.v1.Greeter/SayHello" kind="unary" code="OK" cause="complete" elapsed_ms=1.2 request_messages=1 response_messages=1 peer=127.0.0.1:50312
/// ```
///
/// Put it near the outside of the chain, so that it also sees the calls that inner interceptors
/// refuse. It works on servers and clients, anywhere in a chain. On a client that retries, place it
/// outside the retry to log calls, or inside to log attempts.
///
/// # The event
///
/// The target is `grpc_interceptor::access_log` and the message is "finished call". Its fields:
///
/// | field | value |
/// | --- | --- |
/// | `side` | `server` or `client` |
/// | `method` | `/pkg.Service/Method` |
/// | `kind` | `unary`, `client_stream`, `server_stream`, `bidi_stream` or `unknown` |
/// | `code` | the gRPC name of the status code, such as `NOT_FOUND` |
/// | `cause` | `complete`, `failed`, `cancelled`, `timed_out` or `panicked`: see [`EndCause`](grpc_interceptor_runtime::EndCause) |
/// | `elapsed_ms` | time from when the call reached this interceptor until it ended, in milliseconds |
/// | `request_messages`, `response_messages` | number of messages in each direction |
/// | `deadline_ms` | how long the caller was willing to wait when the call started, if it set a deadline |
/// | `peer` | the caller's address, on a tonic server, with the feature `server` |
/// | `request_id` | the metadata `x-request-id`, if present |
/// | `error` | the status message, if the call failed with one |
/// | `source` | the status's chain of sources, such as the handler's own error or a connection error |
/// | `metadata` | the metadata selected with [`metadata`](Self::metadata) |
/// | `fields` | the text added with [`fields`](Self::fields) |
///
/// Fields without a value are omitted. The parent of the event is the span that was current when
/// the call started.
///
/// # Levels
///
/// | | server | client |
/// | --- | --- | --- |
/// | `OK`, `CANCELLED`, `INVALID_ARGUMENT`, `NOT_FOUND`, `ALREADY_EXISTS` | info | debug |
/// | `UNAUTHENTICATED` | info | info |
/// | `RESOURCE_EXHAUSTED`, `FAILED_PRECONDITION`, `ABORTED`, `OUT_OF_RANGE` | warn | debug |
/// | `DEADLINE_EXCEEDED`, `PERMISSION_DENIED` | warn | info |
/// | `UNAVAILABLE` | warn | warn |
/// | `UNKNOWN` | error | info |
/// | `UNIMPLEMENTED`, `INTERNAL`, `DATA_LOSS` | error | warn |
///
/// These are the levels of go-grpc-middleware. Use [`levels`](Self::levels) to choose others.
#[cfg(feature = "tracing")]
#[derive(Clone)]
pub struct AccessLog {
    options: Arc<Options>,
}

#[derive(Clone)]
struct Options {
    start: Option<Level>,
    level: Arc<dyn Fn(Side, Code) -> Level + Send + Sync>,
    slow: Option<(Duration, Level)>,
    metadata: Vec<String>,
    fields: Option<Fields>,
}

type Fields = Arc<dyn Fn(&Context, &MetadataMap) -> String + Send + Sync>;

impl Default for AccessLog {
    fn default() -> Self {
        Self::new()
    }
}

impl AccessLog {
    /// Creates an access log that logs each call when it ends.
    #[must_use]
    pub fn new() -> Self {
        AccessLog {
            options: Arc::new(Options {
                start: None,
                level: Arc::new(level::level_of),
                slow: None,
                metadata: Vec::new(),
                fields: None,
            }),
        }
    }

    fn with(mut self, set: impl FnOnce(&mut Options)) -> Self {
        set(Arc::make_mut(&mut self.options));
        self
    }

    /// Also logs the start of each call, at this level.
    ///
    /// The message is "started call". The event has the fields that are known at that point.
    #[must_use]
    pub fn on_start(self, level: Level) -> Self {
        self.with(|options| options.start = Some(level))
    }

    /// Chooses a call's level from its side and code, replacing [the defaults](Self#levels).
    ///
    /// ```
    /// use grpc_interceptor::interceptors::AccessLog;
    /// use tonic::Code;
    /// use tracing::Level;
    ///
    /// let log = AccessLog::new().levels(|_, code| match code {
    ///     Code::Ok => Level::DEBUG,
    ///     _ => Level::INFO,
    /// });
    /// ```
    #[must_use]
    pub fn levels(self, level: impl Fn(Side, Code) -> Level + Send + Sync + 'static) -> Self {
        self.with(|options| options.level = Arc::new(level))
    }

    /// Logs calls that take at least this long at this level, unless their code already gives them
    /// a higher one.
    #[must_use]
    pub fn slow(self, from: Duration, level: Level) -> Self {
        self.with(|options| options.slow = Some((from, level)))
    }

    /// Logs the request metadata with these keys.
    ///
    /// The values of `authorization`, `proxy-authorization`, `cookie`, `set-cookie` and all keys
    /// that end in `-bin` are never logged: `[redacted]` appears instead.
    #[must_use]
    pub fn metadata<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter().map(|key| key.into().to_ascii_lowercase()).collect();
        self.with(|options| options.metadata = keys)
    }

    /// Adds the field `fields`, computed from the call's context and its request metadata.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::AccessLog;
    ///
    /// let log = AccessLog::new().fields(|context, metadata| {
    ///     let has_token = metadata.contains_key("authorization");
    ///     format!("service={} token={has_token}", context.method_name().service())
    /// });
    /// ```
    #[must_use]
    pub fn fields(
        self,
        fields: impl Fn(&Context, &MetadataMap) -> String + Send + Sync + 'static,
    ) -> Self {
        self.with(|options| options.fields = Some(Arc::new(fields)))
    }
}

impl fmt::Debug for AccessLog {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("AccessLog").finish_non_exhaustive()
    }
}

impl<N: Next> Interceptor<N> for AccessLog {
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let call =
            Logged(Started::new(self.options.clone(), context, request.metadata(), peer(&request)));
        next.observed_by(call).run(request)
    }
}

/// A call that is logged when it ends.
struct Logged(Started);

impl<Q, P> ObservedCall<Q, P> for Logged {
    const LOOKS_AT_MESSAGES: bool = false;

    fn end(&self, end: &CallEnd<'_>) {
        self.0.log_end(end);
    }
}
