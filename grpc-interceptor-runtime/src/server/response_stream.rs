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
    /// A handler's response stream, with what the interceptors put around it: what tonic's trait gets as
    /// `type SayHelloStream` of an `#[intercepted]` impl.
    ///
    /// `S` is the type that the impl says. The handlers keep that; who calls the method of tonic's trait, such
    /// as a unit test, gets this one.
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
    /// // `log` put nothing around it.
    /// let stream: ReceiverStream<_> = replies.into_inner().expect("it is the handler's own");
    /// # Ok(())
    /// # }
    /// ```
    // One type, and not one around another: it is compiled for each stream of each service. So its variants
    // are public, and hidden.
    #[project = Projected]
    #[allow(missing_docs, reason = "not for people")]
    pub enum ResponseStream<S>
    where
        S: Stream,
        S::Item: StreamItem
    {
        /// The handler's own stream, polled with no indirection.
        #[doc(hidden)]
        Untouched { #[pin] stream: S },
        /// The one that interceptors put around it.
        #[doc(hidden)]
        Intercepted { stream: MessageStream<<S::Item as StreamItem>::Message> },
    }
}

impl<S: Stream<Item: StreamItem>> ResponseStream<S> {
    /// The handler's own stream.
    ///
    /// # Errors
    ///
    /// The stream as it is, if an interceptor put something around it.
    pub fn into_inner(self) -> Result<S, Self> {
        match self {
            ResponseStream::Untouched { stream } => Ok(stream),
            intercepted @ ResponseStream::Intercepted { .. } => Err(intercepted),
        }
    }
}

/// A stream with nothing around it, for a fn of the user's that returns `<Self as Greeter>::SayHelloStream`.
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

    // Always inlined: that comes before anything is optimised, when the compiler still sees that an
    // item needs no place of its own here. The same way for both variants does so, too: the second
    // has nothing to convert. It makes the difference between 2 and 14 instructions a message.
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

/// Tonic sends the trailing metadata of a status that is OK.
#[cold]
fn trailers<M: Send + 'static, T>(stream: &mut MessageStream<M>) -> Option<Result<T, Status>> {
    stream.take_trailers().map(|trailers| Err(trailers.into_status()))
}
