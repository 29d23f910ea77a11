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

/// A page on a separate port, created by [`Rpcz::bind`](crate::Rpcz::bind).
///
/// It answers requests for `localhost`, for any IP address, and for the [hosts](Self::hosts) you
/// add. A web page that points another host name at this server (DNS rebinding) gets 403.
#[cfg(feature = "rpcz")]
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

    /// Returns the address that the page is bound to.
    ///
    /// # Errors
    ///
    /// Returns an error if the operating system can't tell.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Also answers requests for these host names, given without a port.
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
    /// Never returns an error. A connection error only ends that connection.
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

/// The page, limited to known hosts.
#[derive(Clone)]
struct Checked {
    service: RpczService,
    hosts: Vec<String>,
}

impl Checked {
    /// DNS rebinding needs a host name, so an IP address is always fine.
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
            false => plain(StatusCode::FORBIDDEN, "This host name isn't allowed.\n"),
        }))
    }
}
