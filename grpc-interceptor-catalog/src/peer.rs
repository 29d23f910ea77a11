use std::net::SocketAddr;

use tonic::Request;

/// The caller's address, if it is known.
#[cfg(feature = "server")]
pub(crate) fn peer<T>(request: &Request<T>) -> Option<SocketAddr> {
    request.remote_addr()
}

#[cfg(not(feature = "server"))]
pub(crate) fn peer<T>(_: &Request<T>) -> Option<SocketAddr> {
    None
}
