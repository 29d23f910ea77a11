use std::{fmt, future::Future, io};

use tonic::Request;

use crate::{
    Answer, DummyClient, DummyService,
    dummy_service_server::{DummyServiceServer, DummyServiceServerInterceptors},
    link::Link,
};

/// A dummy service, with a real HTTP/2 server and client, that is to be started: made by
/// [`dummy`](crate::dummy).
///
/// `S` are the server's interceptors, `C` the client's.
#[must_use = "it is nothing before `start`"]
pub struct Dummy<S = (), C = ()> {
    service: DummyService,
    server_interceptors: S,
    client_interceptors: C,
    on_loopback: bool,
}

/// See [`dummy`](crate::dummy).
impl Dummy {
    pub(crate) fn new() -> Self {
        Dummy {
            service: DummyService::new(),
            server_interceptors: (),
            client_interceptors: (),
            on_loopback: false,
        }
    }
}

impl<S, C> Dummy<S, C> {
    /// Puts these interceptors around the service, in place of those that were given before.
    ///
    /// It is one [`Interceptor`](grpc_interceptor_runtime::Interceptor), mostly a tuple, the first of which is the
    /// outermost. An async fn has to be
    /// [`#[interceptor]`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/attr.interceptor.html).
    /// To look at it when calls have been made, give an `Arc` of it.
    ///
    /// ```
    /// use grpc_interceptor::{Context, Next, Outcome, interceptor, testing};
    /// use tonic::{Request, Status};
    ///
    /// #[interceptor]
    /// async fn closed<N: Next>(_: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
    ///     Err(Status::unavailable("we are closed"))
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = testing::dummy().server_interceptors(closed).start().await?;
    /// assert_eq!(client.execute("foo").await.unwrap_err().message(), "we are closed");
    /// # Ok(())
    /// # }
    /// ```
    pub fn server_interceptors<I>(self, server_interceptors: I) -> Dummy<I, C>
    where
        I: DummyServiceServerInterceptors<DummyService>,
    {
        let Dummy { service, client_interceptors, on_loopback, .. } = self;
        Dummy { service, server_interceptors, client_interceptors, on_loopback }
    }

    /// Puts these interceptors around the client's calls, in place of those that were given before.
    ///
    /// It is one [`Interceptor`](grpc_interceptor_runtime::Interceptor), as for
    /// [`server_interceptors`](Self::server_interceptors).
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let recorder = testing::Recorder::new();
    /// let mut client = testing::dummy().client_interceptors(recorder.clone()).start().await?;
    /// client.execute("foo").await?;
    /// assert_eq!(recorder.calls()[0].method_name.path(), "/DummyService/Execute");
    /// # Ok(())
    /// # }
    /// ```
    pub fn client_interceptors<I>(self, client_interceptors: I) -> Dummy<S, I> {
        let Dummy { service, server_interceptors, on_loopback, .. } = self;
        Dummy { service, server_interceptors, client_interceptors, on_loopback }
    }

    /// Answers this input by a closure, in all RPCs: see [`DummyService::special_case`].
    ///
    /// ```
    /// use grpc_interceptor::{Error, testing};
    /// use tonic::Code;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dummy = testing::dummy().special_case("error", |_| Err(Error::not_found("gone")));
    /// let mut client = dummy.start().await?;
    /// assert_eq!(client.execute("error").await.unwrap_err().code(), Code::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    pub fn special_case<F, A>(mut self, input: impl Into<String>, answer: F) -> Self
    where
        F: Fn(Request<String>) -> A + Send + Sync + 'static,
        A: Answer,
    {
        self.service = self.service.special_case(input, answer);
        self
    }

    /// Answers this input by a closure that returns a future, in all RPCs: see
    /// [`DummyService::special_case_async`].
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let dummy = testing::dummy().special_case_async("lazy", |request| async move {
    ///     tokio::task::yield_now().await;
    ///     format!("not {} any more", request.into_inner())
    /// });
    /// let mut client = dummy.start().await?;
    /// assert_eq!(client.execute("lazy").await?, "not lazy any more");
    /// # Ok(())
    /// # }
    /// ```
    pub fn special_case_async<F, A>(mut self, input: impl Into<String>, answer: F) -> Self
    where
        F: Fn(Request<String>) -> A + Send + Sync + 'static,
        A: Future<Output: Answer> + Send + 'static,
    {
        self.service = self.service.special_case_async(input, answer);
        self
    }

    /// Connects by TCP, on a free port of 127.0.0.1, instead of in memory.
    ///
    /// In memory is the default: no port is taken, and tokio's paused clock stands still while a
    /// message is on its way, as the runtime knows of each. On a socket it doesn't, and a paused
    /// clock may run ahead to the next timeout. All else is the same: HTTP/2, by tonic's own client
    /// and server.
    ///
    /// A socket is for calls by others, as by a client in another language: see
    /// [`DummyClient::local_addr`]. An interceptor that asks for the peer's address finds one there,
    /// too.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = testing::dummy().on_loopback().start().await?;
    /// println!("a client in another language may connect to {:?}", client.local_addr());
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_loopback(mut self) -> Self {
        self.on_loopback = true;
        self
    }
}

impl<S, C> Dummy<S, C> {
    /// Starts the server, and a client that is connected to it.
    ///
    /// They run until the [`DummyClient`] is dropped, or its [`shutdown`](DummyClient::shutdown) is
    /// called. Any number of them may run at once.
    ///
    /// # Errors
    ///
    /// What went wrong with the socket, [on loopback](Self::on_loopback). In memory, nothing can.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start(self) -> io::Result<DummyClient<C>>
    where
        S: DummyServiceServerInterceptors<DummyService>,
    {
        let server = DummyServiceServer::with_interceptors(self.service, self.server_interceptors);
        let (channel, link) = Link::start(server, self.on_loopback).await?;
        Ok(DummyClient::new(channel, self.client_interceptors, link))
    }
}

impl<C> Dummy<(), C> {
    /// Connects the client to another server of the same protocol instead, as to one in another
    /// language, or to one [on loopback](Self::on_loopback).
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let other = testing::dummy().on_loopback().start().await?;
    /// let address = other.local_addr().ok_or("it is on loopback")?;
    ///
    /// let recorder = testing::Recorder::new();
    /// let dummy = testing::dummy().client_interceptors(recorder.clone());
    /// let mut client = dummy.connect_to(format!("http://{address}")).await?;
    /// assert_eq!(client.execute("foo").await?, "foo");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InvalidInput`](io::ErrorKind::InvalidInput) if that is no URI, or if there are special
    /// cases, which only a server of its own could have; otherwise why it can't connect.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn connect_to(self, uri: impl Into<String>) -> io::Result<DummyClient<C>> {
        if self.service.has_special_cases() || self.on_loopback {
            let reason =
                "special cases and `on_loopback` are for `start`: another server has its own";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let (channel, link) = Link::connect_to(uri.into()).await?;
        Ok(DummyClient::new(channel, self.client_interceptors, link))
    }
}

impl<S, C> fmt::Debug for Dummy<S, C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Dummy")
            .field("service", &self.service)
            .field("on_loopback", &self.on_loopback)
            .finish_non_exhaustive()
    }
}
