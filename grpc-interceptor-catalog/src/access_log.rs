mod event;
mod level;

use std::{fmt, future::Future, sync::Arc, time::Duration};

use grpc_interceptor_runtime::{CallEnd, Context, Interceptor, Next, ObservedCall, Outcome, Side};
use tonic::{Code, Request, metadata::MetadataMap};
use tracing::Level;

use event::Started;

use crate::peer::peer;

/// Logs each call at its end, as one [`tracing`] event: exactly once, whatever happens to it.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{
///     InterceptorLayer,
///     interceptors::{AccessLog, services, when},
/// };
/// use std::time::Duration;
/// use tonic::transport::Server;
/// use tracing::Level;
///
/// let log = AccessLog::new()
///     .slow(Duration::from_secs(1), Level::WARN)
///     .metadata(["tenant", "user-agent"]);
/// // All calls except those that look after the server's health.
/// let is_health = services(["grpc.health.v1.Health"]);
/// let log = when(move |context| !is_health(context), log);
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
/// It belongs on the outside of a chain, so that it sees calls that interceptors inside of it refuse. It works on
/// a server and on a client, in all places of a chain. On a client with a retry, what is outside of the retry logs
/// a call, and what is inside logs each attempt.
///
/// # The event
///
/// Its target is `grpc_interceptor::access_log`, and its message "finished call". The fields:
///
/// | field | what it is |
/// | --- | --- |
/// | `side` | `server` or `client` |
/// | `method` | `/pkg.Service/Method` |
/// | `kind` | `unary`, `client_stream`, `server_stream`, `bidi_stream` or `unknown` |
/// | `code` | gRPC's name of the code, such as `NOT_FOUND` |
/// | `cause` | `complete`, `failed`, `cancelled`, `timed_out` or `panicked`: see [`EndCause`](grpc_interceptor_runtime::EndCause) |
/// | `elapsed_ms` | from when the call reached this interceptor until its end, in milliseconds |
/// | `request_messages`, `response_messages` | how many passed |
/// | `deadline_ms` | how long the caller was going to wait at the start, if it said so |
/// | `peer` | the caller's address, on a server that is tonic's own, with the feature `server` |
/// | `request_id` | the metadata `x-request-id`, if there is one |
/// | `error` | the status's text, if the call failed with one |
/// | `source` | what the status was made of: the chain of its sources, such as a handler's own error, or that of a connection |
/// | `metadata` | what [`metadata`](Self::metadata) asks for |
/// | `fields` | what [`fields`](Self::fields) adds |
///
/// Fields that there is nothing to say of are left out. The event's parent is the span that was current when the
/// call began.
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
/// These are go-grpc-middleware's. [`levels`](Self::levels) has others.
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
    /// Logs each call at its end.
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

    /// Logs the start of each call, too, at this level: with the message "started call", and those of the fields
    /// that are known by then.
    #[must_use]
    pub fn on_start(self, level: Level) -> Self {
        self.with(|options| options.start = Some(level))
    }

    /// Chooses the level of a call by its side and code, in place of [the usual ones](Self#levels).
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

    /// Logs calls that take this long at this level, unless their code gives them a higher one.
    #[must_use]
    pub fn slow(self, from: Duration, level: Level) -> Self {
        self.with(|options| options.slow = Some((from, level)))
    }

    /// Logs the request's metadata with these keys. The values of `authorization`, `proxy-authorization`, `cookie`,
    /// `set-cookie` and of keys that end with `-bin` are never logged: `[redacted]` says that they are there.
    #[must_use]
    pub fn metadata<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        let keys = keys.into_iter().map(|key| key.into().to_ascii_lowercase()).collect();
        self.with(|options| options.metadata = keys)
    }

    /// Adds the field `fields`, made of the call's context and its request metadata.
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

/// One call that is logged at its end.
struct Logged(Started);

impl<Q, P> ObservedCall<Q, P> for Logged {
    const LOOKS_AT_MESSAGES: bool = false;

    fn end(&self, end: &CallEnd<'_>) {
        self.0.log_end(end);
    }
}
