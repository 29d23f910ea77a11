//! The sizes of a unary call's futures. tonic requires a boxed future from a service, which is
//! their only allocation. A server with `with_interceptors` has its own service around another, so
//! it has two.

use grpc_interceptor::Intercepted;
use grpc_interceptor_proto::greeter::{
    HelloRequest,
    greeter_client::GreeterClient,
    greeter_server::{Greeter, GreeterServer},
};
use tonic::Request;

use crate::peers::{
    Peer,
    handler::Bare,
    ours::{Pass0, Pass1, Pass5, Pass10, pass_value as pass},
};

pub const NAME: &str = "futures";

pub fn print() {
    let five = (pass, pass, pass, pass, pass);
    let ten = (pass, pass, pass, pass, pass, pass, pass, pass, pass, pass);
    let server = || GreeterServer::new(Bare);
    // Both kinds of client have the same methods.
    macro_rules! client {
        ($client:expr) => {
            size_of_val(&$client.say_hello(hello()))
        };
    }
    let client = |interceptors, size| (Peer::Client, interceptors, size);
    let rows = [
        (Peer::Bare, 0, of_server(&Bare)),
        (Peer::Attribute, 0, of_server(&Pass0)),
        (Peer::Attribute, 1, of_server(&Pass1)),
        (Peer::Attribute, 5, of_server(&Pass5)),
        (Peer::Attribute, 10, of_server(&Pass10)),
        (Peer::Creation, 0, of_server(&Intercepted::new(Bare, ()))),
        (Peer::Creation, 1, of_server(&Intercepted::new(Bare, pass))),
        (Peer::Creation, 5, of_server(&Intercepted::new(Bare, five))),
        (Peer::Creation, 10, of_server(&Intercepted::new(Bare, ten))),
    ];
    let rows_of_clients = [
        (Peer::Bare, 0, client!(GreeterClient::new(server()))),
        client(0, client!(GreeterClient::with_interceptors(server(), ()))),
        client(1, client!(GreeterClient::with_interceptors(server(), pass))),
        client(5, client!(GreeterClient::with_interceptors(server(), five))),
        client(10, client!(GreeterClient::with_interceptors(server(), ten))),
    ];
    table("The futures of a service's unary method", &rows);
    table("The futures of a client's unary method", &rows_of_clients);
}

fn hello() -> HelloRequest {
    HelloRequest { name: String::new() }
}

fn of_server<G: Greeter>(service: &G) -> usize {
    size_of_val(&*service.say_hello(Request::new(hello())))
}

fn table(title: &str, rows: &[(Peer, u32, usize)]) {
    println!("### {title}\n");
    println!("| around the handler | interceptors | bytes | per interceptor |");
    println!("| --- | --- | --- | --- |");
    let bare = rows[0].2;
    for (peer, interceptors, size) in rows {
        let each = match interceptors {
            0 => String::new(),
            count => (size.saturating_sub(bare) / *count as usize).to_string(),
        };
        println!("| {} | {interceptors} | {size} | {each} |", peer.name());
    }
    println!();
}
