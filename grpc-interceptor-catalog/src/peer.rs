use std::net::SocketAddr;

use tonic::Request;

/// Returns the caller's address, if known.
#[cfg(feature = "server")]
pub(crate) fn peer<T>(request: &Request<T>) -> Option<SocketAddr> {
    request.remote_addr()
}

#[cfg(not(feature = "server"))]
pub(crate) fn peer<T>(_: &Request<T>) -> Option<SocketAddr> {
    None
}
