//! A field may have the name of an interceptor that is a fn: `self.count` is the one, and `count` the other.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted, testing};
use grpc_interceptor_proto::bare::{
    Word,
    bare_client::BareClient,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response, Status};

static IN_FN: AtomicUsize = AtomicUsize::new(0);

async fn count<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    IN_FN.fetch_add(1, Ordering::Relaxed);
    next.run(request).await
}

#[derive(Clone, Default)]
struct Count(Arc<AtomicUsize>);

impl<N: Next> Interceptor<N> for Count {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        self.0.fetch_add(1, Ordering::Relaxed);
        next.run(request).await
    }
}

struct Service {
    count: Count,
}

#[intercepted(count, self.count, count)]
impl Bare for Service {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn a_field_and_a_fn_of_one_name_are_two_interceptors() {
    let count = Count::default();
    let service = Service { count: count.clone() };
    let server = testing::serve(BareServer::new(service)).start().await.expect("it starts");
    let mut client = BareClient::new(server.channel());
    client.call(Word::default()).await.expect("it answers");
    assert_eq!(IN_FN.load(Ordering::Relaxed), 2);
    assert_eq!(count.0.load(Ordering::Relaxed), 1);
}
