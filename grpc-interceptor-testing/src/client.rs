use std::{fmt, net::SocketAddr};

use tokio_stream::StreamExt as _;
use tonic::{Status, Streaming, transport::Channel};

use crate::{
    DummyRequest, DummyResponse,
    dummy_service_client::{__rpc, DummyServiceClient, InterceptedDummyServiceClient},
    link::Link,
};
use grpc_interceptor_runtime::{__private::Call, Interceptor};

/// A client of a running dummy service. Created by [`Dummy::start`](crate::Dummy::start).
///
/// Its methods take and return plain text. For requests with metadata or a timeout, and for full
/// responses and streams, use [`get_mut`](Self::get_mut). `C` is the type of the client's
/// interceptors. Each method is available if they support its RPC.
///
/// Dropping the client stops the server and closes the connection. Calls still in progress on a
/// clone of the client from `get_mut` fail, and their handlers are dropped. To wait for that, use
/// [`shutdown`](Self::shutdown).
pub struct DummyClient<C = ()> {
    // Dropped in this order, so that neither waits for the other.
    client: InterceptedDummyServiceClient<Channel, C>,
    link: Link,
}

#[allow(private_bounds, reason = "each bound is the generated client's own")]
impl<C> DummyClient<C> {
    pub(crate) fn new(channel: Channel, interceptors: C, link: Link) -> Self {
        let client = DummyServiceClient::with_interceptors(channel, interceptors);
        DummyClient { client, link }
    }

    /// Calls `Execute`, which echoes the input.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = testing::dummy().start().await?;
    /// assert_eq!(client.execute("foo").await?, "foo");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the status that the call failed with.
    pub async fn execute(&mut self, input: impl Into<String>) -> Result<String, Status>
    where
        C: for<'call> Interceptor<Call<'call, Channel, __rpc::execute, false, false>>,
    {
        let response = self.client.execute(request(input)).await?;
        Ok(response.into_inner().output)
    }

    /// Calls `ExecuteClientStream`, which returns all inputs as a single text.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = testing::dummy().start().await?;
    /// assert_eq!(client.execute_client_stream(["foo", "bar"]).await?, "foobar");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the status that the call failed with.
    pub async fn execute_client_stream(
        &mut self,
        inputs: impl IntoIterator<Item: Into<String>>,
    ) -> Result<String, Status>
    where
        C: for<'call> Interceptor<Call<'call, Channel, __rpc::execute_client_stream, true, false>>,
    {
        let requests = tokio_stream::iter(requests(inputs));
        let response = self.client.execute_client_stream(requests).await?;
        Ok(response.into_inner().output)
    }

    /// Calls `ExecuteServerStream`, which returns each character of the input as a message.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = testing::dummy().start().await?;
    /// assert_eq!(client.execute_server_stream("foo").await?, ["f", "o", "o"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the status that the call failed with, even in the middle of the stream. Earlier
    /// messages are dropped in that case. To read them, use [`get_mut`](Self::get_mut).
    pub async fn execute_server_stream(
        &mut self,
        input: impl Into<String>,
    ) -> Result<Vec<String>, Status>
    where
        C: for<'call> Interceptor<Call<'call, Channel, __rpc::execute_server_stream, false, true>>,
    {
        outputs(self.client.execute_server_stream(request(input)).await?.into_inner()).await
    }

    /// Calls `ExecuteClientServerStream`, which echoes each input.
    ///
    /// All inputs are available from the start. To send an input after an answer has been received,
    /// use [`get_mut`](Self::get_mut).
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = testing::dummy().start().await?;
    /// assert_eq!(client.execute_client_server_stream(["foo", "bar"]).await?, ["foo", "bar"]);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Returns the status that the call failed with, even in the middle of the stream. Earlier
    /// messages are dropped in that case. To read them, use [`get_mut`](Self::get_mut).
    pub async fn execute_client_server_stream(
        &mut self,
        inputs: impl IntoIterator<Item: Into<String>>,
    ) -> Result<Vec<String>, Status>
    where
        C: for<'call> Interceptor<
            Call<'call, Channel, __rpc::execute_client_server_stream, true, true>,
        >,
    {
        let requests = tokio_stream::iter(requests(inputs));
        outputs(self.client.execute_client_server_stream(requests).await?.into_inner()).await
    }

    /// Returns the generated client with its interceptors.
    ///
    /// Use it for requests with metadata or a timeout, and for full responses and streams. If the
    /// interceptors are `Clone`, so is this client, which allows concurrent calls.
    ///
    /// ```
    /// use grpc_interceptor::testing::{self, DummyRequest};
    /// use std::time::Duration;
    /// use tonic::Request;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = testing::dummy().start().await?;
    /// let mut request = Request::new(DummyRequest { input: "foo".to_owned() });
    /// request.metadata_mut().insert("user", "ada".parse()?);
    /// request.set_timeout(Duration::from_secs(5));
    /// let mut stream = client.get_mut().execute_server_stream(request).await?.into_inner();
    /// let first = stream.message().await?.ok_or("there is a first character")?;
    /// assert_eq!(first.output, "f");
    /// # Ok(())
    /// # }
    /// ```
    pub fn get_mut(&mut self) -> &mut InterceptedDummyServiceClient<Channel, C> {
        &mut self.client
    }

    /// Returns the address that the server listens on.
    ///
    /// `None` in memory, and if the client is connected to another server.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = testing::dummy().on_loopback().start().await?;
    /// assert!(client.local_addr().is_some_and(|address| address.ip().is_loopback()));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn local_addr(&self) -> Option<SocketAddr> {
        self.link.local_addr()
    }

    /// Closes the connection, stops the server and waits until all their tasks have ended.
    ///
    /// The handlers and interceptors of calls in progress have been dropped by then, on both sides.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let client = testing::dummy().start().await?;
    /// client.shutdown().await;
    /// # Ok(())
    /// # }
    /// ```
    pub async fn shutdown(self) {
        let DummyClient { client, link } = self;
        drop(client);
        link.end().await;
    }
}

impl<C> fmt::Debug for DummyClient<C> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("DummyClient")
            .field("local_addr", &self.local_addr())
            .finish_non_exhaustive()
    }
}

fn request(input: impl Into<String>) -> DummyRequest {
    DummyRequest { input: input.into() }
}

fn requests(inputs: impl IntoIterator<Item: Into<String>>) -> Vec<DummyRequest> {
    inputs.into_iter().map(request).collect()
}

async fn outputs(responses: Streaming<DummyResponse>) -> Result<Vec<String>, Status> {
    responses.map(|response| Ok(response?.output)).collect().await
}
