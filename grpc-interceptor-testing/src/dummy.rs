use std::{fmt, future::Future, io};

use tonic::Request;

use crate::{
    Answer, DummyClient, DummyService,
    dummy_service_server::{DummyServiceServer, DummyServiceServerInterceptors},
    link::Link,
};

/// A dummy service with a real HTTP/2 server and client, not yet started. Created by
/// [`dummy`](crate::dummy).
///
/// `S` is the type of the server's interceptors, and `C` is the type of the client's.
#[must_use = "does nothing until `start` is called"]
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
    /// Sets the service's interceptors, replacing any set before.
    ///
    /// They are a single [`Interceptor`](grpc_interceptor_runtime::Interceptor), usually a tuple.
    /// The first one is the outermost. An async fn needs
    /// [`#[interceptor]`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/attr.interceptor.html).
    /// To inspect an interceptor after calls have been made, pass an `Arc` of it.
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

    /// Sets the client's interceptors, replacing any set before.
    ///
    /// They are a single [`Interceptor`](grpc_interceptor_runtime::Interceptor), as for
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

    /// Answers this input with a closure, in all RPCs. See [`DummyService::special_case`].
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

    /// Answers this input with a closure that returns a future, in all RPCs. See
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

    /// Connects over TCP, on a free port of 127.0.0.1, instead of in memory.
    ///
    /// In memory is the default. It takes no port, and tokio's paused clock doesn't move while a
    /// message is in transit, because the runtime knows about it. With a socket the runtime doesn't
    /// know, and a paused clock may run ahead to the next timeout. Everything else is the same:
    /// HTTP/2 with tonic's own client and server.
    ///
    /// Use a socket for calls from other programs, such as a client in another language: see
    /// [`DummyClient::local_addr`]. It also gives interceptors a peer address to read.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = testing::dummy().on_loopback().start().await?;
    /// println!("a client in another language can connect to {:?}", client.local_addr());
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_loopback(mut self) -> Self {
        self.on_loopback = true;
        self
    }
}

impl<S, C> Dummy<S, C> {
    /// Starts the server, and a client connected to it.
    ///
    /// They run until the [`DummyClient`] is dropped or its [`shutdown`](DummyClient::shutdown) is
    /// called. Any number of them can run at the same time.
    ///
    /// # Errors
    ///
    /// Returns any error from the socket, [on loopback](Self::on_loopback). In memory, it never
    /// fails.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
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
    /// Connects the client to another server of the same protocol instead.
    ///
    /// Examples are a server in another language, or another dummy service [on
    /// loopback](Self::on_loopback).
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
    /// Returns [`InvalidInput`](io::ErrorKind::InvalidInput) if `uri` isn't a valid URI, or if this
    /// dummy has special cases or `on_loopback`, which only apply to its own server. Otherwise
    /// returns the error from connecting.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub async fn connect_to(self, uri: impl Into<String>) -> io::Result<DummyClient<C>> {
        if self.service.has_special_cases() || self.on_loopback {
            let reason =
                "special cases and `on_loopback` apply only to `start`, not to another server";
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
