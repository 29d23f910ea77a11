use std::{
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream},
    sync::{mpsc, watch},
};
use tokio_stream::{Stream, StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::transport::server::{Connected, TcpIncoming};

use crate::{connection::Connection, serves::Serves};

/// A running server. It stops when it is dropped, and its tasks end as soon as they get to run.
pub(crate) struct Server {
    stop: watch::Sender<()>,
}

impl Server {
    /// Serves the connections that arrive through the sender.
    pub(crate) fn in_memory<K>(
        server: impl Serves<K>,
    ) -> (Self, mpsc::UnboundedSender<DuplexStream>) {
        let (sender, incoming) = mpsc::unbounded_channel();
        (Self::serve(server, UnboundedReceiverStream::new(incoming).map(Ok)), sender)
    }

    /// Serves on a free port of this machine.
    pub(crate) fn on_loopback<K>(server: impl Serves<K>) -> io::Result<(Self, SocketAddr)> {
        let incoming =
            TcpIncoming::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.with_nodelay(Some(true));
        let address = incoming.local_addr()?;
        Ok((Self::serve(server, incoming), address))
    }

    fn serve<T, K>(
        server: impl Serves<K>,
        incoming: impl Stream<Item = io::Result<T>> + Send + 'static,
    ) -> Self
    where
        T: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let (sender, stop) = watch::channel(());
        let receiver = stop.clone();
        let incoming = incoming.map(move |io| io.map(|io| Connection::new(io, receiver.clone())));
        // The server's clones of the receiver live as long as this task, its connections and its
        // calls.
        tokio::spawn(server.serve(incoming, stop));
        Server { stop: sender }
    }

    /// Stops the server, and waits until all of its tasks have ended.
    pub(crate) async fn stop(self) {
        // If there are no receivers left, it has stopped by itself.
        let _ = self.stop.send(());
        self.stop.closed().await;
    }
}
