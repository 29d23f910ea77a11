use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use grpc_interceptor_proto::{greeter::HelloRequest, greeter::greeter_client::GreeterClient};
use tonic::{Request, transport::Channel};

struct Retry;

impl<N: Next<Request: Clone>> Interceptor<N> for Retry {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run(request).await
    }
}

async fn greet(channel: Channel) {
    let mut client = GreeterClient::with_interceptors(channel, (Retry, ()));
    let _ = client.say_hello(HelloRequest::default()).await;
    // It takes a stream.
    let _ = client.greet_everybody(tokio_stream::empty()).await;
}

fn main() {
    let _ = greet;
}
