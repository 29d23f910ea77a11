use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    io,
    net::{IpAddr, SocketAddr},
    task::{Context, Poll},
};

use axum::Router;
use tokio::net::TcpListener;
use tonic::{
    body::Body,
    codegen::{
        Service,
        http::{HeaderMap, Request, Response, StatusCode, Uri, header, uri::Authority},
    },
};

use super::service::{RpczService, plain};

/// A page with a port of its own: made by [`Rpcz::bind`](crate::Rpcz::bind).
///
/// It answers requests for `localhost`, for an IP address, and for [hosts](Self::hosts) that it is told of. A page in a
/// browser that has another host's name point here (DNS rebinding) gets 403.
pub struct RpczServer {
    listener: TcpListener,
    service: RpczService,
    hosts: Vec<String>,
}

impl RpczServer {
    pub(in crate::rpcz) async fn bind(
        service: RpczService,
        address: SocketAddr,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        Ok(RpczServer { listener, service, hosts: Vec::new() })
    }

    /// Where it is.
    ///
    /// # Errors
    ///
    /// If the system doesn't know.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers requests for these hosts, too: names without a port.
    ///
    /// ```no_run
    /// # async fn run() -> std::io::Result<()> {
    /// use grpc_interceptor::interceptors::Rpcz;
    ///
    /// let page = Rpcz::new().bind_to(([10, 0, 0, 7], 9466).into()).await?;
    /// tokio::spawn(page.hosts(["greeter-1.internal"]).serve());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn hosts<H: Into<String>>(mut self, hosts: impl IntoIterator<Item = H>) -> Self {
        self.hosts.extend(hosts.into_iter().map(Into::into));
        self
    }

    /// Serves the page until the future is dropped.
    ///
    /// # Errors
    ///
    /// It never returns one. An error of a connection ends that connection only.
    pub async fn serve(self) -> io::Result<()> {
        let checked = Checked { service: self.service, hosts: self.hosts };
        axum::serve(self.listener, Router::new().fallback_service(checked)).await
    }
}

impl fmt::Debug for RpczServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RpczServer")
            .field("listener", &self.listener)
            .finish_non_exhaustive()
    }
}

/// The page, for hosts that it knows.
#[derive(Clone)]
struct Checked {
    service: RpczService,
    hosts: Vec<String>,
}

impl Checked {
    /// Who rebinds a name has a name: so an address is fine.
    fn knows(&self, uri: &Uri, headers: &HeaderMap) -> bool {
        let mut named = headers.get_all(header::HOST).iter();
        let authority = match (uri.authority(), named.next(), named.next()) {
            (Some(authority), ..) => Some(authority.clone()),
            (None, Some(host), None) => Authority::try_from(host.as_bytes()).ok(),
            _ => None,
        };
        let Some(authority) = authority else { return false };
        let host = authority.host();
        let address = host.trim_start_matches('[').trim_end_matches(']');
        host.eq_ignore_ascii_case("localhost")
            || address.parse::<IpAddr>().is_ok()
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(host))
    }
}

impl<B> Service<Request<B>> for Checked {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let parts = request.into_parts().0;
        ready(Ok(match self.knows(&parts.uri, &parts.headers) {
            true => self.service.answer(&parts),
            false => plain(StatusCode::FORBIDDEN, "This page isn't at that host.\n"),
        }))
    }
}
