use std::{io, net::SocketAddr};

use hyper_util::rt::TokioIo;
use tonic::transport::{Channel, Endpoint};

use crate::{server::Server, serves::Serves, tasks::Tasks};

/// A placeholder host for the client's URI. It appears only in the requests: there is nothing to
/// connect to under that name on any network.
const IN_MEMORY: &str = "http://in-memory.invalid";

/// The size in bytes of the in-memory buffer in each direction.
const BUFFER_SIZE: usize = 64 * 1024;

/// Keeps a channel alive: its tasks and, if it is ours, the server at the other end. They end when
/// this is dropped.
pub struct Link {
    // Dropped in this order, so that neither waits for the other.
    tasks: Tasks,
    server: Option<Server>,
    local_addr: Option<SocketAddr>,
}

impl Link {
    /// Starts a server, and connects to it.
    pub(crate) async fn start<K>(
        server: impl Serves<K>,
        on_loopback: bool,
    ) -> io::Result<(Channel, Self)> {
        match on_loopback {
            true => Self::on_loopback(server).await,
            false => Self::in_memory(server).await,
        }
    }

    async fn in_memory<K>(server: impl Serves<K>) -> io::Result<(Channel, Self)> {
        let tasks = Tasks::default();
        let (server, connections) = Server::in_memory(server);
        let connector = tower::service_fn(move |_| {
            let (ours, theirs) = tokio::io::duplex(BUFFER_SIZE);
            let sent = connections.send(theirs);
            std::future::ready(match sent {
                Ok(()) => Ok(TokioIo::new(ours)),
                Err(_) => Err(io::Error::from(io::ErrorKind::ConnectionRefused)),
            })
        });
        let endpoint = endpoint(IN_MEMORY.to_owned(), &tasks)?;
        let channel = endpoint.connect_with_connector(connector).await.map_err(io::Error::other)?;
        Ok((channel, Link { tasks, server: Some(server), local_addr: None }))
    }

    async fn on_loopback<K>(server: impl Serves<K>) -> io::Result<(Channel, Self)> {
        let (server, address) = Server::on_loopback(server)?;
        let (channel, link) = Self::connect_to(format!("http://{address}")).await?;
        Ok((channel, Link { server: Some(server), local_addr: Some(address), ..link }))
    }

    /// Connects to a server that isn't ours.
    pub(crate) async fn connect_to(uri: String) -> io::Result<(Channel, Self)> {
        let tasks = Tasks::default();
        let channel = endpoint(uri, &tasks)?.connect().await.map_err(io::Error::other)?;
        Ok((channel, Link { tasks, server: None, local_addr: None }))
    }

    /// Returns the address that our own server listens on. `None` in memory.
    pub(crate) fn local_addr(&self) -> Option<SocketAddr> {
        self.local_addr
    }

    /// Ends the tasks and the server, and waits until they have ended.
    pub(crate) async fn end(self) {
        let Link { tasks, server, .. } = self;
        tasks.end().await;
        if let Some(server) = server {
            server.stop().await;
        }
    }
}

fn endpoint(uri: String, tasks: &Tasks) -> io::Result<Endpoint> {
    Channel::from_shared(uri)
        .map(|endpoint| endpoint.executor(tasks.spawner()))
        .map_err(|error| io::Error::new(io::ErrorKind::InvalidInput, error))
}
