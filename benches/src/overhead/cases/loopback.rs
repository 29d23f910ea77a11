//! Many concurrent calls over a local socket: what remains of the differences when the network code
//! runs as well. Server and client share the cores.

use std::{
    net::{Ipv4Addr, SocketAddr},
    time::{Duration, Instant},
};

use grpc_interceptor_proto::greeter::{
    HelloRequest,
    greeter_client::GreeterClient,
    greeter_server::{Greeter, GreeterServer},
};
use tokio::{runtime::Runtime, task::JoinSet};
use tonic::transport::{Channel, Endpoint, Server, server::TcpIncoming};

use crate::peers::{
    Peer,
    handler::Bare,
    ours::{Pass5, pass_value as pass},
};

pub const NAME: &str = "loopback";

const AT_ONCE: u32 = 64;
const CALLS_EACH: u32 = 50;
const ROUNDS: usize = 20;

struct Loopback {
    peer: Peer,
    interceptors: u32,
    client: GreeterClient<Channel>,
    /// How long each call took, in all rounds.
    latencies: Vec<Duration>,
    /// How long each round took.
    rounds: Vec<Duration>,
}

pub fn print() {
    let runtime = Runtime::new().expect("threads can be started");
    let case = |peer, interceptors, client| Loopback {
        peer,
        interceptors,
        client,
        latencies: Vec::new(),
        rounds: Vec::new(),
    };
    let five = (pass, pass, pass, pass, pass);
    let mut cases = runtime.block_on(async {
        [
            case(Peer::Bare, 0, connect(Bare).await),
            case(Peer::Attribute, 5, connect(Pass5).await),
            case(Peer::Creation, 5, connect(grpc_interceptor::Intercepted::new(Bare, five)).await),
        ]
    });
    for _ in 0..ROUNDS {
        cases.iter_mut().for_each(|case| runtime.block_on(case.round()));
    }
    println!("### Unary calls over a socket, {AT_ONCE} concurrent\n");
    println!(
        "| around the handler | interceptors | calls per second, best round | median round | µs, median call | 99 % |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    for Loopback { peer, interceptors, mut latencies, mut rounds, .. } in cases {
        latencies.sort();
        rounds.sort();
        let throughput = |round: Duration| f64::from(AT_ONCE * CALLS_EACH) / round.as_secs_f64();
        println!(
            "| {} | {interceptors} | {:.0} | {:.0} | {} | {} |",
            peer.name(),
            throughput(rounds[0]),
            throughput(rounds[ROUNDS / 2]),
            latencies[latencies.len() / 2].as_micros(),
            latencies[latencies.len() * 99 / 100].as_micros(),
        );
    }
    println!();
}

impl Loopback {
    async fn round(&mut self) {
        let start = Instant::now();
        let mut tasks = JoinSet::new();
        for _ in 0..AT_ONCE {
            let mut client = self.client.clone();
            tasks.spawn(async move {
                let mut latencies = Vec::with_capacity(CALLS_EACH as usize);
                for _ in 0..CALLS_EACH {
                    let start = Instant::now();
                    let hello = HelloRequest { name: "a word of some length".to_owned() };
                    client.say_hello(hello).await.expect("the server answers");
                    latencies.push(start.elapsed());
                }
                latencies
            });
        }
        let latencies = tasks.join_all().await;
        self.rounds.push(start.elapsed());
        self.latencies.extend(latencies.into_iter().flatten());
    }
}

/// Creates a client with its own server, which runs until the program ends.
async fn connect(service: impl Greeter) -> GreeterClient<Channel> {
    let incoming = TcpIncoming::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .expect("there is a free port")
        .with_nodelay(Some(true));
    let address = incoming.local_addr().expect("a listener has an address");
    tokio::spawn(
        Server::builder().add_service(GreeterServer::new(service)).serve_with_incoming(incoming),
    );
    let endpoint =
        Endpoint::from_shared(format!("http://{address}")).expect("an address makes a URI");
    GreeterClient::new(endpoint.connect().await.expect("the server listens"))
}
