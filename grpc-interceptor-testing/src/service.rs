use std::{collections::HashMap, fmt, future::Future, pin::Pin, sync::Arc};

use tokio_stream::StreamExt as _;
use tonic::{
    Extensions, Request, Response, Status, Streaming, codegen::BoxStream, metadata::MetadataMap,
};

use crate::{Answer, DummyRequest, DummyResponse, dummy_service_server};

/// The service that the dummy client calls. It echoes its input, except for [special
/// cases](Self::special_case).
///
/// [`dummy`](crate::dummy) creates one with a server and a client. To add it to your own server:
///
/// ```
/// use grpc_interceptor::testing::{DummyService, dummy_service_server::DummyServiceServer};
/// use tonic::transport::Server;
///
/// let service = DummyService::new().special_case("ping", |_| "pong");
/// let router = Server::builder().add_service(DummyServiceServer::new(service));
/// ```
///
/// | RPC | answer |
/// | --- | --- |
/// | `Execute` | the input |
/// | `ExecuteClientStream` | all inputs as a single text |
/// | `ExecuteServerStream` | the input's characters, one per message |
/// | `ExecuteClientServerStream` | each input as it arrives |
///
/// It is the same as the dummy service of the Python package `grpc-interceptor`, whose clients can
/// call it.
#[derive(Clone, Default)]
pub struct DummyService {
    special_cases: Arc<HashMap<String, SpecialCase>>,
}

type SpecialCase = Arc<dyn Fn(Request<String>) -> Output + Send + Sync>;

type Output = Pin<Box<dyn Future<Output = Result<String, Status>> + Send>>;

impl DummyService {
    /// Creates a service without special cases: it echoes everything.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Answers this input with a closure, in all RPCs.
    ///
    /// The handler calls the closure once for each request message that equals this input. The
    /// closure gets the input with the call's metadata and extensions. It can answer differently
    /// each time, fail, or panic: see [`Answer`] for the return types. The RPC then uses the answer
    /// in place of the input. For example, `ExecuteServerStream` sends the answer character by
    /// character.
    ///
    /// Another special case for the same input replaces the first.
    ///
    /// ```
    /// use grpc_interceptor::{Error, testing};
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut client = testing::dummy()
    ///     .special_case("who", |request| match request.metadata().get("user") {
    ///         Some(user) => Ok(format!("{user:?}")),
    ///         None => Err(Error::unauthenticated("nobody")),
    ///     })
    ///     .start()
    ///     .await?;
    /// assert_eq!(client.execute("who").await.unwrap_err().message(), "nobody");
    /// assert_eq!(client.execute("what").await?, "what");
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn special_case<F, A>(self, input: impl Into<String>, answer: F) -> Self
    where
        F: Fn(Request<String>) -> A + Send + Sync + 'static,
        A: Answer,
    {
        self.insert(
            input.into(),
            Arc::new(move |request| {
                let answer = answer(request).into_answer();
                Box::pin(async { answer })
            }),
        )
    }

    /// Answers this input with a closure that returns a future, in all RPCs.
    ///
    /// Use it for answers that take time. Otherwise it is the same as
    /// [`special_case`](Self::special_case). The future is dropped when the call is cancelled.
    ///
    /// ```
    /// use grpc_interceptor::testing;
    /// use std::time::Duration;
    ///
    /// let service = testing::DummyService::new().special_case_async("slow", |_| async {
    ///     tokio::time::sleep(Duration::from_secs(60)).await;
    ///     "at last"
    /// });
    /// ```
    #[must_use]
    pub fn special_case_async<F, A>(self, input: impl Into<String>, answer: F) -> Self
    where
        F: Fn(Request<String>) -> A + Send + Sync + 'static,
        A: Future<Output: Answer> + Send + 'static,
    {
        self.insert(
            input.into(),
            Arc::new(move |request| {
                let answer = answer(request);
                Box::pin(async { answer.await.into_answer() })
            }),
        )
    }

    fn insert(mut self, input: String, special_case: SpecialCase) -> Self {
        Arc::make_mut(&mut self.special_cases).insert(input, special_case);
        self
    }

    pub(crate) fn has_special_cases(&self) -> bool {
        !self.special_cases.is_empty()
    }

    fn call<T>(&self, request: Request<T>) -> (Call, T) {
        let (metadata, extensions, message) = request.into_parts();
        (Call { service: self.clone(), metadata, extensions }, message)
    }
}

impl fmt::Debug for DummyService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let inputs = self.special_cases.keys();
        formatter.write_str("DummyService ")?;
        formatter.debug_set().entries(inputs).finish()
    }
}

/// The parts common to all inputs of one call.
struct Call {
    service: DummyService,
    metadata: MetadataMap,
    extensions: Extensions,
}

impl Call {
    async fn output(&self, DummyRequest { input }: DummyRequest) -> Result<String, Status> {
        match self.service.special_cases.get(&input) {
            Some(answer) => {
                let (metadata, extensions) = (self.metadata.clone(), self.extensions.clone());
                answer(Request::from_parts(metadata, extensions, input)).await
            }
            None => Ok(input),
        }
    }
}

#[tonic::async_trait]
impl dummy_service_server::DummyService for DummyService {
    async fn execute(
        &self,
        request: Request<DummyRequest>,
    ) -> Result<Response<DummyResponse>, Status> {
        let (call, request) = self.call(request);
        Ok(Response::new(DummyResponse { output: call.output(request).await? }))
    }

    async fn execute_client_stream(
        &self,
        request: Request<Streaming<DummyRequest>>,
    ) -> Result<Response<DummyResponse>, Status> {
        let (call, mut requests) = self.call(request);
        let mut output = String::new();
        while let Some(request) = requests.message().await? {
            output += &call.output(request).await?;
        }
        Ok(Response::new(DummyResponse { output }))
    }

    type ExecuteServerStreamStream = BoxStream<DummyResponse>;

    async fn execute_server_stream(
        &self,
        request: Request<DummyRequest>,
    ) -> Result<Response<Self::ExecuteServerStreamStream>, Status> {
        let (call, request) = self.call(request);
        let output = call.output(request).await?;
        let characters: Vec<String> = output.chars().map(String::from).collect();
        let responses = tokio_stream::iter(characters).map(|output| Ok(DummyResponse { output }));
        Ok(Response::new(Box::pin(responses)))
    }

    type ExecuteClientServerStreamStream = BoxStream<DummyResponse>;

    async fn execute_client_server_stream(
        &self,
        request: Request<Streaming<DummyRequest>>,
    ) -> Result<Response<Self::ExecuteClientServerStreamStream>, Status> {
        let (call, requests) = self.call(request);
        let call = Arc::new(call);
        let responses = requests.then(move |request| {
            let call = Arc::clone(&call);
            async move { Ok(DummyResponse { output: call.output(request?).await? }) }
        });
        Ok(Response::new(Box::pin(responses)))
    }
}
