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

use crate::{
    connection::stopped,
    held::Held,
    serve::{Start, start_of},
    settle::settle,
};

/// What [`serve`](crate::serve) takes: a server that tonic generated, a [`Router`], or [`Routes`].
///
/// `Kind` is inferred. It says by which of the impls below a server is served.
///
/// ```
/// use grpc_interceptor::testing::{self, Servable, dummy_service_server::DummyServiceServer};
/// use tonic::{service::Routes, transport::Server};
///
/// fn assert_servable<K>(_: impl Servable<K>) {}
///
/// let server = DummyServiceServer::new(testing::DummyService::new());
/// assert_servable(server.clone());
/// assert_servable(Server::builder().add_service(server.clone()));
/// assert_servable(Routes::new(server));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be served",
    label = "not a server that can be served",
    note = "what can be served: `GreeterServer::new(MyGreeter)` or any other server that tonic generated, \
            `Server::builder().add_service(…)`, `Routes`, an axum `Router`",
    note = "the service in a generated server has to implement the generated trait: `impl Greeter for MyGreeter`",
    note = "a tower layer around a server may not fail: one such as `Timeout` goes into `Server::builder().layer(…)`"
)]
pub trait Servable<Kind>: Send + Sized + 'static {
    /// Serves what comes in until it is told to stop, or the sender is dropped. Whatever of the
    /// server is still at work holds the receiver.
    #[doc(hidden)]
    fn serve<I, T>(
        self,
        incoming: I,
        stop: watch::Receiver<()>,
    ) -> impl Future<Output = ()> + Send + 'static
    where
        I: Stream<Item = io::Result<T>> + Send + 'static,
        T: AsyncRead + AsyncWrite + Connected + Unpin + Send + 'static;

    /// Here, as in an impl the kind is known.
    #[doc(hidden)]
    fn into_start(self) -> Start;
}

/// The kind of a server that is a service itself. Without kinds the compiler would refuse the second
/// impl: some day tonic might make `Router` a service, and both would be for it.
pub enum AsService {}

/// The kind of a [`Router`], which isn't a service.
pub enum AsRouter {}

/// A server that tonic generated, with interceptors or without, [`Routes`], or whatever else takes
/// requests as these do.
// A type that is no server would be told to be `Clone`, too.
#[diagnostic::do_not_recommend]
impl<S, B> Servable<AsService> for S
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

    fn into_start(self) -> Start {
        start_of::<AsService>(self)
    }
}

/// With its layers and its settings.
#[diagnostic::do_not_recommend]
impl<L, B> Servable<AsRouter> for Router<L>
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

    fn into_start(self) -> Start {
        start_of::<AsRouter>(self)
    }
}
