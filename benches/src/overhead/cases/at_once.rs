//! Many concurrent calls, in process, on all threads: the cost of threads that write to the same
//! memory. The handler yields, so that this many calls are in flight.

use std::{convert::Infallible, fmt::Debug, time::Duration};

use grpc_interceptor::interceptors::Rpcz;
use grpc_interceptor_proto::{
    default_stubs::greeter_server::{Greeter, GreeterServer},
    greeter::{HelloReply, HelloRequest},
};
use nix::sys::{
    resource::{UsageWho, getrusage},
    time::TimeValLike as _,
};
use tokio::{runtime::Runtime, task::JoinSet};
use tonic::{
    Request, Response, Status,
    body::Body,
    codegen::{Body as HttpBody, Bytes, Service, http},
};

use super::http_call::unary_call;
use crate::peers::ours::observe;

pub const NAME: &str = "at-once";

const AT_ONCE: u32 = 64;
const CALLS_EACH: u32 = 500;
const ROUNDS: usize = 60;

struct Waits;

#[tonic::async_trait]
impl Greeter for Waits {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        tokio::task::yield_now().await;
        Ok(Response::new(HelloReply { message: request.into_inner().name }))
    }
}

/// The name of what is around the handler, and a closure that makes a round of calls.
type Case = (&'static str, Box<dyn Fn(&Runtime) -> Duration>);

pub fn print() {
    let runtime = Runtime::new().expect("threads can be started");
    let threads = runtime.metrics().num_workers();
    macro_rules! with {
        ($interceptors:expr) => {
            case(GreeterServer::with_interceptors(Waits, $interceptors))
        };
    }
    let cases: [Case; 4] = [
        ("no interceptor", with!(())),
        ("observes the end of the call", with!(observe)),
        ("`Rpcz`", with!(Rpcz::new())),
        ("`Rpcz` without metadata", with!(Rpcz::new().metadata([""; 0]))),
    ];
    let mut rounds = vec![Vec::with_capacity(ROUNDS); cases.len()];
    for _ in 0..ROUNDS {
        for ((_, round), rounds) in cases.iter().zip(&mut rounds) {
            let calls = f64::from(AT_ONCE * CALLS_EACH);
            rounds.push(round(&runtime).as_secs_f64() * 1e9 / calls);
        }
    }
    println!("### {AT_ONCE} concurrent unary calls, in process, on {threads} threads\n");
    println!("| around the handler | ns of CPU time, fastest | median | median, added |");
    println!("| --- | --- | --- | --- |");
    let mut none = None;
    for ((name, _), mut rounds) in cases.iter().zip(rounds) {
        rounds.sort_by(f64::total_cmp);
        let median = rounds[ROUNDS / 2];
        let more = median - *none.get_or_insert(median);
        println!("| {name} | {:.0} | {median:.0} | {more:.0} |", rounds[0]);
    }
    println!();
}

/// CPU time of all threads, which doesn't include what other programs use of the machine.
fn cpu_time() -> Duration {
    let usage = getrusage(UsageWho::RUSAGE_SELF).expect("a process may ask for its own");
    let microseconds =
        usage.user_time().num_microseconds() + usage.system_time().num_microseconds();
    Duration::from_micros(microseconds.unsigned_abs())
}

fn case<S, B>(server: S) -> Box<dyn Fn(&Runtime) -> Duration>
where
    S: Service<http::Request<Body>, Response = http::Response<B>, Error = Infallible>
        + Clone
        + Send
        + 'static,
    S::Future: Send,
    B: HttpBody<Data = Bytes, Error: Debug> + Send + 'static,
{
    Box::new(move |runtime| {
        runtime.block_on(async {
            let start = cpu_time();
            let mut tasks = JoinSet::new();
            for _ in 0..AT_ONCE {
                let mut server = server.clone();
                tasks.spawn(async move {
                    for _ in 0..CALLS_EACH {
                        unary_call(&mut server).await;
                    }
                });
            }
            tasks.join_all().await;
            cpu_time() - start
        })
    })
}
