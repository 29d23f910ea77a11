use std::{fmt, net::SocketAddr};

use tokio_stream::StreamExt as _;
use tonic::{Status, Streaming, transport::Channel};

use crate::{
    DummyRequest, DummyResponse,
    dummy_service_client::{__rpc, DummyServiceClient, InterceptedDummyServiceClient},
    link::Link,
};
use grpc_interceptor_runtime::{__private::Call, Interceptor};

/// A client of a running dummy service, made by [`Dummy::start`](crate::Dummy::start).
///
/// Its methods take and give the texts alone. For requests with metadata or a timeout, and for
/// responses and streams as they are, there is [`get_mut`](Self::get_mut). `C` are the client's
/// interceptors: each method is there if they serve its RPC.
///
/// When it is dropped, the server and the connection end, and so does every call that is still
/// made by a clone of what `get_mut` gives: it fails, and its handler is dropped. To wait for that,
/// there is [`shutdown`](Self::shutdown).
pub struct DummyClient<C = ()> {
    // Dropped in this order: nobody then waits for anybody.
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
    /// The status that the call failed with.
    pub async fn execute(&mut self, input: impl Into<String>) -> Result<String, Status>
    where
        C: for<'call> Interceptor<Call<'call, Channel, __rpc::execute, false, false>>,
    {
        let response = self.client.execute(request(input)).await?;
        Ok(response.into_inner().output)
    }

    /// Calls `ExecuteClientStream`, which answers all inputs as one text.
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
    /// The status that the call failed with.
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

    /// Calls `ExecuteServerStream`, which answers each character of the input as a message.
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
    /// The status that the call failed with, at once or in the middle of the stream: what came
    /// before is dropped then, and can be read by [`get_mut`](Self::get_mut) instead.
    pub async fn execute_server_stream(
        &mut self,
        input: impl Into<String>,
    ) -> Result<Vec<String>, Status>
    where
        C: for<'call> Interceptor<Call<'call, Channel, __rpc::execute_server_stream, false, true>>,
    {
        outputs(self.client.execute_server_stream(request(input)).await?.into_inner()).await
    }

    /// Calls `ExecuteClientServerStream`, which answers each input.
    ///
    /// All inputs are there from the start. For one that is sent when another was answered, use
    /// [`get_mut`](Self::get_mut).
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
    /// The status that the call failed with, at once or in the middle of the stream: what came
    /// before is dropped then, and can be read by [`get_mut`](Self::get_mut) instead.
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

    /// The generated client, with the interceptors: for requests with metadata or a timeout, and for
    /// responses and streams as they are.
    ///
    /// It can be cloned if the interceptors can be, for calls that are made at once.
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

    /// Where the server listens: `None` in memory, and if the server isn't its own.
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

    /// Ends the connection and the server, and waits until all their tasks are over.
    ///
    /// What a call in progress leaves behind is there then: its handler and its interceptors
    /// are dropped, on both sides.
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
