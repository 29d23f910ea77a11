mod call;
mod class;
mod counters;
mod histogram;
mod in_flight;
mod method;
mod methods;
mod nanos;
mod options;
mod page;
mod rates;
mod samples;
mod shard;
mod snapshot;
mod state;
mod text;

use std::{fmt, future::Future, io, net::SocketAddr, sync::Arc};

use grpc_interceptor_runtime::{Context, Interceptor, Next, Outcome};
use tonic::{Request, metadata::MetadataMap};

use crate::peer::peer;
use options::Options;
pub use page::{RpczServer, RpczService};
use state::State;

/// Shows on a web page what RPCs are doing: what OpenCensus had as `/rpcz`, and what Go has as `/debug/requests`.
///
/// ```no_run
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{InterceptorLayer, interceptors::Rpcz};
/// use grpc_interceptor_proto::default_stubs::greeter_server;
/// use tonic::transport::Server;
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let rpcz = Rpcz::new();
///
/// // http://127.0.0.1:9466/
/// let page = rpcz.bind(9466).await?;
/// tokio::spawn(page.serve());
///
/// let layer = InterceptorLayer::new(rpcz).methods(greeter_server::METHODS);
/// Server::builder()
///     .layer(layer)
///     .add_service(GreeterServer::new(MyGreeter))
///     .serve("[::]:50051".parse()?)
///     .await?;
/// # Ok(())
/// # }
/// ```
///
/// For each method it shows
///
/// - how many calls have started, are in flight, have succeeded and have failed, by their codes; the messages both ways;
/// - rates over a minute, over an hour, and since the start;
/// - how long calls took: the 50th, 90th and 99th percentile since the start, and a histogram. A percentile is wrong by a
///   sixteenth at most, from a microsecond to 52 days: what takes less than a microsecond is shown as half of one.
///   Failed calls are in the percentiles, too;
/// - plots of rate and latency over the last ten minutes;
/// - the calls in flight: their age, peer, and their messages so far;
/// - samples of calls that have ended: the last, and the slowest of the last hour before them, of each bucket of times
///   and of each code. A sample has the call's metadata and its status.
///
/// The page updates itself, can be sorted and filtered, and works on a phone and without JavaScript. It takes nothing
/// from other hosts.
///
/// It works on a server and on a client, in all places of a chain. Put it on the outside, so that it sees calls that
/// interceptors inside of it refuse, and before a [`CatchPanic`](crate::CatchPanic). On a client with a retry, what is
/// outside of the retry sees calls, and what is inside sees attempts.
/// Its clones are the same page, so one page may show several servers and clients.
///
/// # Where the page is
///
/// Nowhere, unless you say so:
///
/// - [`bind`](Self::bind) gives it a port of its own, which only this machine can reach;
/// - [`router`](Self::router) makes an `axum::Router` of it, and [`service`](Self::service) a plain `tower::Service`, to put it
///   into a server of yours, with your own access checks.
///
/// **The page tells of callers, their metadata and of errors.** Show it only to people who may read your logs.
///
/// `curl` gets text:
///
/// ```text
/// $ curl 127.0.0.1:9466
/// $ curl 127.0.0.1:9466/json
/// $ curl '127.0.0.1:9466/text?method=server/greeter.v1.Greeter/SayHello'
/// ```
///
/// | query | |
/// | --- | --- |
/// | `method` | the calls and samples of one method: its side and its path, as above |
/// | `filter` | those methods whose names have this in them, in any case |
/// | `sort` | `method`, `in_flight`, `rate`, `rate_hour`, `rate_start`, `started`, `ok`, `errors`, `p50`, `p90`, `p99`, `messages`; with a minus before it the largest comes first |
/// | `format` | `html`, `json` or `text`, in place of the path and of the header `accept` |
///
/// HTML and text show the oldest 100 calls in flight. JSON has all that are [listed](Self::in_flight).
///
/// # JSON
///
/// | field | |
/// | --- | --- |
/// | `uptime_seconds` | since the page was made |
/// | `methods` | the methods that were asked for, see below |
/// | `methods_in_all` | how many methods there are |
/// | `in_flight` | their calls in flight, the oldest first: `method` (its `id`), `age_ms`, and what all calls have |
/// | `in_flight_unlisted` | how many more are in flight |
/// | `method` | if one method was asked for: its `id`, `buckets` and `codes`, see below |
///
/// - Each of `methods` has its `id`, which the query takes as `method`; its `name`, `side` and `kind`; the counts
///   `started`, `in_flight`, `ok`, `errors`, `errors_by_code`, `request_messages` and `response_messages`; `rates` over
///   the last `minute`, the last `hour` and since the `start`, each with `calls_per_second` and `errors_per_second`;
///   `latency` with `p50_ms`, `p90_ms` and `p99_ms`; and `windows` of five seconds: `windows_ago`, the two rates,
///   `p50_ms` and `p99_ms`.
/// - Each of `buckets` has `from_ms`, `to_ms`, `count` and `samples`, and each of `codes` has `code`, `count` and
///   `samples`. A sample has `code`, `cause`, `ended_ms_ago`, `elapsed_ms`, `message`, and what all calls have.
/// - All calls have `request_messages`, `response_messages`, `deadline_ms`, `peer`, `metadata` (a list of keys and
///   values) and `fields`. The last four are only there if the call was listed while it was in flight.
///
/// What isn't known is null or isn't there. Fields may be added: ignore those that you don't know.
///
/// # Metadata
///
/// All of a request's metadata is kept, up to 1,024 bytes, for the list of calls in flight and for samples. These values
/// are redacted, unless [`metadata`](Self::metadata) says which keys to keep:
///
/// - those of `authorization`, `proxy-authorization`, `cookie` and `set-cookie`;
/// - those of keys that end with `-bin`, `-key` or `_key`;
/// - those of keys that have one of these in them: `api-key`, `api_key`, `apikey`, `assertion`, `auth`, `bearer`,
///   `cookie`, `cred`, `jwt`, `passw`, `private`, `pwd`, `secret`, `session`, `signature`, `token`;
/// - those of keys that [`redact`](Self::redact) was told.
///
/// Messages are counted; what is in them isn't kept.
///
/// # What it costs
///
/// No call waits for a lock, another call or the page, except that the first call of a method sets up what is kept of
/// it. If the page reads something just when a call would write it, the call is counted and isn't listed, or isn't
/// a sample. Making the page keeps its thread busy: on a runtime with one thread (`current_thread`) all calls wait
/// until it is made. A unary call that succeeds allocates nothing once the buffers for metadata are there. It takes some
/// 270 ns more than without (two cores, in process), of which 160 are for being told of the call's end.
///
/// Memory is bounded: by the methods, of which there are as many as your services have and at most 770; by the calls in
/// flight that are [listed](Self::in_flight); and by the [samples](Self::samples).
///
/// # No row without bounds
///
/// A server's callers may make up names. In an [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer) the
/// RPCs that the layer wasn't told of (`methods`, `descriptors`) are counted together, in a row `other`. So are known
/// methods that come when 768 others have rows.
#[derive(Clone)]
pub struct Rpcz {
    state: Arc<State>,
}

impl Default for Rpcz {
    fn default() -> Self {
        Self::new()
    }
}

impl Rpcz {
    /// A page that has seen no calls.
    #[must_use]
    pub fn new() -> Self {
        Self::with_options(Options::new())
    }

    fn with_options(options: Options) -> Self {
        Rpcz { state: Arc::new(State::new(options)) }
    }

    fn with(self, set: impl FnOnce(&mut Options)) -> Self {
        let mut options = self.state.options.clone();
        set(&mut options);
        Self::with_options(options)
    }

    /// Lists so many calls in flight, rounded up to a multiple of 64: at most 65,536, and 1,024 unless it is said. More
    /// calls are counted, and the page says how many aren't listed. Of a call that isn't listed a sample has no
    /// metadata. Each takes up to 2 KiB.
    ///
    /// This and the other options make a new page: call them before it is cloned.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::Rpcz;
    ///
    /// let rpcz = Rpcz::new().in_flight(10_000).samples(5).metadata(["tenant", "user-agent"]);
    /// ```
    #[must_use]
    pub fn in_flight(self, calls: usize) -> Self {
        self.with(|options| options.in_flight = calls)
    }

    /// Keeps so many of the last calls, and as many of the slowest, for each of the nine buckets of times and the sixteen
    /// codes of failures: at most 32, and 3 unless it is said. Each takes up to 3 KiB, most take a tenth of that.
    ///
    /// Of calls that succeed, one a second becomes one of the last.
    #[must_use]
    pub fn samples(self, each: usize) -> Self {
        self.with(|options| options.samples = each)
    }

    /// Keeps the metadata with these keys, and no other.
    ///
    /// Of these, the values of `authorization`, `proxy-authorization`, `cookie` and `set-cookie` stay redacted, and so do
    /// those of keys that end with `-bin` or that [`redact`](Self::redact) was told. **All other values are shown**, even
    /// if their keys speak of secrets: if you ask for `x-api-key`, the page shows it.
    #[must_use]
    pub fn metadata<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        self.with(|options| options.keys.only = Some(lower_case(keys)))
    }

    /// Redacts the values of these keys, too. Called again, it adds more.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::Rpcz;
    ///
    /// let rpcz = Rpcz::new().redact(["customer"]);
    /// ```
    #[must_use]
    pub fn redact<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        self.with(|options| options.keys.hidden.extend(lower_case(keys)))
    }

    /// Shows a text of your own with each call, made of its context and its request metadata, up to 1,024 bytes.
    ///
    /// It is called before the call is counted. If it panics, so does the call, and the page doesn't show it.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::Rpcz;
    ///
    /// let rpcz = Rpcz::new().fields(|context, _| format!("deadline={:?}", context.time_remaining()));
    /// ```
    #[must_use]
    pub fn fields(
        self,
        fields: impl Fn(&Context, &MetadataMap) -> String + Send + Sync + 'static,
    ) -> Self {
        self.with(|options| options.fields = Some(Arc::new(fields)))
    }

    /// The page as a `tower::Service`, at `/`, `/json` and `/text`. It answers GET and HEAD.
    ///
    /// It answers every request: put your own access check in front of it.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::Rpcz;
    ///
    /// let app: axum::Router = axum::Router::new().nest_service("/debug/rpcz", Rpcz::new().service());
    /// ```
    #[must_use]
    pub fn service(&self) -> RpczService {
        RpczService::new(self.state.clone())
    }

    /// The page at a path of an [`axum::Router`], for a server that you have.
    ///
    /// It answers every request: put your own access check in front of it.
    ///
    /// ```
    /// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
    /// # struct MyGreeter;
    /// # #[tonic::async_trait]
    /// # impl Greeter for MyGreeter {}
    /// use grpc_interceptor::interceptors::Rpcz;
    /// use tonic::service::Routes;
    ///
    /// let rpcz = Rpcz::new();
    /// let greeter = GreeterServer::with_interceptors(MyGreeter, rpcz.clone());
    ///
    /// // On the port of gRPC itself. A browser needs `Server::builder().accept_http1(true)`.
    /// let routes = Routes::new(greeter).into_axum_router().merge(rpcz.router("/debug/rpcz"));
    /// let routes = Routes::from(routes);
    /// ```
    ///
    /// # Panics
    ///
    /// If `path` doesn't begin with a slash, as axum does.
    pub fn router(&self, path: &str) -> axum::Router {
        page::router(self.service(), path)
    }

    /// Takes a port for the page, which only this machine can reach: at `http://127.0.0.1:<port>/`. With 0 the
    /// system chooses one.
    ///
    /// # Errors
    ///
    /// If the port is taken, or the process isn't allowed to listen on it.
    pub async fn bind(&self, port: u16) -> io::Result<RpczServer> {
        self.bind_to(([127, 0, 0, 1], port).into()).await
    }

    /// The same at another address.
    ///
    /// **Anybody who can reach that address can read the page**: there is no password. An address that other machines can
    /// reach needs a firewall, or a proxy that checks who is asking.
    ///
    /// # Errors
    ///
    /// If the address is taken, isn't one of this machine, or the process isn't allowed to listen on it.
    pub async fn bind_to(&self, address: SocketAddr) -> io::Result<RpczServer> {
        RpczServer::bind(self.service(), address).await
    }
}

fn lower_case<K: Into<String>>(keys: impl IntoIterator<Item = K>) -> Vec<String> {
    keys.into_iter().map(|key| key.into().to_ascii_lowercase()).collect()
}

impl fmt::Debug for Rpcz {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Rpcz").finish_non_exhaustive()
    }
}

impl<N: Next> Interceptor<N> for Rpcz {
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let call = self.state.start(&context, request.metadata(), peer(&request));
        next.observed_by(call).run(request)
    }
}
