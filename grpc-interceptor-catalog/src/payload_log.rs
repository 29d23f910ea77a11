#[cfg(feature = "prost-reflect")]
mod as_json;
mod cut;
mod event;
mod info;
mod show;

use std::{fmt, sync::Arc};

use grpc_interceptor_runtime::{CallEnd, Context, Interceptor, Next, ObservedCall, Outcome};
use tonic::Request;
use tracing::Level;

#[cfg(feature = "prost-reflect")]
pub use as_json::AsJson;
use event::Started;
pub use info::{Direction, MessageInfo};
pub use show::{AsDebug, ShowMessage};

/// Logs each message of a call as a `tracing` event, when it passes.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer, methods};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::interceptors::{PayloadLog, only, when};
///
/// // A tenth of the calls to one RPC.
/// let log = PayloadLog::new().sample(0.1).max_length(200);
/// let log = when(only([methods::SAY_HELLO]), log);
/// let server = GreeterServer::with_interceptors(MyGreeter, log);
/// ```
///
/// ```text
/// DEBUG grpc_interceptor::payload_log: request message side="server" method="/greeter.v1.Greeter/SayHello" number=1 payload="HelloRequest { name: \"Ada\" }"
/// ```
///
/// **Messages can contain secrets.** A [`ShowMessage`] decides what is logged of each message: by
/// default, its `Debug` text. [`show_with`](Self::show_with) has an example that leaves out a
/// password.
///
/// It works on servers and clients, anywhere in a chain. Its position decides what it sees: inside
/// an interceptor that changes messages, it logs the changed ones. In an
/// [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer) and in a
/// [`List`](grpc_interceptor_runtime::List) the message types aren't known, so the `Debug` text is
/// only a size or a type name. In a layer, use `AsJson` (feature `prost-reflect`): it shows whole
/// messages, except for the fields that their `.proto` file marks as secret.
///
/// # The event
///
/// The target is `grpc_interceptor::payload_log` and the message is "request message" or "response
/// message". Its fields:
///
/// | field | value |
/// | --- | --- |
/// | `side` | `server` or `client` |
/// | `method` | `/pkg.Service/Method` |
/// | `number` | 1 for the first message in its direction, 2 for the second |
/// | `payload` | the text of the message |
/// | `request_id` | the metadata `x-request-id`, if present |
///
/// Messages are only formatted if a subscriber records events with this target and level.
#[cfg(feature = "tracing")]
pub struct PayloadLog<S = AsDebug> {
    options: Options,
    show: Arc<S>,
}

#[derive(Clone, Copy)]
struct Options {
    level: Level,
    sample: f64,
    max_length: usize,
}

impl PayloadLog {
    /// Logs the `Debug` text of all messages at debug level, each cut at 4,096 bytes.
    #[must_use]
    pub fn new() -> Self {
        let options = Options { level: Level::DEBUG, sample: 1.0, max_length: 4096 };
        PayloadLog { options, show: Arc::new(AsDebug) }
    }
}

impl Default for PayloadLog {
    fn default() -> Self {
        Self::new()
    }
}

impl<S> PayloadLog<S> {
    /// Logs the messages of this fraction of the calls, chosen at random: 0.01 is one call in a
    /// hundred.
    ///
    /// All messages of a chosen call are logged.
    #[must_use]
    pub fn sample(mut self, part: f64) -> Self {
        self.options.sample = part;
        self
    }

    /// Cuts the text of a message after this many bytes and appends "…".
    ///
    /// The rest is never formatted, so this also limits the cost of logging a large message.
    #[must_use]
    pub fn max_length(mut self, bytes: usize) -> Self {
        self.options.max_length = bytes;
        self
    }

    /// Sets the level of the events.
    #[must_use]
    pub fn level(mut self, level: Level) -> Self {
        self.options.level = level;
        self
    }

    /// Chooses how messages are shown, for example as JSON or without their secrets.
    ///
    /// ```
    /// # use grpc_interceptor_proto::greeter::{HelloReply, HelloRequest};
    /// use grpc_interceptor::interceptors::{MessageInfo, PayloadLog, ShowMessage};
    /// use std::fmt;
    ///
    /// /// The messages of one service. You can't forget one: an RPC with any other message is a
    /// /// compile error.
    /// struct WithoutSecrets;
    ///
    /// impl ShowMessage<HelloRequest> for WithoutSecrets {
    ///     fn show(
    ///         &self,
    ///         message: &HelloRequest,
    ///         _: &MessageInfo,
    ///         text: &mut dyn fmt::Write,
    ///     ) -> fmt::Result {
    ///         let HelloRequest { name: _ } = message;
    ///         write!(text, "HelloRequest {{ name: [redacted] }}")
    ///     }
    /// }
    ///
    /// impl ShowMessage<HelloReply> for WithoutSecrets {
    ///     fn show(
    ///         &self,
    ///         message: &HelloReply,
    ///         _: &MessageInfo,
    ///         text: &mut dyn fmt::Write,
    ///     ) -> fmt::Result {
    ///         write!(text, "{message:?}")
    ///     }
    /// }
    ///
    /// let log = PayloadLog::new().show_with(WithoutSecrets);
    /// ```
    #[must_use]
    pub fn show_with<T>(self, show: T) -> PayloadLog<T> {
        PayloadLog { options: self.options, show: Arc::new(show) }
    }
}

impl<S> Clone for PayloadLog<S> {
    fn clone(&self) -> Self {
        PayloadLog { options: self.options, show: self.show.clone() }
    }
}

impl<S> fmt::Debug for PayloadLog<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("PayloadLog").finish_non_exhaustive()
    }
}

impl<N, S> Interceptor<N> for PayloadLog<S>
where
    N: Next,
    S: ShowMessage<N::RequestMessage> + ShowMessage<N::ResponseMessage>,
{
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        match Started::new(self.options, context, request.metadata()) {
            Some(started) => {
                let call = Logged { started, show: self.show.clone() };
                next.observed_by(call).run(request).await
            }
            None => next.run(request).await,
        }
    }
}

/// A call whose messages are logged.
struct Logged<S> {
    started: Started,
    show: Arc<S>,
}

impl<Q, P, S> ObservedCall<Q, P> for Logged<S>
where
    S: ShowMessage<Q> + ShowMessage<P>,
{
    fn request_message(&self, message: &Q) {
        self.started.log(Direction::Request, &|info, text| self.show.show(message, info, text));
    }

    fn response_message(&self, message: &P) {
        self.started.log(Direction::Response, &|info, text| self.show.show(message, info, text));
    }

    fn end(&self, _: &CallEnd<'_>) {}
}
