use std::{fmt, net::SocketAddr};

use tonic::transport::Channel;

use crate::link::Link;

/// A server that runs, with a channel to it, made by [`Serve::start`](crate::Serve::start).
///
/// When it is dropped, the server and the connection end, and so does every call that is in
/// progress on the [channel](Self::channel): it fails, and its handler is dropped. To wait for
/// that, there is [`shutdown`](Self::shutdown).
#[must_use = "the server ends when this is dropped"]
pub struct RunningServer {
    // Dropped in this order: nobody then waits for anybody.
    channel: Channel,
    link: Link,
}

impl RunningServer {
    pub(crate) fn new(channel: Channel, link: Link) -> Self {
        RunningServer { channel, link }
    }

    /// The channel to the server, for any number of clients: they share one connection. Keep the `RunningServer` in a
    /// variable: the server ends when it is dropped.
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

    /// Where the server listens: `None` in memory.
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

    /// Ends the connection and the server, and waits until all their tasks are over.
    ///
    /// The handlers of calls in progress are dropped then. One case is less exact: a
    /// [`Router`](tonic::transport::server::Router) on a runtime with several threads. It can't tell
    /// when its calls are over, so a handler may end a moment later on another thread.
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
