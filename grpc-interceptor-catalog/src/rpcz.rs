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

/// Serves a web page that shows what your RPCs are doing.
///
/// It is modelled on OpenCensus' `/rpcz` and Go's `/debug/requests`.
///
/// ```no_run
/// # use grpc_interceptor_proto::default_stubs as pb;
/// # use pb::greeter_server::Greeter;
/// # struct MyGreeter;
/// # #[tonic::async_trait]
/// # impl Greeter for MyGreeter {}
/// use grpc_interceptor::{InterceptorLayer, interceptors::Rpcz};
/// use pb::greeter_server::{self, GreeterServer};
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
/// For each method it shows:
///
/// - how many calls have started, are in flight, have succeeded and have failed (by code), and how
///   many messages have passed in each direction;
/// - call rates over the last minute, the last hour, and since the start;
/// - latency: the 50th, 90th and 99th percentiles since the start, and a histogram. Percentiles
///   include failed calls. They are accurate to within a sixteenth, from one microsecond to 52
///   days; anything below a microsecond is shown as half a microsecond;
/// - plots of rate and latency over the last ten minutes;
/// - the calls in flight, with their age, peer, and messages so far;
/// - samples of ended calls: for each latency bucket and each code, the most recent calls, and the
///   slowest older calls of the last hour. A sample includes the call's metadata and its status.
///
/// The page updates itself, can be sorted and filtered, and works on a phone and without
/// JavaScript. It loads nothing from other hosts.
///
/// It works on servers and clients, anywhere in a chain. Put it near the outside, so that it also
/// sees the calls that inner interceptors refuse, and outside a [`CatchPanic`](crate::CatchPanic).
/// On a client that retries, place it outside the retry to see calls, or inside to see attempts.
/// All clones of an `Rpcz` share one page, so one page can show several servers and clients.
///
/// # Serving the page
///
/// Nothing is served by default. Choose one of these:
///
/// - [`bind`](Self::bind) serves it on a separate port, reachable only from this machine;
/// - [`router`](Self::router) returns an `axum::Router` and [`service`](Self::service) a plain
///   `tower::Service`, to mount in an existing server behind your own access checks.
///
/// **The page shows callers, their metadata and errors.** Only let people see it who are allowed to
/// read your logs.
///
/// `curl` gets plain text:
///
/// ```text
/// $ curl 127.0.0.1:9466
/// $ curl 127.0.0.1:9466/json
/// $ curl '127.0.0.1:9466/text?method=server/greeter.v1.Greeter/SayHello'
/// ```
///
/// | query | meaning |
/// | --- | --- |
/// | `method` | shows the calls and samples of one method, given as side and path as above |
/// | `filter` | shows only the methods whose names contain this text, ignoring case |
/// | `sort` | `method`, `in_flight`, `rate`, `rate_hour`, `rate_start`, `started`, `ok`, `errors`, `p50`, `p90`, `p99`, `messages`; a leading minus sorts in descending order |
/// | `format` | `html`, `json` or `text`; overrides the path and the `accept` header |
///
/// HTML and text show the 100 oldest calls in flight. JSON has all [listed](Self::in_flight) calls.
///
/// # JSON
///
/// | field | value |
/// | --- | --- |
/// | `uptime_seconds` | time since the page was created |
/// | `methods` | the requested methods, see below |
/// | `methods_in_all` | the total number of methods |
/// | `in_flight` | their calls in flight, oldest first: `method` (its `id`), `age_ms`, and the common fields below |
/// | `in_flight_unlisted` | how many more calls are in flight |
/// | `method` | if a single method was requested: its `id`, `buckets` and `codes`, see below |
///
/// - Each entry of `methods` has an `id`, which the query accepts as `method`; its `name`, `side`
///   and `kind`; the counts `started`, `in_flight`, `ok`, `errors`, `errors_by_code`,
///   `request_messages` and `response_messages`; `rates` over the last `minute`, the last `hour`
///   and since the `start`, each with `calls_per_second` and `errors_per_second`; `latency` with
///   `p50_ms`, `p90_ms` and `p99_ms`; and `windows` of five seconds, each with `windows_ago`, the
///   two rates, `p50_ms` and `p99_ms`.
/// - Each entry of `buckets` has `from_ms`, `to_ms`, `count` and `samples`, and each entry of
///   `codes` has `code`, `count` and `samples`. A sample has `code`, `cause`, `ended_ms_ago`,
///   `elapsed_ms`, `message`, and the common fields.
/// - The common fields of all calls are `request_messages`, `response_messages`, `deadline_ms`,
///   `peer`, `metadata` (a list of key-value pairs) and `fields`. The last four are only present if
///   the call was listed while it was in flight.
///
/// Unknown values are null or absent. New fields can be added: ignore the ones you don't know.
///
/// # Metadata
///
/// The request metadata of calls in flight and of samples is kept, up to 1,024 bytes. Unless you
/// choose the keys with [`metadata`](Self::metadata), the values of these keys are redacted:
///
/// - `authorization`, `proxy-authorization`, `cookie` and `set-cookie`;
/// - keys that end in `-bin`, `-key` or `_key`;
/// - keys that contain one of `api-key`, `api_key`, `apikey`, `assertion`, `auth`, `bearer`,
///   `cookie`, `cred`, `jwt`, `passw`, `private`, `pwd`, `secret`, `session`, `signature`, `token`;
/// - keys that you passed to [`redact`](Self::redact).
///
/// Messages are counted, but their contents aren't kept.
///
/// # Cost
///
/// No call waits for a lock, for another call or for the page, with one exception: the first call
/// to a method sets up that method's state. If the page happens to read an entry just as a call
/// needs to write it, the call is still counted but isn't listed or doesn't become a sample.
/// Rendering the page keeps its thread busy: on a single-threaded runtime (`current_thread`), all
/// calls wait until it is done. Once the metadata buffers exist, a successful unary call allocates
/// nothing. It takes about 270 ns longer (two cores, in process), of which 160 ns are spent on
/// observing the end of the call.
///
/// Memory is bounded: by the number of methods, at most 770; by the number of
/// [listed](Self::in_flight) calls in flight; and by the number of [samples](Self::samples).
///
/// # Bounded number of rows
///
/// Callers of a server can make up method names. In an
/// [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer), RPCs that the layer doesn't
/// know (see `methods` and `descriptors`) are counted together in a row named `other`. The same
/// happens to known methods once 768 others have rows.
#[cfg(feature = "rpcz")]
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
    /// Creates a page that hasn't seen any calls.
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

    /// Sets how many calls in flight are listed: 1,024 by default, at most 65,536, rounded up to a
    /// multiple of 64.
    ///
    /// Additional calls are counted, and the page shows how many aren't listed. Samples of unlisted
    /// calls have no metadata. Each listed call takes up to 2 KiB.
    ///
    /// Like the other options, this creates a new page: call it before cloning.
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

    /// Sets how many samples are kept: 3 by default, at most 32.
    ///
    /// For each of the nine latency buckets and each of the sixteen error codes, this many of the
    /// most recent and this many of the slowest calls are kept. Each sample takes up to 3 KiB; most
    /// take a tenth of that.
    ///
    /// Among successful calls, only one per second is kept as a recent sample, in addition to slow
    /// ones.
    #[must_use]
    pub fn samples(self, each: usize) -> Self {
        self.with(|options| options.samples = each)
    }

    /// Keeps only the metadata with these keys.
    ///
    /// Of these, the values of `authorization`, `proxy-authorization`, `cookie` and `set-cookie`
    /// stay redacted, as do those of keys that end in `-bin` or that were passed to
    /// [`redact`](Self::redact). **All other values are shown**, even if their keys suggest a
    /// secret: if you ask for `x-api-key`, the page shows it.
    #[must_use]
    pub fn metadata<K: Into<String>>(self, keys: impl IntoIterator<Item = K>) -> Self {
        self.with(|options| options.keys.only = Some(lower_case(keys)))
    }

    /// Also redacts the values of these keys.
    ///
    /// Repeated calls add more keys.
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

    /// Shows a custom text with each call, computed from its context and its request metadata, up
    /// to 1,024 bytes.
    ///
    /// The closure runs before the call is counted. If it panics, so does the call, and the page
    /// doesn't show it.
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

    /// Returns the page as a `tower::Service`.
    ///
    /// It serves `/`, `/json` and `/text`, and answers GET and HEAD. It answers every request: put
    /// your own access check in front of it.
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

    /// Mounts the page at a path of an [`axum::Router`], for use in an existing server.
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
    /// // On the same port as gRPC. For a browser, also set `Server::builder().accept_http1(true)`.
    /// let routes = Routes::new(greeter).into_axum_router().merge(rpcz.router("/debug/rpcz"));
    /// let routes = Routes::from(routes);
    /// ```
    ///
    /// # Panics
    ///
    /// Panics if `path` doesn't begin with a slash, as axum does.
    pub fn router(&self, path: &str) -> axum::Router {
        page::router(self.service(), path)
    }

    /// Binds a port for the page, reachable only from this machine at `http://127.0.0.1:<port>/`.
    ///
    /// With port 0, the operating system chooses one.
    ///
    /// # Errors
    ///
    /// Returns an error if the port is in use, or the process isn't allowed to listen on it.
    pub async fn bind(&self, port: u16) -> io::Result<RpczServer> {
        self.bind_to(([127, 0, 0, 1], port).into()).await
    }

    /// Binds the page to another address.
    ///
    /// **Anyone who can reach that address can read the page**: there is no password. If other
    /// machines can reach it, protect it with a firewall or an authenticating proxy.
    ///
    /// # Errors
    ///
    /// Returns an error if the address is in use, doesn't belong to this machine, or the process
    /// isn't allowed to listen on it.
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
