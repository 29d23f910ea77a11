use crate::{
    serve::{Start, start_of},
    serves::Serves,
};

/// What [`serve`](crate::serve) takes: a server that tonic generated, a [`Router`](tonic::transport::server::Router), or
/// [`Routes`](tonic::service::Routes).
///
/// More exactly: whatever takes requests as a generated server does, and can't fail. `Kind` is inferred.
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
    /// Here, as in an impl the kind is known.
    #[doc(hidden)]
    fn into_start(self) -> Start;
}

// Without this, a type that is no server would be told to be `Clone`, too.
#[diagnostic::do_not_recommend]
impl<S, Kind> Servable<Kind> for S
where
    S: Serves<Kind>,
    Kind: 'static,
{
    fn into_start(self) -> Start {
        start_of(self)
    }
}
