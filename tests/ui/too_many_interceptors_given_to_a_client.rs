use grpc_interceptor_proto::{greeter::HelloRequest, greeter::greeter_client::GreeterClient};
use tonic::transport::Channel;

async fn greet(channel: Channel) {
    let seventeen = ((), (), (), (), (), (), (), (), (), (), (), (), (), (), (), (), ());
    let mut client = GreeterClient::with_interceptors(channel, seventeen);
    let _ = client.say_hello(HelloRequest::default()).await;
}

fn main() {
    let _ = greet;
}
