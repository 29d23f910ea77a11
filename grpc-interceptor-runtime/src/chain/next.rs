use std::future::Future;

use tonic::{Request, Response, Status};

use crate::Payload;

/// What a call came to: the response, or the [`Status`] that it failed with.
///
/// Every interceptor sees it on the way back, and may replace it.
pub type Outcome<N> = Result<Response<<N as Next>::Response>, Status>;

/// The rest of the chain: the interceptors after this one, and then the handler (on a server) or
/// the call on the wire (on a client).
///
/// An interceptor gets one and calls [`run`](Next::run):
///
/// - once, to let the call pass;
/// - not at all, to answer it alone;
/// - more than once, to try again. It is [`Copy`] for that.
///
/// The associated types say what kind of RPC this is, so that an interceptor asks for what it
/// needs and no more. `N: Next` takes any RPC. `N: Next<Request = HelloRequest>` takes RPCs with
/// one `HelloRequest`; `N: Next<RequestMessage = HelloRequest>` takes one or a stream of them.
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, interceptor};
/// use tonic::{Code, Request};
///
/// /// Tries once more where the server says that it is away. The request has to be cloned, so
/// /// this one asks for a message that can be.
/// #[interceptor]
/// async fn retry_once<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
/// where
///     N: Next<Request: Clone>,
/// {
///     let (metadata, extensions, message) = request.into_parts();
///     let again = Request::from_parts(metadata.clone(), extensions.clone(), message.clone());
///     match next.run(Request::from_parts(metadata, extensions, message)).await {
///         Err(status) if status.code() == Code::Unavailable => next.run(again).await,
///         outcome => outcome,
///     }
/// }
/// ```
pub trait Next: Copy + Send + Sync {
    /// What travels as the request: the message itself where the RPC takes one, a
    /// [`MessageStream`](crate::MessageStream) of them where it takes many.
    type Request: Payload<Self::RequestMessage>;

    /// What travels as the response: the message itself where the RPC returns one, a
    /// [`MessageStream`](crate::MessageStream) of them where it returns many.
    type Response: Payload<Self::ResponseMessage>;

    /// The type of a request message, whether the RPC takes one or many.
    type RequestMessage: Send + 'static;

    /// The type of a response message, whether the RPC returns one or many.
    type ResponseMessage: Send + 'static;

    /// Runs the rest of the chain on this request.
    ///
    /// Dropping the future drops the rest of the chain where it waits.
    ///
    /// # Errors
    ///
    /// The [`Status`] that the handler, or an interceptor behind this one, failed with.
    fn run(self, request: Request<Self::Request>) -> impl Future<Output = Outcome<Self>> + Send;
}
