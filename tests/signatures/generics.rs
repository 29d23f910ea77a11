//! Impls with parameters and where clauses.

use std::{fmt::Display, marker::PhantomData, sync::Arc};

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::greeter::{
    GreetManyTimesRequest, HelloReply, HelloRequest, greeter_server::Greeter,
};
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Request, Response, Status, Streaming};

use crate::{Seen, check_greeter, handlers};

trait Store: Send + Sync + 'static {
    type Replies: Stream<Item = Result<HelloReply, Status>> + Send + 'static;

    fn seen(&self) -> &Seen;
    fn replies(&self, stream: handlers::Replies) -> Self::Replies;
}

struct Memory(Seen);

impl Store for Memory {
    type Replies = handlers::Replies;

    fn seen(&self) -> &Seen {
        &self.0
    }

    fn replies(&self, stream: handlers::Replies) -> handlers::Replies {
        stream
    }
}

struct Service<S, L, const LIMIT: usize> {
    store: S,
    label: PhantomData<L>,
}

// The stream is the store's associated type, which the tokens don't reveal.
#[intercepted(*self.store.seen())]
impl<'l, S: Store, L, const LIMIT: usize> Greeter for Service<S, &'l L, LIMIT>
where
    L: Display + Send + Sync,
    &'l L: 'static,
{
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        if request.get_ref().name.len() > LIMIT {
            return Err(Status::invalid_argument("too long"));
        }
        handlers::echo(request)
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        handlers::join(request).await
    }

    type GreetManyTimesStream = S::Replies;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<S::Replies>, Status> {
        Ok(handlers::repeat(request)?.map(|replies| self.store.replies(replies)))
    }

    type ChatStream = tokio_stream::adapters::Fuse<S::Replies>;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        Ok(handlers::echo_each(request)?.map(|replies| self.store.replies(replies).fuse()))
    }
}

#[tokio::test]
async fn an_impl_can_be_generic() {
    let seen = Seen::default();
    let service = Service::<_, &u8, 10> { store: Memory(seen.clone()), label: PhantomData };
    check_greeter!(greeter, service, seen);
}

/// A service that holds another one through a pointer.
struct Behind<T: ?Sized>(Arc<T>);

trait Backend: Send + Sync {
    fn seen(&self) -> Seen;
}

impl Backend for Seen {
    fn seen(&self) -> Seen {
        self.clone()
    }
}

#[intercepted(self.0.seen())]
impl<T> Greeter for Behind<T>
where
    T: Backend + ?Sized + 'static,
{
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        handlers::echo(request)
    }

    async fn greet_everybody(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        handlers::join(request).await
    }

    type GreetManyTimesStream = handlers::Replies;

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
        handlers::repeat(request)
    }

    type ChatStream = handlers::Replies;

    async fn chat(
        &self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<Self::ChatStream>, Status> {
        handlers::echo_each(request)
    }
}

#[tokio::test]
async fn a_service_can_hold_a_trait_object() {
    let seen = Seen::default();
    let backend: Arc<dyn Backend> = Arc::new(seen.clone());
    check_greeter!(greeter, Behind(backend), seen);
}
