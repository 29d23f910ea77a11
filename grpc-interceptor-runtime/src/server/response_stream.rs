use std::{
    fmt,
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio_stream::Stream;
use tonic::Status;

use crate::{MessageStream, payload::StreamItem};

pin_project! {
    /// A handler's response stream, wrapped by the interceptors. In an `#[intercepted]` impl it is
    /// the `type SayHelloStream` of tonic's trait.
    ///
    /// `S` is the type that the impl names. The handlers keep returning `S`. Callers of the method
    /// of tonic's trait, such as unit tests, get this type.
    ///
    /// ```
    /// use grpc_interceptor::{Context, Next, Outcome, ResponseStream, intercepted};
    /// # use grpc_interceptor_proto::greeter::greeter_server::Greeter;
    /// # use grpc_interceptor_proto::greeter::{GreetManyTimesRequest, HelloReply, HelloRequest};
    /// # use tonic::Streaming;
    /// use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
    /// use tonic::{Request, Response, Status};
    ///
    /// # async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    /// #     next.run(request).await
    /// # }
    /// struct MyGreeter;
    ///
    /// #[intercepted(log)]
    /// impl Greeter for MyGreeter {
    ///     type GreetManyTimesStream = ReceiverStream<Result<HelloReply, Status>>;
    ///
    ///     async fn greet_many_times(
    ///         &self,
    ///         request: Request<GreetManyTimesRequest>,
    ///     ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
    ///         let (replies, stream) = tokio::sync::mpsc::channel(1);
    ///         let message = request.into_inner().name;
    ///         replies.send(Ok(HelloReply { message })).await.expect("it has room");
    ///         Ok(Response::new(ReceiverStream::new(stream)))
    ///     }
    ///     // …
    /// #   async fn say_hello(&self, _: Request<HelloRequest>) -> Result<Response<HelloReply>, Status> {
    /// #       Err(Status::internal(""))
    /// #   }
    /// #   async fn greet_everybody(
    /// #       &self,
    /// #       _: Request<Streaming<HelloRequest>>,
    /// #   ) -> Result<Response<HelloReply>, Status> {
    /// #       Err(Status::internal(""))
    /// #   }
    /// #   type ChatStream = tonic::codegen::BoxStream<HelloReply>;
    /// #   async fn chat(
    /// #       &self,
    /// #       _: Request<Streaming<HelloRequest>>,
    /// #   ) -> Result<Response<Self::ChatStream>, Status> {
    /// #       Err(Status::internal(""))
    /// #   }
    /// }
    ///
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Status> {
    /// let request = Request::new(GreetManyTimesRequest { name: "Ada".to_owned(), times: 1 });
    /// let response = MyGreeter.greet_many_times(request).await?;
    /// let mut replies: ResponseStream<ReceiverStream<_>> = response.into_inner();
    /// assert_eq!(replies.next().await.expect("a reply")?.message, "Ada");
    ///
    /// // `log` didn't wrap it.
    /// let stream: ReceiverStream<_> = replies.into_inner().expect("it is the handler's own");
    /// # Ok(())
    /// # }
    /// ```
    // A single type rather than nested ones: it is compiled for each stream of each service. That
    // is why its variants are public but hidden.
    #[project = Projected]
    #[allow(missing_docs, reason = "not for people")]
    pub enum ResponseStream<S>
    where
        S: Stream,
        S::Item: StreamItem
    {
        /// The handler's own stream, polled without indirection.
        #[doc(hidden)]
        Untouched { #[pin] stream: S },
        /// The stream as wrapped by interceptors.
        #[doc(hidden)]
        Intercepted { stream: MessageStream<<S::Item as StreamItem>::Message> },
    }
}

impl<S: Stream<Item: StreamItem>> ResponseStream<S> {
    /// Returns the handler's own stream.
    ///
    /// # Errors
    ///
    /// Returns the stream unchanged if an interceptor has wrapped it.
    pub fn into_inner(self) -> Result<S, Self> {
        match self {
            ResponseStream::Untouched { stream } => Ok(stream),
            intercepted @ ResponseStream::Intercepted { .. } => Err(intercepted),
        }
    }
}

/// Converts an unwrapped stream, for a user's function that returns
/// `<Self as Greeter>::SayHelloStream`.
impl<S: Stream<Item: StreamItem>> From<S> for ResponseStream<S> {
    fn from(stream: S) -> Self {
        ResponseStream::Untouched { stream }
    }
}

impl<S: Stream<Item: StreamItem>> fmt::Debug for ResponseStream<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ResponseStream").finish_non_exhaustive()
    }
}

impl<S> Stream for ResponseStream<S>
where
    S: Stream<Item: StreamItem>,
{
    type Item = Result<<S::Item as StreamItem>::Message, Status>;

    // Always inlined. That happens before optimization, while the compiler can still see that an
    // item needs no stack slot of its own here. Handling both variants the same way does so too,
    // although the second has nothing to convert. Together this is the difference between 2 and 14
    // instructions per message.
    #[cfg_attr(not(debug_assertions), inline(always))]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.project() {
            Projected::Untouched { stream } => StreamItem::into_polled(stream.poll_next(context)),
            Projected::Intercepted { stream } => {
                match StreamItem::into_polled(Pin::new(&mut *stream).poll_next(context)) {
                    Poll::Ready(None) => Poll::Ready(trailers(stream)),
                    polled => polled,
                }
            }
        }
    }
}

/// Passes on the trailing metadata as an OK status, which tonic sends as trailers.
#[cold]
fn trailers<M: Send + 'static, T>(stream: &mut MessageStream<M>) -> Option<Result<T, Status>> {
    stream.take_trailers().map(|trailers| Err(trailers.into_status()))
}
