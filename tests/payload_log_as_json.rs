//! Messages logged as JSON, without the fields that their `.proto` file marks as secret: with known
//! types, in a layer, and in lists.

#[path = "support/log.rs"]
mod log;

use std::collections::HashMap;

use grpc_interceptor::{
    InterceptorLayer, RawMessage,
    interceptors::{AsJson, List, PayloadLog},
    testing,
};
use grpc_interceptor_proto::vault::{
    FILE_DESCRIPTOR_SET, Key, OpenReply, OpenRequest,
    open_request::Proof,
    vault_client::VaultClient,
    vault_server::{Vault, VaultServer},
};
use log::Log;
use prost::Message as _;
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream, transport::Server};
use tracing::Level;

const TARGET: &str = "grpc_interceptor::payload_log";

/// The value of every secret in a message.
const SECRET: &str = "sesame";

struct MyVault;

#[tonic::async_trait]
impl Vault for MyVault {
    async fn open(&self, _: Request<OpenRequest>) -> Result<Response<OpenReply>, Status> {
        Ok(Response::new(OpenReply { content: SECRET.to_owned(), left: 2 }))
    }

    type WatchStream = BoxStream<OpenReply>;

    async fn watch(
        &self,
        request: Request<Streaming<OpenRequest>>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        let reply = |_| Ok(OpenReply { content: SECRET.to_owned(), left: 0 });
        Ok(Response::new(Box::pin(request.into_inner().map(reply))))
    }
}

fn key(name: &str) -> Key {
    Key { name: name.to_owned(), value: SECRET.into() }
}

fn request() -> OpenRequest {
    OpenRequest {
        user: "Ada".to_owned(),
        password: SECRET.to_owned(),
        pin: Some(0),
        key: Some(key("one")),
        more_keys: vec![key("two"), Key { name: "none".to_owned(), value: Vec::new() }],
        named_keys: HashMap::from([("third".to_owned(), key("three"))]),
        notes: HashMap::from([(SECRET.to_owned(), SECRET.to_owned())]),
        proof: Some(Proof::Print(SECRET.into())),
        anything: Some(prost_types::Any {
            type_url: "type.googleapis.com/vault.v1.Key".to_owned(),
            value: key("four").encode_to_vec(),
        }),
    }
}

const REQUEST: &str = concat!(
    r#"{"anything":{"@type":"type.googleapis.com/vault.v1.Key","name":"four","value":"[redacted]"},"#,
    r#""key":{"name":"one","value":"[redacted]"},"#,
    r#""moreKeys":[{"name":"two","value":"[redacted]"},{"name":"none"}],"#,
    r#""namedKeys":{"third":{"name":"three","value":"[redacted]"}},"#,
    r#""notes":"[redacted]","password":"[redacted]","pin":"[redacted]","print":"[redacted]","user":"Ada"}"#
);
const REPLY: &str = r#"{"content":"[redacted]","left":2}"#;

fn payload_log() -> PayloadLog<AsJson> {
    PayloadLog::new().show_with(AsJson::new(FILE_DESCRIPTOR_SET))
}

fn payloads(log: &Log) -> Vec<String> {
    log.take().into_iter().map(|event| event["payload"].clone()).collect()
}

#[tokio::test]
async fn typed_messages() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let server = VaultServer::with_interceptors(MyVault, payload_log());
    let server = testing::serve(server).start().await.unwrap();
    let mut client = VaultClient::new(server.channel());
    client.open(request()).await.unwrap();
    assert_eq!(payloads(&log), [REQUEST, REPLY]);
    let requests = tokio_stream::iter([request()]);
    let mut replies = client.watch(requests).await.unwrap().into_inner();
    while replies.message().await.unwrap().is_some() {}
    assert_eq!(payloads(&log), [REQUEST, r#"{"content":"[redacted]"}"#]);
}

#[tokio::test]
async fn in_a_layer_and_in_its_list() {
    for in_list in [false, true] {
        let (log, _guard) = Log::start(TARGET, Level::DEBUG);
        let own = (!in_list).then(payload_log);
        let list = List::from_iter(in_list.then(payload_log));
        let layer = InterceptorLayer::new((own, list));
        let router = Server::builder().layer(layer).add_service(VaultServer::new(MyVault));
        let server = testing::serve(router).start().await.unwrap();
        VaultClient::new(server.channel()).open(request()).await.unwrap();
        assert_eq!(payloads(&log), [REQUEST, REPLY], "in a list: {in_list}");
    }
}

#[tokio::test]
async fn fields_in_files_of_others() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let show = AsJson::new(FILE_DESCRIPTOR_SET).redact(["vault.v1.OpenReply.left"]);
    let payload_log = PayloadLog::new().show_with(show);
    let server = testing::serve(VaultServer::new(MyVault)).start().await.unwrap();
    let mut client = VaultClient::with_interceptors(server.channel(), payload_log);
    client.open(OpenRequest::default()).await.unwrap();
    assert_eq!(payloads(&log), ["{}", r#"{"content":"[redacted]","left":"[redacted]"}"#]);
}

#[tokio::test]
async fn unknown_messages_have_no_content() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    // The descriptors of other services.
    let show = AsJson::new(grpc_interceptor_proto::FILE_DESCRIPTOR_SET);
    let server = VaultServer::with_interceptors(MyVault, PayloadLog::new().show_with(show));
    let server = testing::serve(server).start().await.unwrap();
    let mut client = VaultClient::new(server.channel());
    let request = OpenRequest { user: SECRET.to_owned(), ..OpenRequest::default() };
    client.open(request).await.unwrap();
    assert_eq!(payloads(&log), ["[8 bytes of an unknown type]", "[10 bytes of an unknown type]"]);

    // An `Any` can contain anything.
    let server = VaultServer::with_interceptors(MyVault, payload_log());
    let server = testing::serve(server).start().await.unwrap();
    let mut client = VaultClient::new(server.channel());
    let anything = prost_types::Any {
        type_url: "type.googleapis.com/not.Known".to_owned(),
        value: SECRET.into(),
    };
    let request = OpenRequest { anything: Some(anything), ..OpenRequest::default() };
    let bytes = request.encoded_len();
    client.open(request).await.unwrap();
    assert_eq!(payloads(&log)[0], format!("[{bytes} bytes that are no vault.v1.OpenRequest]"));
}

/// A request that is nested this many levels deep.
fn nested(levels: usize) -> OpenRequest {
    (0..levels).fold(OpenRequest::default(), |inner, _| OpenRequest {
        anything: Some(prost_types::Any {
            type_url: "type.googleapis.com/vault.v1.OpenRequest".to_owned(),
            value: inner.encode_to_vec(),
        }),
        ..OpenRequest::default()
    })
}

#[tokio::test]
async fn large_or_deep_messages_show_only_their_size() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let show = AsJson::new(FILE_DESCRIPTOR_SET).max_message_size(1_000_000);
    let server = VaultServer::with_interceptors(MyVault, PayloadLog::new().show_with(show));
    let server = testing::serve(server).start().await.unwrap();
    let mut client = VaultClient::new(server.channel());
    // Two levels each: the message, and the one that contains it.
    client.open(nested(49)).await.unwrap();
    assert!(payloads(&log)[0].starts_with("{\"anything\":"));
    for deep in [nested(50), nested(10_000)] {
        let bytes = deep.encoded_len();
        client.open(deep).await.unwrap();
        assert_eq!(payloads(&log)[0], format!("[{bytes} bytes that are no vault.v1.OpenRequest]"));
    }
    let large = OpenRequest { user: "x".repeat(1_000_000), ..OpenRequest::default() };
    let bytes = large.encoded_len();
    client.open(large).await.unwrap();
    assert_eq!(payloads(&log)[0], format!("[{bytes} bytes of vault.v1.OpenRequest]"));
}

#[test]
#[should_panic(expected = "the descriptors have no field `vault.v1.OpenReply.contnet`")]
fn unknown_fields_cannot_be_redacted() {
    let _ = AsJson::new(FILE_DESCRIPTOR_SET).redact(["vault.v1.OpenReply.contnet"]);
}

#[tokio::test]
async fn malformed_messages() {
    let (log, _guard) = Log::start(TARGET, Level::DEBUG);
    let layer = InterceptorLayer::new((payload_log(), Broken));
    let router = Server::builder().layer(layer).add_service(VaultServer::new(MyVault));
    let server = testing::serve(router).start().await.unwrap();
    VaultClient::new(server.channel()).open(request()).await.unwrap_err();
    assert_eq!(payloads(&log)[1], "[3 bytes that are no vault.v1.OpenReply]");
}

/// Answers with nonsense.
struct Broken;

impl<N> grpc_interceptor::Interceptor<N> for Broken
where
    N: grpc_interceptor::Next<ResponseMessage = RawMessage>,
{
    async fn intercept(
        &self,
        request: Request<N::Request>,
        _: grpc_interceptor::Context,
        next: N,
    ) -> grpc_interceptor::Outcome<N> {
        use grpc_interceptor::Payload as _;
        let response = next.run(request).await?;
        Ok(response.map(|payload| payload.map_messages(|_| RawMessage::new(b"\xff\xff\xff"))))
    }
}
