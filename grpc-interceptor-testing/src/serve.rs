use std::{fmt, io};

use crate::{RunningServer, Servable, link::Link};

/// A server that is to be started: made by [`serve`](crate::serve).
#[must_use = "it is nothing before `start`"]
pub struct Serve<S> {
    server: S,
    on_loopback: bool,
}

impl<S> Serve<S> {
    pub(crate) fn new(server: S) -> Self {
        Serve { server, on_loopback: false }
    }

    /// Connects by TCP, on a free port of 127.0.0.1, instead of in memory.
    ///
    /// It is for clients that need an address, such as one in another language, and for services
    /// that ask for the peer's. Under tokio's paused clock in memory is better: see
    /// [`Dummy::on_loopback`](crate::Dummy::on_loopback).
    ///
    /// ```
    /// use grpc_interceptor::testing;
    /// # use grpc_interceptor_proto::default_stubs::greeter_server::{self, GreeterServer};
    /// #
    /// # struct MyGreeter;
    /// #
    /// # #[tonic::async_trait]
    /// # impl greeter_server::Greeter for MyGreeter {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = testing::serve(GreeterServer::new(MyGreeter)).on_loopback().start().await?;
    /// println!("a client in another language may connect to {:?}", server.local_addr());
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_loopback(mut self) -> Self {
        self.on_loopback = true;
        self
    }

    /// Starts the server, and a channel that is connected to it.
    ///
    /// They run until the [`RunningServer`] is dropped, or its [`shutdown`](RunningServer::shutdown)
    /// is called. Any number of them may run at once.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    /// # use grpc_interceptor_proto::default_stubs::greeter_server::{self, GreeterServer};
    /// #
    /// # struct MyGreeter;
    /// #
    /// # #[tonic::async_trait]
    /// # impl greeter_server::Greeter for MyGreeter {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = testing::serve(GreeterServer::new(MyGreeter)).start().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// What went wrong with the socket, [on loopback](Self::on_loopback). In memory, nothing can.
    ///
    /// # Panics
    ///
    /// Outside of a tokio runtime.
    pub async fn start<K>(self) -> io::Result<RunningServer>
    where
        S: Servable<K>,
    {
        let (channel, link) = Link::start(self.server, self.on_loopback).await?;
        Ok(RunningServer::new(channel, link))
    }
}

impl<S> fmt::Debug for Serve<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Serve")
            .field("on_loopback", &self.on_loopback)
            .finish_non_exhaustive()
    }
}
