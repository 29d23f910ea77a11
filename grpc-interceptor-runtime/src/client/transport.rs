use tonic::{
    body::Body,
    client::GrpcService,
    codegen::{Body as HttpBody, Bytes, StdError},
};

/// What carries a client's calls: a channel, or any other service that tonic's clients take, as long
/// as it can be cloned, once for each attempt of a call, and its futures are `Send`.
///
/// It is a name for these bounds, for code that is generic over the `T` of an intercepted client. It
/// need not be implemented, and nothing of it is called.
///
/// ```
/// use grpc_interceptor::Transport;
/// use grpc_interceptor_proto::greeter::{
///     HelloRequest,
///     greeter_client::{GreeterInterceptors, InterceptedGreeterClient},
/// };
/// use tonic::Status;
///
/// async fn greet<T, I>(client: &mut InterceptedGreeterClient<T, I>) -> Result<String, Status>
/// where
///     T: Transport,
///     I: GreeterInterceptors<T>,
/// {
///     let reply = client.say_hello(HelloRequest { name: "Ada".to_owned() }).await?;
///     Ok(reply.into_inner().message)
/// }
/// ```
pub trait Transport:
    GrpcService<
        Body,
        Future: Send,
        Error: Into<StdError> + Send,
        ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
    > + Clone
    + Send
{
}

impl<T> Transport for T where
    T: GrpcService<
            Body,
            Future: Send,
            Error: Into<StdError> + Send,
            ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
        > + Clone
        + Send
{
}
