use tonic::{
    body::Body,
    client::GrpcService,
    codegen::{Body as HttpBody, Bytes, StdError},
};

/// The transport of a client's calls: a channel, or any other service that tonic's clients accept
/// and whose futures are `Send`.
///
/// The constructors also require `Clone`: concurrent attempts of a call, such as those of a hedging
/// interceptor, each use a clone. For a transport that isn't `Clone`, such as tower's `BoxService`,
/// there are two options:
///
/// - `InterceptedGreeterClient::one_at_a_time(GreeterClient::new(service), …)`. An attempt that
///   starts while another is in progress fails with INTERNAL, and the rest of a chain can't be
///   [detached](crate::Detach). Consecutive attempts, such as retries, are fine.
/// - [`Buffer`](https://docs.rs/tower/latest/tower/buffer/struct.Buffer.html), which is `Clone`:
///   `GreeterClient::with_interceptors(Buffer::new(service, 1), …)`.
///
/// The trait names these bounds, for code that is generic over the `T` of an intercepted client.
/// You never have to implement or call it.
///
/// ```
/// # use grpc_interceptor_proto::greeter as pb;
/// use grpc_interceptor::Transport;
/// use pb::{
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
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't carry the calls of a client with interceptors",
    label = "not a transport",
    note = "it is a channel, or any other service that tonic's clients take, if its futures are `Send`"
)]
pub trait Transport:
    GrpcService<
        Body,
        Future: Send,
        Error: Into<StdError> + Send,
        ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
    > + Send
{
}

#[diagnostic::do_not_recommend]
impl<T> Transport for T where
    T: GrpcService<
            Body,
            Future: Send,
            Error: Into<StdError> + Send,
            ResponseBody: HttpBody<Data = Bytes, Error: Into<StdError> + Send> + Send + 'static,
        > + Send
{
}

/// The bounds that most constructors require.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't carry the calls of a client with interceptors",
    label = "not a transport that can be cloned",
    note = "it is a channel, or any other service that tonic's clients take, if that is `Clone` and its futures are `Send`",
    note = "what isn't `Clone`, such as tower's `BoxService`, makes one attempt at a time: \
            `InterceptedGreeterClient::one_at_a_time(GreeterClient::new(service), …)`; or it goes into a \
            buffer, which is `Clone`: `with_interceptors(tower::buffer::Buffer::new(service, 1), …)`"
)]
pub trait CloneTransport: Transport + Clone {}

#[diagnostic::do_not_recommend]
impl<T: Transport + Clone> CloneTransport for T {}
