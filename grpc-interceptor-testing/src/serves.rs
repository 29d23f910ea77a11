use std::{convert::Infallible, future::Future, io};

use http_body::Body as HttpBody;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    sync::watch,
};
use tokio_stream::Stream;
use tonic::{
    body::Body,
    codegen::{Bytes, Service, StdError, http},
    service::Routes,
    transport::server::{Connected, Router},
};
use tower::Layer;

use crate::{connection::stopped, held::Held, settle::settle};

/// How a server of this kind takes connections: what is inside [`Servable`](crate::Servable).
pub trait Serves<Kind>: Send + Sized + 'static {
    /// Serves what comes in until it is told to stop, or the sender is dropped. Whatever of the
    /// server is still at work holds the receiver.
    fn serve<I, T>(
        self,
        incoming: I,
        stop: watch::Receiver<()>,
    ) -> impl Future<Output = ()> + Send + 'static
    where
        I: Stream<Item = io::Result<T>> + Send + 'static,
        T: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static;
}

/// The kind of a server that is a service itself. Without kinds the compiler would refuse the second
/// impl: some day tonic might make `Router` a service, and both would be for it.
pub enum AsService {}

/// The kind of a [`Router`], which isn't a service.
pub enum AsRouter {}

/// A server that tonic generated, with interceptors or without, [`Routes`], or whatever else takes
/// requests as these do.
impl<S, B> Serves<AsService> for S
where
    S: Service<
            http::Request<Body>,
            Response = http::Response<B>,
            Error = Infallible,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static,
    B: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    async fn serve<I, T>(self, incoming: I, stop: watch::Receiver<()>)
    where
        I: Stream<Item = io::Result<T>> + Send + 'static,
        T: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let service = Held::new(self, stop.clone());
        let server = tonic::transport::Server::builder();
        let served = server.serve_with_incoming_shutdown(service, incoming, stopped(stop)).await;
        served.expect("the service is always ready");
    }
}

/// With its layers and its settings.
impl<L, B> Serves<AsRouter> for Router<L>
where
    L: Layer<Routes> + Send + 'static,
    L::Service: Service<
            http::Request<Body>,
            Response = http::Response<B>,
            Error: Into<StdError> + Send + 'static,
            Future: Send + 'static,
        > + Clone
        + Send
        + 'static,
    B: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    async fn serve<I, T>(self, incoming: I, stop: watch::Receiver<()>)
    where
        I: Stream<Item = io::Result<T>> + Send + 'static,
        T: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static,
    {
        let served = self.serve_with_incoming_shutdown(incoming, stopped(stop.clone())).await;
        served.expect("a router is always ready");
        // The connections are over, and the tasks of their calls were woken to end. There is no way
        // into a router, so the calls can't hold the receiver: this does while they end.
        settle().await;
        drop(stop);
    }
}
