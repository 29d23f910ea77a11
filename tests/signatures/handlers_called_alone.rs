//! Unit tests call handlers directly, and other code names their streams.

use grpc_interceptor::{
    Context, MessageStream, Next, Outcome, Payload as _, ResponseStream, intercepted,
};
use grpc_interceptor_proto::{
    bare::{Word, bare_server::Bare},
    greeter::{GreetManyTimesRequest, HelloReply, HelloRequest, greeter_server::Greeter},
};
use tokio::sync::mpsc;
use tokio_stream::{StreamExt as _, wrappers::ReceiverStream};
use tonic::{Request, Response, Status, Streaming};

async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

async fn shout<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<ResponseMessage = HelloReply>,
{
    let response = next.run(request).await?;
    Ok(response.map(|payload| {
        payload.map_messages(|reply| HelloReply { message: reply.message.to_uppercase() })
    }))
}

type Replies<E> = ReceiverStream<Result<HelloReply, E>>;

/// The handlers' bodies without any interceptors, for tests that don't want them.
struct Bodies;

impl Bodies {
    async fn greet<E: Send + 'static>(&self, name: &str) -> Replies<E> {
        let (replies, stream) = mpsc::channel(1);
        let reply = HelloReply { message: name.to_owned() };
        replies.send(Ok(reply)).await.expect("it has room");
        stream.into()
    }
}

macro_rules! greeter {
    ($service:ident: $(#[$rpc:meta])? -> $error:ty) => {
        struct $service;

        #[intercepted(pass)]
        impl Greeter for $service {
            async fn say_hello(
                &self,
                _: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                Err(Status::internal("not called"))
            }

            async fn greet_everybody(
                &self,
                _: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<HelloReply>, Status> {
                Err(Status::internal("not called"))
            }

            type GreetManyTimesStream = Replies<$error>;

            $(#[$rpc])?
            async fn greet_many_times(
                &self,
                request: Request<GreetManyTimesRequest>,
            ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
                Ok(Response::new(Bodies.greet(&request.get_ref().name).await))
            }

            type ChatStream = MessageStream<HelloReply>;

            async fn chat(
                &self,
                _: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<Self::ChatStream>, Status> {
                Err(Status::internal("not called"))
            }
        }
    };
}

greeter!(Passing: -> Status);
greeter!(Shouting: #[rpc(with(shout))] -> Status);
greeter!(Alone: #[rpc(skip(pass))] -> Status);
greeter!(AloneWithErrors: #[rpc(skip(pass))] -> std::io::Error);

async fn called<T: Greeter>(service: T) -> T::GreetManyTimesStream {
    let request = GreetManyTimesRequest { name: "ada".to_owned(), times: 1 };
    service.greet_many_times(Request::new(request)).await.unwrap().into_inner()
}

#[tokio::test]
async fn an_untouched_stream_is_the_handlers_own() {
    let mut stream: Replies<Status> = called(Passing).await.into_inner().unwrap();
    assert_eq!(stream.next().await.unwrap().unwrap().message, "ada");
}

#[tokio::test]
async fn a_wrapped_stream_stays_wrapped() {
    let mut stream = called(Shouting).await.into_inner().unwrap_err();
    assert_eq!(stream.next().await.unwrap().unwrap().message, "ADA");
    assert_eq!(format!("{stream:?}"), "ResponseStream { .. }");
}

/// If no interceptor looks at the stream, its type is the handler's as well.
#[tokio::test]
async fn a_stream_with_an_empty_chain_keeps_its_type() {
    let mut stream: Replies<Status> = called(Alone).await;
    assert_eq!(stream.next().await.unwrap().unwrap().message, "ada");
}

/// Except if its errors have to be converted to statuses.
#[tokio::test]
async fn a_stream_with_other_errors_is_wrapped() {
    let mut stream: ResponseStream<Replies<std::io::Error>> = called(AloneWithErrors).await;
    let reply: Result<HelloReply, Status> = stream.next().await.unwrap();
    assert_eq!(reply.unwrap().message, "ada");
}

/// A fn that is declared to return the trait's stream can create one from the handler's.
#[tokio::test]
async fn a_stream_can_be_created_by_name() {
    async fn made() -> <Passing as Greeter>::GreetManyTimesStream {
        Bodies.greet("ada").await.into()
    }
    assert_eq!(made().await.next().await.unwrap().unwrap().message, "ada");
}

/// A service without interceptors whose RPCs keep their names.
#[tokio::test]
async fn an_empty_list_is_allowed() {
    struct Echo;

    #[intercepted]
    impl Bare for Echo {
        async fn call(
            &self,
            request: Request<Word>,
            context: Context,
        ) -> Result<Response<Word>, Status> {
            assert_eq!(context.method_name().path(), "/Bare/Call");
            Ok(Response::new(request.into_inner()))
        }
    }

    Echo.call(Request::new(Word::default())).await.unwrap();
}
