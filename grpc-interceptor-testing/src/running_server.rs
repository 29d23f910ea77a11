use std::{fmt, net::SocketAddr};

use tonic::transport::Channel;

use crate::link::Link;

/// A running server with a channel to it. Created by [`Serve::start`](crate::Serve::start).
///
/// Dropping it stops the server and closes the connection. Calls still in progress on the
/// [channel](Self::channel) fail, and their handlers are dropped. To wait for that, use
/// [`shutdown`](Self::shutdown).
#[must_use = "the server stops when this is dropped"]
pub struct RunningServer {
    // Dropped in this order, so that neither waits for the other.
    channel: Channel,
    link: Link,
}

impl RunningServer {
    pub(crate) fn new(channel: Channel, link: Link) -> Self {
        RunningServer { channel, link }
    }

    /// Returns a channel to the server, for any number of clients, which share one connection.
    ///
    /// Keep the `RunningServer` in a variable: the server stops when it is dropped.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    /// # use grpc_interceptor_proto::default_stubs::greeter_server::{self, GreeterServer};
    /// # use grpc_interceptor_proto::greeter::greeter_client::GreeterClient;
    /// #
    /// # struct MyGreeter;
    /// #
    /// # #[tonic::async_trait]
    /// # impl greeter_server::Greeter for MyGreeter {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = testing::serve(GreeterServer::new(MyGreeter)).start().await?;
    /// let mut client = GreeterClient::new(server.channel());
    ///
    /// let recorder = testing::Recorder::new();
    /// let mut recorded = GreeterClient::with_interceptors(server.channel(), recorder.clone());
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn channel(&self) -> Channel {
        self.channel.clone()
    }

    /// Returns the address that the server listens on, or `None` in memory.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    /// # use grpc_interceptor_proto::default_stubs::greeter_server::{self, GreeterServer};
    /// # use grpc_interceptor_proto::greeter::greeter_client::GreeterClient;
    /// #
    /// # struct MyGreeter;
    /// #
    /// # #[tonic::async_trait]
    /// # impl greeter_server::Greeter for MyGreeter {}
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let server = testing::serve(GreeterServer::new(MyGreeter)).on_loopback().start().await?;
    /// let address = server.local_addr().ok_or("it is on loopback")?;
    /// let mut other = GreeterClient::connect(format!("http://{address}")).await?;
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.link.local_addr()
    }

    /// Closes the connection, stops the server and waits until all their tasks have ended.
    ///
    /// The handlers of calls in progress have been dropped by then. One case is less exact: a
    /// [`Router`](tonic::transport::server::Router) on a multi-threaded runtime. It can't tell when
    /// its calls are over, so a handler may end slightly later on another thread.
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
    /// server.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(self) {
        let RunningServer { channel, link } = self;
        drop(channel);
        link.end().await;
    }
}

impl fmt::Debug for RunningServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RunningServer")
            .field("local_addr", &self.local_addr())
            .finish_non_exhaustive()
    }
}
