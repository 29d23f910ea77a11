//! An intercepted server has the same type and name as tonic's: health checks and reflection find
//! it, and all three run in one server.

mod support;

use std::time::Duration;

use grpc_interceptor_proto::{FILE_DESCRIPTOR_SET, default_stubs, greeter};
use support::{Tag, hello, soon};
use tokio::net::TcpListener;
use tokio_stream::{StreamExt as _, wrappers::TcpListenerStream};
use tonic::transport::{Endpoint, Server};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

struct Stub;

#[tonic::async_trait]
impl default_stubs::greeter_server::Greeter for Stub {
    async fn say_hello(
        &self,
        request: tonic::Request<greeter::HelloRequest>,
    ) -> Result<tonic::Response<greeter::HelloReply>, tonic::Status> {
        support::say_hello(request).await
    }
}

type GreeterServer = default_stubs::greeter_server::GreeterServer<
    grpc_interceptor::Intercepted<
        Stub,
        dyn default_stubs::greeter_server::GreeterServerInterceptors<Stub>,
    >,
>;

#[tokio::test]
async fn health_and_reflection_find_it_by_name() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<GreeterServer>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .build_v1()
        .unwrap();
    let greeter = default_stubs::greeter_server::GreeterServer::with_interceptors(Stub, Tag("one"));
    let server = Server::builder()
        .timeout(Duration::from_secs(30))
        .add_service(health)
        .add_service(reflection)
        .add_service(greeter)
        .serve_with_incoming(TcpListenerStream::new(listener));
    let server = tokio::spawn(server);
    let channel = Endpoint::from_shared(format!("http://{address}")).unwrap();
    let channel = channel.connect().await.unwrap();

    let request = HealthCheckRequest { service: "greeter.v1.Greeter".to_owned() };
    let response = HealthClient::new(channel.clone()).check(request).await.unwrap();
    assert_eq!(response.get_ref().status().as_str_name(), "SERVING");
    // Only the greeter is intercepted.
    assert!(!response.metadata().contains_key("from-handler"));

    let request = ServerReflectionRequest {
        host: String::new(),
        message_request: Some(MessageRequest::ListServices(String::new())),
    };
    let answers = ServerReflectionClient::new(channel.clone())
        .server_reflection_info(tokio_stream::iter([request]))
        .await
        .unwrap()
        .into_inner();
    let answers: Vec<_> = soon(answers.collect()).await;
    let Some(MessageResponse::ListServicesResponse(list)) =
        answers.into_iter().next().unwrap().unwrap().message_response
    else {
        panic!("no list of services");
    };
    assert!(list.service.iter().any(|service| service.name == "greeter.v1.Greeter"));

    let mut greeter = greeter::greeter_client::GreeterClient::new(channel);
    let response = greeter.say_hello(hello("Ada")).await.unwrap();
    assert_eq!(support::values(response.metadata(), "seen"), ["one"]);
    server.abort();
}
