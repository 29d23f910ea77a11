//! Interceptors around a whole server: one log and one token check for a service, and for the
//! health and reflection services that other crates generated.
//!
//! ```text
//! cargo run --example server_wide                                a client calls them all, then it exits
//! cargo run --example server_wide -- --serve 127.0.0.1:50051     serves until Ctrl-C
//! ```

use std::{env, error::Error, future::pending, net::SocketAddr};

use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, Next, Outcome,
    interceptors::{except_services, on_call_end, when},
};
use grpc_interceptor_proto::{
    FILE_DESCRIPTOR_SET,
    default_stubs::greeter_server::{Greeter, GreeterServer},
    greeter::{HelloReply, HelloRequest, greeter_client::GreeterClient},
    shop::v1::{ItemRequest, shop_client::ShopClient},
};
use tonic::{
    Request, Response, Status,
    metadata::MetadataMap,
    transport::{Channel, Endpoint, Server, server::TcpIncoming},
};
use tonic_health::pb::{HealthCheckRequest, health_client::HealthClient, health_server};
use tonic_reflection::pb::v1::{
    ServerReflectionRequest, server_reflection_client::ServerReflectionClient,
    server_reflection_request::MessageRequest, server_reflection_response::MessageResponse,
};

const TOKEN: &str = "Bearer open-sesame";

// ---- The interceptors --------------------------------------------------------------------------

/// Refuses calls without the token, before anything of the message is read.
struct Auth;

impl<N: Next> Interceptor<N> for Auth {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match is_token(request.metadata()) {
            true => next.run(request).await,
            false => Err(Status::unauthenticated("the token is missing or wrong")),
        }
    }
}

fn is_token(metadata: &MetadataMap) -> bool {
    metadata.get("authorization").is_some_and(|sent| sent.as_bytes() == TOKEN.as_bytes())
}

// ---- The server --------------------------------------------------------------------------------

struct MyGreeter;

#[tonic::async_trait]
impl Greeter for MyGreeter {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        let message = format!("Hello, {}!", request.into_inner().name);
        Ok(Response::new(HelloReply { message }))
    }
}

async fn serve(incoming: TcpIncoming) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (reporter, health) = tonic_health::server::health_reporter();
    reporter.set_serving::<GreeterServer<MyGreeter>>().await;
    let reflection = tonic_reflection::server::Builder::configure()
        .register_encoded_file_descriptor_set(FILE_DESCRIPTOR_SET)
        .build_v1()?;

    // Health checks carry no token.
    let auth = when(except_services([health_server::SERVICE_NAME]), Auth);
    // One line per call to any service, including refused calls and RPCs that no service
    // implements.
    let log = on_call_end(|context, end| {
        println!("    {:?} {} {:?}", context.kind(), context.method_name(), end.code());
    });
    // The log is outside, so that it also sees refused calls.
    let interceptors = InterceptorLayer::new((log, auth))
        // The descriptors tell the log the kind of each RPC.
        .descriptors(FILE_DESCRIPTOR_SET)
        .descriptors(tonic_health::pb::FILE_DESCRIPTOR_SET)
        .descriptors(tonic_reflection::pb::v1::FILE_DESCRIPTOR_SET);

    Server::builder()
        .layer(interceptors)
        .add_service(GreeterServer::new(MyGreeter))
        .add_service(health)
        .add_service(reflection)
        .serve_with_incoming(incoming)
        .await?;
    Ok(())
}

// ---- The view from the outside -----------------------------------------------------------------

async fn call_all(channel: Channel) -> Result<(), Box<dyn Error + Send + Sync>> {
    println!("health, without a token:");
    let check = HealthCheckRequest { service: "greeter.v1.Greeter".to_owned() };
    let health = HealthClient::new(channel.clone()).check(check).await?;
    println!("{:?}", health.into_inner().status());

    println!("the greeter, without a token:");
    let hello = || Request::new(HelloRequest { name: "Ada".to_owned() });
    let mut greeter = GreeterClient::new(channel.clone());
    println!("{}", told(greeter.say_hello(hello()).await));

    println!("the greeter, with the token:");
    let reply = greeter.say_hello(with_token(hello())).await?;
    println!("{}", reply.into_inner().message);

    println!("reflection, with the token:");
    let list = ServerReflectionRequest {
        message_request: Some(MessageRequest::ListServices(String::new())),
        ..Default::default()
    };
    let requests = with_token(Request::new(tokio_stream::iter([list])));
    let mut reflection = ServerReflectionClient::new(channel.clone());
    let mut answers = reflection.server_reflection_info(requests).await?.into_inner();
    while let Some(answer) = answers.message().await? {
        if let Some(MessageResponse::ListServicesResponse(list)) = answer.message_response {
            let names: Vec<_> = list.service.into_iter().map(|service| service.name).collect();
            println!("{}", names.join(", "));
        }
    }

    println!("an unknown service, with the token:");
    let mut shop = ShopClient::new(channel);
    println!("{}", told(shop.get_item(with_token(Request::new(ItemRequest::default()))).await));
    Ok(())
}

fn with_token<T>(mut request: Request<T>) -> Request<T> {
    request.metadata_mut().insert("authorization", TOKEN.parse().expect("it is ASCII"));
    request
}

fn told<T>(outcome: Result<Response<T>, Status>) -> String {
    match outcome {
        Ok(_) => "OK".to_owned(),
        Err(status) => format!("{:?}: {:?}", status.code(), status.message()),
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let (address, serves) = match arguments.as_slice() {
        [] => (SocketAddr::from(([127, 0, 0, 1], 0)), false),
        [flag, address] if flag == "--serve" => (address.parse()?, true),
        _ => return Err("usage: server_wide [--serve ADDRESS]".into()),
    };
    let incoming = TcpIncoming::bind(address)?;
    let address = incoming.local_addr()?;
    println!("serving {address}");
    let server = tokio::spawn(serve(incoming));
    if serves {
        return pending().await;
    }
    call_all(Endpoint::from_shared(format!("http://{address}"))?.connect().await?).await?;
    server.abort();
    Ok(())
}
