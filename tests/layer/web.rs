//! gRPC-Web over HTTP/1.1, with tonic-web inside and outside the layer.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use grpc_interceptor::{
    Context, Interceptor, InterceptorLayer, LayerInterceptors, Next, Outcome, Payload as _,
    RawMessage, interceptors::List, testing,
};
use http_body_util::Full;
use hyper_util::rt::TokioIo;
use prost::Message as _;
use tokio::net::TcpStream;
use tonic::{
    Code, Request, Status,
    body::Body,
    codegen::{
        Bytes,
        http::{self, HeaderValue, StatusCode, Version},
    },
    service::Routes,
    transport::Server,
};
use tonic_web::{GrpcWebClientLayer, GrpcWebLayer};
use tower::{Layer as _, ServiceBuilder};

use crate::{
    boxed::{Boxed, boxed},
    greeter::Greeter,
    http::{Answer, PATHS, exchange, framed, request},
    interceptors::{Auth, Log, Refuse, TOKEN},
    support::{
        GreeterClient, HelloReply, HelloRequest, NOBODY, call_each_on, hello, many, plain_answers,
        reply, soon,
    },
};

const BINARY: &str = "application/grpc-web+proto";
const TEXT: &str = "application/grpc-web-text+proto";

/// The content type of a request, and the content type that it accepts.
const FORMS: [(&str, Option<&str>); 7] = [
    ("application/grpc-web", None),
    (BINARY, None),
    (BINARY, Some("application/grpc-web")),
    (TEXT, Some("application/grpc-web-text")),
    ("application/grpc-web-text", Some(TEXT)),
    // Each in the other's form.
    (TEXT, None),
    (BINARY, Some("application/grpc-web-text")),
];

fn is_text(content_type: &str) -> bool {
    content_type.starts_with("application/grpc-web-text")
}

fn web_request(
    path: &str,
    (content_type, accept): (&'static str, Option<&'static str>),
    messages: &[Bytes],
) -> http::Request<Bytes> {
    let data = match is_text(content_type) {
        true => STANDARD.encode(messages.concat()).into(),
        false => Bytes::from(messages.concat()),
    };
    let mut request = request(path, data);
    *request.version_mut() = Version::HTTP_11;
    let headers = request.headers_mut();
    headers.insert("content-type", HeaderValue::from_static(content_type));
    if let Some(accept) = accept {
        headers.insert("accept", HeaderValue::from_static(accept));
    }
    request
}

/// What a gRPC-Web client reads.
#[derive(Debug, PartialEq)]
struct Read {
    messages: Vec<String>,
    /// `name:value` in order, from the body, or from the headers of a response without one.
    trailers: Vec<String>,
}

impl Read {
    fn of(answer: &Answer) -> Self {
        assert_eq!(answer.status, StatusCode::OK);
        assert!(answer.trailers.is_empty(), "HTTP/1.1 has none");
        let content_type = answer.headers["content-type"].to_str().unwrap();
        let mut data = match is_text(content_type) {
            true => {
                // Each chunk has its own padding.
                let groups = answer.data.chunks(4).map(|group| STANDARD.decode(group).unwrap());
                groups.collect::<Vec<_>>().concat()
            }
            false => {
                assert!(content_type.starts_with("application/grpc-web"), "{content_type}");
                answer.data.to_vec()
            }
        };
        let (mut messages, mut trailers) = (Vec::new(), Vec::new());
        while !data.is_empty() {
            assert!(trailers.is_empty(), "nothing is behind the trailers");
            let length = u32::from_be_bytes(data[1..5].try_into().unwrap()) as usize;
            let rest = data.split_off(5 + length);
            match data[0] {
                0 => messages.push(HelloReply::decode(&data[5..]).unwrap().message),
                0x80 => {
                    let lines = std::str::from_utf8(&data[5..]).unwrap().lines();
                    trailers = lines.map(|line| line.replace(": ", ":")).collect();
                    assert!(!trailers.is_empty());
                }
                flag => panic!("flag {flag}"),
            }
            data = rest;
        }
        if trailers.is_empty() {
            for name in ["grpc-status", "grpc-message"] {
                if let Some(value) = answer.headers.get(name) {
                    trailers.push(format!("{name}:{}", value.to_str().unwrap()));
                }
            }
        }
        trailers.sort();
        Read { messages, trailers }
    }

    fn code(&self) -> Code {
        let status = self.trailers.iter().find_map(|line| line.strip_prefix("grpc-status:"));
        Code::from_bytes(status.expect("there is a status").as_bytes())
    }
}

/// Decodes each message and encodes it again.
struct Map;

impl<N> Interceptor<N> for Map
where
    N: Next<RequestMessage = RawMessage, ResponseMessage = RawMessage>,
{
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        // In both kinds of request, this is the first field.
        let is_hello = context.method_name().method() != "GreetManyTimes";
        let request = request.map(|payload| {
            payload.map_messages(move |message| match is_hello {
                true => RawMessage::encode(&message.decode::<HelloRequest>().unwrap()),
                false => RawMessage::new(&message.bytes().unwrap()),
            })
        });
        let response = next.run(request).await?;
        Ok(response.map(|payload| {
            payload.map_messages(|message| {
                RawMessage::encode(&message.decode::<HelloReply>().unwrap())
            })
        }))
    }
}

/// Looks at each message.
struct Inspect;

impl<N> Interceptor<N> for Inspect
where
    N: Next<RequestMessage = RawMessage, ResponseMessage = RawMessage>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let look = |message: &RawMessage| {
            assert!(!message.is_compressed());
            assert_eq!(message.bytes().unwrap().len(), message.size_on_wire());
            message.decode::<HelloReply>().unwrap();
        };
        let response = next.run(request.map(|payload| payload.inspect_messages(look))).await?;
        Ok(response.map(|payload| payload.inspect_messages(look)))
    }
}

fn bare(greeter: &Greeter) -> Boxed {
    boxed(GrpcWebLayer::new().layer(Routes::new(greeter.server())))
}

/// tonic-web inside a layer with these interceptors, and outside.
fn layered<I>(greeter: &Greeter, interceptors: I) -> [(&'static str, Boxed); 2]
where
    I: LayerInterceptors,
{
    let layer = InterceptorLayer::new(interceptors);
    let routes = || Routes::new(greeter.server());
    [
        ("inside", boxed(layer.layer(GrpcWebLayer::new().layer(routes())))),
        ("outside", boxed(GrpcWebLayer::new().layer(layer.layer(routes())))),
    ]
}

/// Each RPC, once successful and once failing.
fn calls() -> Vec<(&'static str, Vec<Bytes>)> {
    let mut calls = Vec::new();
    for name in ["Ada", NOBODY, ""] {
        let (one, three) = (framed(&hello(name)), framed(&many(name, 3)));
        calls.push((PATHS[0], vec![one.clone()]));
        calls.push((PATHS[1], vec![one.clone(), framed(&hello("Grace"))]));
        calls.push((PATHS[2], vec![three]));
        calls.push((PATHS[3], vec![framed(&hello("Grace")), one]));
    }
    calls.push((PATHS[0], vec![]));
    calls.push((PATHS[2], vec![framed(&many("Ada", 0))]));
    calls.push((PATHS[3], vec![]));
    calls.push(("/greeter.v1.Greeter/Nothing", vec![framed(&hello("Ada"))]));
    calls.push(("/nobody.v1.Nobody/Call", vec![framed(&hello("Ada"))]));
    calls
}

#[tokio::test]
async fn answers_are_the_same_as_without_a_layer() {
    let greeter = Greeter::default();
    let all = [
        ("nothing", true, layered(&greeter, ())),
        ("a log", true, layered(&greeter, Log::default())),
        ("a list", true, layered(&greeter, List::new().with(Log::default()))),
        ("one that looks", false, layered(&greeter, Inspect)),
        ("one that maps", false, layered(&greeter, Map)),
        ("several", false, layered(&greeter, (Log::default(), Map, Inspect, Log::default()))),
    ];
    for (path, messages) in calls() {
        for form in FORMS {
            let make = || web_request(path, form, &messages);
            let bare = exchange(bare(&greeter), make()).await;
            for (interceptors, is_same, places) in &all {
                for (place, service) in places {
                    let name = format!("{path} {form:?}, {interceptors}, tonic-web {place}");
                    let answer = exchange(service.clone(), make()).await;
                    // If an interceptor looks, the chunks can differ: each has its padding.
                    if *is_same {
                        assert_eq!(answer, bare, "{name}");
                    }
                    assert_eq!(answer.headers, bare.headers, "{name}");
                    assert_eq!(Read::of(&answer), Read::of(&bare), "{name}");
                }
            }
        }
    }
}

#[tokio::test]
async fn the_log_has_each_calls_messages_and_end() {
    for form in FORMS {
        for looks in [false, true] {
            let (log, greeter) = (Log::default(), Greeter::default());
            let places = match looks {
                true => layered(&greeter, (log.clone(), Inspect)),
                false => layered(&greeter, log.clone()),
            };
            for (place, service) in places {
                let call = async |path: &str, message: Bytes| {
                    exchange(service.clone(), web_request(path, form, &[message])).await;
                    log.take().pop().unwrap()
                };
                let name = format!("{form:?} {place}");
                assert_eq!(
                    call(PATHS[0], framed(&hello("Ada"))).await,
                    "/greeter.v1.Greeter/SayHello Unknown: Ok, 1 in, 1 out",
                    "{name}"
                );
                assert_eq!(
                    call(PATHS[2], framed(&many("Ada", 3))).await,
                    "/greeter.v1.Greeter/GreetManyTimes Unknown: Ok, 1 in, 3 out",
                    "{name}"
                );
                assert_eq!(
                    call(PATHS[0], framed(&hello(NOBODY))).await,
                    "/greeter.v1.Greeter/SayHello Unknown: NotFound, 1 in, 0 out",
                    "{name}"
                );
                // The status is after the messages, in the body.
                assert_eq!(
                    call(PATHS[3], [framed(&hello("Ada")), framed(&hello(NOBODY))].concat().into())
                        .await,
                    "/greeter.v1.Greeter/Chat Unknown: NotFound, 2 in, 1 out",
                    "{name}"
                );
            }
        }
    }
}

#[tokio::test]
async fn a_refusal_can_be_read() {
    let greeter = Greeter::default();
    for (place, service) in layered(&greeter, Refuse) {
        for form in FORMS {
            for path in PATHS {
                let request = web_request(path, form, &[framed(&hello("Ada"))]);
                let answer = exchange(service.clone(), request).await;
                let read = Read::of(&answer);
                assert_eq!(read.code(), Code::PermissionDenied, "{form:?} {place}");
                assert_eq!(read.trailers[0], "grpc-message:nobody");
                assert!(read.messages.is_empty());
            }
        }
    }
    assert_eq!(greeter.runs(), 0);
}

/// An interceptor's own answer, and what it adds after a stream.
#[tokio::test]
async fn an_interceptors_answer_can_be_read() {
    struct Own;

    impl<N: Next<Response = grpc_interceptor::RawPayload>> Interceptor<N> for Own {
        async fn intercept(&self, _: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
            let message = RawMessage::encode(&reply("from the cache"));
            Ok(tonic::Response::new(message.into()))
        }
    }

    struct Sign;

    impl<N: Next> Interceptor<N> for Sign {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            let response = next.run(request).await?;
            Ok(response.map(|payload| {
                let payload = payload.map_trailers(|trailers| {
                    trailers.insert("served-by", "ada-1".parse().unwrap());
                });
                payload.map_errors(|status| Status::aborted(format!("{}!", status.message())))
            }))
        }
    }

    let greeter = Greeter::default();
    for form in FORMS {
        for (place, service) in layered(&greeter, Own) {
            let request = web_request(PATHS[0], form, &[framed(&hello("Ada"))]);
            let read = Read::of(&exchange(service, request).await);
            assert_eq!(read.messages, ["from the cache"], "{form:?} {place}");
            assert_eq!(read.code(), Code::Ok);
        }
        for (place, service) in layered(&greeter, Sign) {
            let request = web_request(PATHS[2], form, &[framed(&many("Ada", 2))]);
            let read = Read::of(&exchange(service.clone(), request).await);
            assert_eq!(read.messages, ["Hello Ada 0", "Hello Ada 1"], "{form:?} {place}");
            assert_eq!(read.trailers, ["grpc-status:0", "served-by:ada-1"]);
            let messages = [framed(&hello("Ada")), framed(&hello(NOBODY))];
            let read = Read::of(&exchange(service, web_request(PATHS[3], form, &messages)).await);
            assert_eq!(read.messages, ["Hello Ada"]);
            assert_eq!(
                read.trailers,
                ["grpc-message:nobody is here!", "grpc-status:10"]
                    .map(|line| line.replace(' ', "%20"))
            );
        }
    }
}

/// Bodies that aren't gRPC-Web: each fails, and nothing panics.
#[tokio::test]
async fn malformed_bodies_fail_as_they_do_without_a_layer() {
    let greeter = Greeter::default();
    let whole = framed(&hello("Ada"));
    let text = |data: &[u8]| Bytes::from(STANDARD.encode(data));
    let bodies: [Bytes; 12] = [
        Bytes::from_static(b"????"),
        Bytes::from_static(b"abc"),
        Bytes::from_static(b"===="),
        Bytes::from_static(b"\x80\xff\xff\xff\xff"),
        Bytes::from_static(b"\x80\0\0\0\x04a: b"),
        Bytes::from_static(b"\x80\0\0\0\0"),
        Bytes::from_static(b"\x07\0\0\0\0"),
        Bytes::from_static(b"\0\xff\xff\xff\xff"),
        whole.slice(..7),
        text(&whole[..7]),
        text(b"\x80\0\0\0\x04a: b"),
        text(b"\0\xff\xff\xff\xff"),
    ];
    let all = [
        ("a log", layered(&greeter, Log::default())),
        ("one that looks", layered(&greeter, Inspect)),
    ];
    for form in FORMS {
        for path in PATHS {
            for body in &bodies {
                let make = || {
                    let mut request = web_request(path, form, &[]);
                    *request.body_mut() = body.clone();
                    request
                };
                let bare = Read::of(&exchange(bare(&greeter), make()).await);
                for (interceptors, places) in &all {
                    for (place, service) in places {
                        let read = Read::of(&exchange(service.clone(), make()).await);
                        assert_eq!(
                            read.code() == Code::Ok,
                            bare.code() == Code::Ok,
                            "{path} {form:?} {body:?} {interceptors} {place}: {read:?}, {bare:?}"
                        );
                    }
                }
            }
        }
    }
}

/// Over a socket, as a browser's proxy or `fetch` sends it.
#[tokio::test]
async fn a_server_answers_over_http_1() {
    for inside in [true, false] {
        let (log, greeter) = (Log::default(), Greeter::default());
        let layer = InterceptorLayer::new((log.clone(), Auth));
        let builder = Server::builder().accept_http1(true);
        let greeter = greeter.server();
        let server = match inside {
            true => {
                let layers = ServiceBuilder::new().layer(layer).layer(GrpcWebLayer::new());
                testing::serve(builder.layer(layers).add_service(greeter))
                    .on_loopback()
                    .start()
                    .await
            }
            false => {
                let layers = ServiceBuilder::new().layer(GrpcWebLayer::new()).layer(layer);
                testing::serve(builder.layer(layers).add_service(greeter))
                    .on_loopback()
                    .start()
                    .await
            }
        };
        let server = server.unwrap();
        let stream = TcpStream::connect(server.local_addr().unwrap()).await.unwrap();
        let handshake = hyper::client::conn::http1::handshake(TokioIo::new(stream));
        let (mut sender, connection) = handshake.await.unwrap();
        tokio::spawn(connection);
        let mut send = async |path: &str, form, message: Bytes, token: bool| {
            let mut request = web_request(path, form, &[message]);
            request.headers_mut().insert("host", HeaderValue::from_static("somewhere"));
            if token {
                request.headers_mut().insert("authorization", HeaderValue::from_static(TOKEN));
            }
            let response = soon(sender.send_request(request.map(Full::new))).await.unwrap();
            assert_eq!(response.version(), Version::HTTP_11);
            Read::of(&Answer::read(response).await)
        };
        for form in FORMS {
            let (one, two) = (framed(&hello("Ada")), framed(&many("Ada", 2)));
            let read = send(PATHS[0], form, one.clone(), true).await;
            assert_eq!(
                (read.messages, read.trailers),
                (vec!["Hello Ada".to_owned()], vec!["grpc-status:0".to_owned()])
            );
            let read = send(PATHS[2], form, two.clone(), true).await;
            assert_eq!(read.messages, ["Hello Ada 0", "Hello Ada 1"]);
            assert_eq!(send(PATHS[2], form, two, false).await.code(), Code::Unauthenticated);
            assert_eq!(
                log.take(),
                [
                    "/greeter.v1.Greeter/SayHello Unknown: Ok, 1 in, 1 out",
                    "/greeter.v1.Greeter/GreetManyTimes Unknown: Ok, 1 in, 2 out",
                    "/greeter.v1.Greeter/GreetManyTimes Unknown: Unauthenticated, 0 in, 0 out",
                ]
            );
        }
    }
}

/// tonic's own client over gRPC-Web, with layers on both sides of it.
#[tokio::test]
async fn a_grpc_web_client_has_layers_outside_and_inside() {
    let logs = [(); 3].map(|()| Log::default());
    let greeter = Greeter::default();
    let layer = |number: usize| InterceptorLayer::new((logs[number].clone(), Map));
    let server = layer(2).on_side(grpc_interceptor::Side::Server);
    let server = server.layer(GrpcWebLayer::new().layer(Routes::new(greeter.server())));
    let web = ServiceBuilder::new()
        .layer(layer(0))
        .layer(GrpcWebClientLayer::new())
        .layer(layer(1))
        .map_request(|request: http::Request<Body>| request)
        .service(server);
    let answers = call_each_on(&mut GreeterClient::new(web), "Ada", &[]).await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("Ada"));
    let lines = logs.map(|log| log.take());
    assert_eq!(lines[0].len(), 4);
    assert_eq!(lines[0][3], "/greeter.v1.Greeter/Chat Unknown: Ok, 2 in, 2 out");
    assert_eq!(lines[0], lines[1]);
    assert_eq!(lines[1], lines[2]);
}
