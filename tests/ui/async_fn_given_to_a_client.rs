use grpc_interceptor::{Context, Next, Outcome};
use grpc_interceptor_proto::{greeter::HelloRequest, greeter::greeter_client::GreeterClient};
use tonic::{Request, transport::Channel};

async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

async fn greet(channel: Channel) {
    let mut client = GreeterClient::with_interceptors(channel, (log, ()));
    let _ = client.say_hello(HelloRequest::default()).await;
}

fn main() {
    let _ = greet;
}
