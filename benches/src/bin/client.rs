//! What interceptors on a client cost, beside its peers: a unary call in process, with no socket, to
//! a generated server with a handler that echoes.
//!
//! ```text
//! cargo run --release -p grpc-interceptor-benches --bin client
//! ```

use std::{
    convert::Infallible,
    future::Future,
    hint::black_box,
    pin::Pin,
    task::{Context as TaskContext, Poll},
};

use grpc_interceptor::{Context, Next, Outcome, interceptor};
use grpc_interceptor_benches::{Case, Figures, measure, run};
use grpc_interceptor_proto::bare::{
    Word,
    bare_client::BareClient,
    bare_server::{Bare, BareServer},
};
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{InterceptedService, Service, http},
};
use tonic_async_interceptor::{AsyncInterceptedService, AsyncInterceptor};

struct Echo;

#[tonic::async_trait]
impl Bare for Echo {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[interceptor]
async fn pass<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

/// A tower layer as people write it.
#[derive(Clone)]
struct Layer<S>(S);

impl<S> Service<http::Request<Body>> for Layer<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
{
    type Response = http::Response<Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, context: &mut TaskContext<'_>) -> Poll<Result<(), Infallible>> {
        self.0.poll_ready(context)
    }

    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        // tower's own advice: the one that was polled goes, a clone stays.
        let clone = self.0.clone();
        let mut ready = std::mem::replace(&mut self.0, clone);
        Box::pin(async move { ready.call(request).await })
    }
}

type Sync = fn(Request<()>) -> Result<Request<()>, Status>;

fn sync(request: Request<()>) -> Result<Request<()>, Status> {
    Ok(request)
}

#[derive(Clone)]
struct Async;

impl AsyncInterceptor for Async {
    type Future = Pin<Box<dyn Future<Output = Result<Request<()>, Status>> + Send>>;

    fn call(&mut self, request: Request<()>) -> Self::Future {
        Box::pin(async move { Ok(request) })
    }
}

fn word() -> Word {
    Word { word: "a word of some length".to_owned() }
}

/// A case that calls through this client.
macro_rules! case {
    ($name:expr, $client:expr) => {{
        let mut client = $client;
        Case::new($name, move || {
            black_box(run(client.call(black_box(word()))).is_ok());
        })
    }};
}

/// A service that many times inside of another of its kind.
macro_rules! nested {
    ($wrap:expr, $inner:expr;) => { $inner };
    ($wrap:expr, $inner:expr; $one:tt $($more:tt)*) => {
        nested!($wrap, ($wrap)($inner); $($more)*)
    };
}

fn main() {
    let server = BareServer::new(Echo);
    let inner = || server.clone();
    let tonic = |service| InterceptedService::new(service, sync as Sync);
    let cases = vec![
        case!("generated client alone", BareClient::new(inner())),
        case!("interceptors: none, `()`", BareClient::with_interceptors(inner(), ())),
        case!("interceptors: 1", BareClient::with_interceptors(inner(), pass)),
        case!("interceptors: 5", {
            BareClient::with_interceptors(inner(), (pass, pass, pass, pass, pass))
        }),
        case!("interceptors: 10", {
            let five = (pass, pass, pass, pass, pass);
            BareClient::with_interceptors(inner(), (five, pass, pass, pass, pass, pass))
        }),
        case!("tonic's `with_interceptor`: 1", BareClient::new(tonic(inner()))),
        case!("tonic's `with_interceptor`: 5", {
            BareClient::new(
                nested!(|service| InterceptedService::new(service, sync as Sync), inner(); 1 2 3 4 5),
            )
        }),
        case!("tower layers: 1", BareClient::new(Layer(inner()))),
        case!("tower layers: 5", BareClient::new(nested!(Layer, inner(); 1 2 3 4 5))),
        case!("tower layers: 10", BareClient::new(nested!(Layer, inner(); 1 2 3 4 5 6 7 8 9 10))),
        case!("tonic-async-interceptor: 1", {
            BareClient::new(AsyncInterceptedService::new(inner(), Async))
        }),
        case!("tonic-async-interceptor: 5", {
            BareClient::new(
                nested!(|service| AsyncInterceptedService::new(service, Async), inner(); 1 2 3 4 5),
            )
        }),
    ];
    print(&measure(cases));
}

fn print(figures: &[Figures]) {
    let alone = &figures[0];
    println!(
        "| unary call, in process | ns, fastest | ns, median | ratio | ns per interceptor | allocations | per interceptor |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    for each in figures {
        let Figures { name, fastest, median, allocations, .. } = each;
        let ratio = fastest / alone.fastest;
        let count: Option<f64> = name.rsplit_once(": ").and_then(|(_, count)| count.parse().ok());
        let per = count.map_or((String::new(), String::new()), |count| {
            let time = (fastest - alone.fastest) / count;
            let allocated = (*allocations as f64 - alone.allocations as f64) / count;
            (format!("{time:.0}"), format!("{allocated:.1}"))
        });
        println!(
            "| {name} | {fastest:.0} | {median:.0} | {ratio:.2} | {} | {allocations} | {} |",
            per.0, per.1
        );
    }
}
