//! The handler, and what can be put around it.

pub mod async_interceptor;
pub mod handler;
pub mod http_step;
pub mod middleware;
pub mod ours;
pub mod seen_by_hand;
pub mod sync_interceptor;
pub mod tower_layer;

/// Which library a case's interceptors come from.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Peer {
    Bare,
    ByHand,
    SyncInterceptor,
    TowerLayer,
    InterceptorFor,
    MiddlewareFor,
    AsyncInterceptor,
    TraceLayer,
    OtelGrpcLayer,
    PrometheusLayer,
    Attribute,
    Creation,
    List,
    Client,
    ClientList,
    Layer,
}

impl Peer {
    pub fn name(self) -> &'static str {
        match self {
            Peer::Bare => "bare tonic",
            Peer::ByHand => "by hand, in the handler",
            Peer::SyncInterceptor => "tonic's sync `Interceptor`",
            Peer::TowerLayer => "tower layers",
            Peer::InterceptorFor => "tonic-middleware, `InterceptorFor`",
            Peer::MiddlewareFor => "tonic-middleware, `MiddlewareFor`",
            Peer::AsyncInterceptor => "tonic-async-interceptor",
            Peer::TraceLayer => "tower-http's `TraceLayer`",
            Peer::OtelGrpcLayer => "tonic-tracing-opentelemetry's `OtelGrpcLayer`",
            Peer::PrometheusLayer => "tonic-prometheus-layer's `MetricsLayer`",
            Peer::Attribute => "**`#[intercepted(…)]`**",
            Peer::Creation => "**`GreeterServer::with_interceptors`**",
            Peer::List => "**`with_interceptors`, a `List`**",
            Peer::Client => "**`GreeterClient::with_interceptors`**",
            Peer::ClientList => "**`GreeterClient::with_interceptors`, a `List`**",
            Peer::Layer => "**`InterceptorLayer`**",
        }
    }

    pub fn is_ours(self) -> bool {
        use Peer::{Attribute, Client, ClientList, Creation, Layer, List};
        matches!(self, Attribute | Creation | List | Client | ClientList | Layer)
    }

    pub fn is_interceptor(self) -> bool {
        !matches!(self, Peer::Bare | Peer::ByHand)
    }
}

/// Nests a service as many times as there are marks.
macro_rules! nested {
    ($wrap:expr, $inner:expr;) => { $inner };
    ($wrap:expr, $inner:expr; $mark:tt $($more:tt)*) => {
        $crate::peers::nested!($wrap, ($wrap)($inner); $($more)*)
    };
}
pub(crate) use nested;
