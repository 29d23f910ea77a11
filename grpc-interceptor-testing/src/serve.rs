use std::{fmt, future::Future, io, pin::Pin};

use tonic::transport::Channel;

use crate::{RunningServer, link::Link, serves::Serves};

/// A server that hasn't been started yet. Created by [`serve`](crate::serve).
#[must_use = "does nothing until `start` is called"]
pub struct Serve {
    start: Start,
    on_loopback: bool,
}

/// Starts a server with its type erased, so that the compiler reports one that can't be served in
/// only one place.
pub type Start = Box<dyn FnOnce(bool) -> Pin<Box<dyn Future<Output = Started> + Send>> + Send>;

/// Returns how to start a server of this kind.
pub(crate) fn start_of<K: 'static>(server: impl Serves<K>) -> Start {
    Box::new(|on_loopback| Box::pin(Link::start(server, on_loopback)))
}

pub type Started = io::Result<(Channel, Link)>;

impl Serve {
    pub(crate) fn new(start: Start) -> Self {
        Serve { start, on_loopback: false }
    }

    /// Connects over TCP, on a free port of 127.0.0.1, instead of in memory.
    ///
    /// Use it for clients that need an address, such as one in another language, and for services
    /// that read the peer's address. With tokio's paused clock, in memory is better: see
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
    /// println!("a client in another language can connect to {:?}", server.local_addr());
    /// # Ok(())
    /// # }
    /// ```
    pub fn on_loopback(mut self) -> Self {
        self.on_loopback = true;
        self
    }

    /// Starts the server, and a channel connected to it.
    ///
    /// They run until the [`RunningServer`] is dropped or its [`shutdown`](RunningServer::shutdown)
    /// is called. Any number of them can run at the same time.
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
    /// Returns any error from the socket, [on loopback](Self::on_loopback). In memory, it never
    /// fails.
    ///
    /// # Panics
    ///
    /// Panics outside a tokio runtime.
    pub async fn start(self) -> io::Result<RunningServer> {
        let (channel, link) = (self.start)(self.on_loopback).await?;
        Ok(RunningServer::new(channel, link))
    }
}

impl fmt::Debug for Serve {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Serve")
            .field("on_loopback", &self.on_loopback)
            .finish_non_exhaustive()
    }
}
