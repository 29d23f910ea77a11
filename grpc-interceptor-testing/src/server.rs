use std::{
    convert::Infallible,
    io,
    net::{Ipv4Addr, SocketAddr},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, DuplexStream},
    sync::{mpsc, watch},
};
use tokio_stream::{Stream, StreamExt as _, wrappers::UnboundedReceiverStream};
use tonic::{
    body::Body,
    codegen::{Service, http},
    transport::server::{Connected, TcpIncoming},
};

use crate::{
    connection::{Connection, stopped},
    held::Held,
};

/// A running server. When it is dropped, it stops; its tasks end as soon as they get to run.
pub(crate) struct Server {
    stop: watch::Sender<()>,
}

impl Server {
    /// Serves what comes in by the sender.
    pub(crate) fn in_memory(
        service: impl GeneratedServer,
    ) -> (Self, mpsc::UnboundedSender<DuplexStream>) {
        let (sender, incoming) = mpsc::unbounded_channel();
        (Self::serve(service, UnboundedReceiverStream::new(incoming).map(Ok)), sender)
    }

    /// Serves a free port of this machine.
    pub(crate) fn on_loopback(service: impl GeneratedServer) -> io::Result<(Self, SocketAddr)> {
        let incoming =
            TcpIncoming::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))?.with_nodelay(Some(true));
        let address = incoming.local_addr()?;
        Ok((Self::serve(service, incoming), address))
    }

    fn serve<T>(
        service: impl GeneratedServer,
        incoming: impl Stream<Item = io::Result<T>> + Send + 'static,
    ) -> Self
    where
        T: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let (stop, receiver) = watch::channel(());
        let service = Held::new(service, receiver.clone());
        let signal = stopped(receiver.clone());
        let incoming = incoming.map(move |io| io.map(|io| Connection::new(io, receiver.clone())));
        // What the server uses of the receiver lives as long as this task, its connections' and
        // its calls'.
        tokio::spawn(async {
            let server = tonic::transport::Server::builder();
            let served = server.serve_with_incoming_shutdown(service, incoming, signal).await;
            served.expect("the service is always ready");
        });
        Server { stop }
    }

    /// Stops, and waits until each of its tasks is over.
    pub(crate) async fn stop(self) {
        // Where nobody listens any more, it has stopped by itself.
        let _ = self.stop.send(());
        self.stop.closed().await;
    }
}

/// A server that tonic generated.
pub(crate) trait GeneratedServer:
    Service<
        http::Request<Body>,
        Response = http::Response<Body>,
        Error = Infallible,
        Future: Send + 'static,
    > + Clone
    + Send
    + Sync
    + 'static
{
}

impl<S> GeneratedServer for S where
    S: Service<
            http::Request<Body>,
            Response = http::Response<Body>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + Sync
        + 'static
{
}
