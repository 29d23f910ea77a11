//! A fn call in the list can create an interceptor.

use std::sync::atomic::{AtomicUsize, Ordering};

use grpc_interceptor::{Context, Interceptor, Next, Outcome, intercepted};
use grpc_interceptor_proto::bare::{Word, bare_server::Bare};
use tonic::{Request, Response, Status};

static COUNT: AtomicUsize = AtomicUsize::new(0);

struct Count(usize);

impl<N: Next> Interceptor<N> for Count {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        COUNT.fetch_add(self.0, Ordering::Relaxed);
        next.run(request).await
    }
}

fn one() -> Count {
    Count(1)
}

mod made {
    use super::Count;

    pub fn of<T>() -> Count {
        Count(10 * size_of::<T>())
    }

    pub fn with(count: usize) -> Count {
        Count(count)
    }
}

struct Service;

impl Service {
    fn own() -> Count {
        Count(10_000)
    }

    fn its(&self) -> Count {
        Count(100_000)
    }
}

#[intercepted(one(), (made::of::<u8>()), made::with(100), Service::own(), self.its())]
impl Bare for Service {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn each_fn_is_called_for_each_call() {
    Service.call(Request::new(Word::default())).await.unwrap();
    assert_eq!(COUNT.load(Ordering::Relaxed), 110_111);
}
