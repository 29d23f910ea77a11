//! Compressed messages and messages that are too large: they pass unchanged unless an interceptor
//! looks at them.

use std::{
    convert::Infallible,
    sync::{Arc, Mutex},
};

use grpc_interceptor::{
    CallEnd, Context, Interceptor, InterceptorLayer, LayerInterceptors, Next, ObservedCall,
    Observer, Outcome, Payload as _, RawMessage, RawPayload,
    interceptors::{List, observe},
    testing,
};
use http_body_util::{BodyExt as _, Full, StreamBody};
use tokio_stream::StreamExt as _;
use tonic::{
    Code, Request, Response, Status,
    body::Body,
    codec::CompressionEncoding::Gzip,
    codegen::{
        Bytes,
        http::{self, HeaderMap, HeaderValue},
    },
    metadata::MetadataMap,
};
use tower::Layer as _;

use crate::{
    boxed::{Boxed, boxed},
    greeter::{Greeter, GreeterServer},
    http::{PATHS, exchange, framed, request, set},
    interceptors::Log,
    support::{GreeterClient, HelloReply, HelloRequest, call_each_on, hello, plain_answers, soon},
};

fn zipping(greeter: &Greeter) -> GreeterServer {
    greeter.server().accept_compressed(Gzip).send_compressed(Gzip)
}

fn layered<I>(greeter: &Greeter, layer: InterceptorLayer<I>) -> Boxed
where
    I: LayerInterceptors,
{
    boxed(layer.layer(zipping(greeter)))
}

/// What tonic's client sends, compressed.
async fn zipped(message: &str) -> Bytes {
    let seen = Arc::new(Mutex::new(Bytes::new()));
    let sent = seen.clone();
    let take = tower::service_fn(move |request: http::Request<Body>| {
        let sent = sent.clone();
        async move {
            *sent.lock().unwrap() = request.into_body().collect().await.unwrap().to_bytes();
            Ok::<_, Infallible>(http::Response::new(Body::empty()))
        }
    });
    let mut client = GreeterClient::new(take).send_compressed(Gzip);
    client = client.max_encoding_message_size(usize::MAX);
    client.say_hello(hello(message)).await.unwrap_err();
    let bytes = seen.lock().unwrap().clone();
    assert_eq!(bytes[0], 1, "it is compressed");
    bytes
}

fn zipped_request(path: &str, data: Bytes) -> http::Request<Bytes> {
    let mut request = request(path, data);
    set(&mut request, "grpc-encoding", "gzip");
    set(&mut request, "grpc-accept-encoding", "gzip");
    request
}

/// Counts messages, and sees those that aren't too large.
#[derive(Clone, Default)]
struct Seeing(Arc<Mutex<Vec<String>>>);

impl Seeing {
    fn push(&self, text: String) {
        self.0.lock().unwrap().push(text);
    }

    fn take(&self) -> Vec<String> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl Observer<RawMessage, RawMessage> for Seeing {
    type Call = Seeing;

    fn start(&self, _: &Context, _: &MetadataMap) -> Seeing {
        self.clone()
    }
}

impl ObservedCall<RawMessage, RawMessage> for Seeing {
    fn request_message(&self, message: &RawMessage) {
        self.push(format!("in {}", message.decode::<HelloRequest>().unwrap().name.len()));
    }

    fn response_message(&self, message: &RawMessage) {
        self.push(format!("out {}", message.decode::<HelloReply>().unwrap().message.len()));
    }

    fn end(&self, end: &CallEnd<'_>) {
        let (requests, responses) = (end.request_messages(), end.response_messages());
        self.push(format!("{:?}, {requests} in, {responses} out", end.code()));
    }
}

/// Calls a closure for each message, and refuses the call with its error.
#[derive(Clone)]
struct Ask<F>(F);

impl<N, F> Interceptor<N> for Ask<F>
where
    N: Next<RequestMessage = RawMessage, ResponseMessage = RawMessage>,
    F: Fn(&RawMessage) -> Result<(), Status> + Clone + Send + Sync + 'static,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let check = |message: RawMessage, ask: &F| ask(&message).map(|()| message);
        let (metadata, extensions, payload) = request.into_parts();
        let ask = self.0.clone();
        let payload = payload.try_map_messages(move |message| check(message, &ask))?;
        let response = next.run(Request::from_parts(metadata, extensions, payload)).await?;
        let (metadata, payload, extensions) = response.into_parts();
        let ask = self.0.clone();
        let payload = payload.try_map_messages(move |message| check(message, &ask))?;
        Ok(tonic::Response::from_parts(metadata, payload, extensions))
    }
}

fn long_name() -> String {
    "a name that is long ".repeat(1000)
}

#[tokio::test]
async fn interceptors_dont_change_the_bytes() {
    let greeter = Greeter::default();
    let data = zipped(&long_name()).await;
    let ask_bytes = Ask(|message: &RawMessage| message.bytes().map(drop));
    let services = [
        ("nobody", layered(&greeter, InterceptorLayer::new(()))),
        ("a log", layered(&greeter, InterceptorLayer::new(Log::default()))),
        ("an observer", layered(&greeter, InterceptorLayer::new(observe(Seeing::default())))),
        ("one that looks", layered(&greeter, InterceptorLayer::new(ask_bytes))),
        ("a list", layered(&greeter, InterceptorLayer::new(List::new().with(Log::default())))),
    ];
    for path in [PATHS[0], PATHS[1], PATHS[3]] {
        let bare = exchange(zipping(&greeter), zipped_request(path, data.clone())).await;
        assert_eq!(bare.headers["grpc-encoding"], "gzip");
        assert_eq!(bare.data[0], 1, "it is compressed");
        for (name, service) in &services {
            let answer = exchange(service.clone(), zipped_request(path, data.clone())).await;
            assert_eq!(answer, bare, "{path} {name}");
        }
    }
}

/// Echoes anything it receives.
async fn echo(request: http::Request<Body>) -> Result<http::Response<Body>, Infallible> {
    let data = request.into_body().collect().await.unwrap().to_bytes();
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static("0"));
    let frames = [http_body::Frame::data(data), http_body::Frame::trailers(trailers)];
    let frames = tokio_stream::iter(frames.map(Ok::<_, Infallible>));
    let mut response = http::Response::new(Body::new(StreamBody::new(frames)));
    response.headers_mut().insert("content-type", HeaderValue::from_static("application/grpc"));
    response.headers_mut().insert("grpc-encoding", HeaderValue::from_static("gzip"));
    Ok(response)
}

/// Reads its request, and fails with the same error.
async fn read(request: http::Request<Body>) -> Result<http::Response<Body>, Status> {
    let read = request.into_body().collect().await;
    read.map(|_| http::Response::new(Body::empty()))
        .map_err(|error| Status::from_error(error.into()))
}

/// These bytes can't be decompressed: no one tries.
#[tokio::test]
async fn nothing_is_decompressed_unless_an_interceptor_asks() {
    let log = Log::default();
    let nonsense = Bytes::from_static(b"\x01\0\0\0\x08nonsense\x01\0\0\0\x02no\0\0\0\0\0");
    let size_on_wire = Ask(|message: &RawMessage| {
        assert_eq!(message.is_compressed(), message.size_on_wire() > 0);
        Ok(())
    });
    let services = [
        boxed(InterceptorLayer::new(log.clone()).layer(tower::service_fn(echo))),
        boxed(InterceptorLayer::new((log.clone(), size_on_wire)).layer(tower::service_fn(echo))),
    ];
    for service in services {
        let answer = exchange(service, zipped_request("/a.B/C", nonsense.clone())).await;
        assert_eq!(answer.data, nonsense);
        assert_eq!(log.take(), ["/a.B/C Unknown: Ok, 3 in, 3 out"]);
    }
    // An interceptor that asks gets an error.
    for ask in [
        |message: &RawMessage| message.bytes().map(drop),
        |message: &RawMessage| message.size().map(drop),
        |message: &RawMessage| message.decode::<HelloRequest>().map(drop),
    ] {
        let layer = InterceptorLayer::new((log.clone(), Ask(ask)));
        let mut service = layer.layer(tower::service_fn(read));
        let request = zipped_request("/a.B/C", nonsense.clone());
        let request = request.map(|data| Body::new(Full::new(data)));
        let status = soon(tower::Service::call(&mut service, request)).await.unwrap_err();
        assert_eq!(status.code(), Code::Internal);
        // They arrived in one frame, which has passed the log.
        assert_eq!(log.take(), ["/a.B/C Unknown: Internal, 3 in, 0 out"]);
    }
}

#[tokio::test]
async fn compressed_messages_can_be_read_on_both_sides() {
    #[derive(Clone, Default)]
    struct Sizes(Arc<Mutex<Vec<(usize, usize)>>>);

    impl<N> Interceptor<N> for Sizes
    where
        N: Next<RequestMessage = RawMessage, ResponseMessage = RawMessage>,
    {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            let note = || {
                let sizes = self.0.clone();
                move |message: &RawMessage| {
                    assert!(message.is_compressed());
                    let size = message.size().unwrap();
                    assert_eq!(message.bytes().unwrap().len(), size);
                    // The first field of all of them.
                    let text = message.decode::<HelloReply>().unwrap().message;
                    assert!(text.contains("a name that is long"));
                    sizes.lock().unwrap().push((size, message.size_on_wire()));
                }
            };
            let request = request.map(|payload| payload.inspect_messages(note()));
            Ok(next.run(request).await?.map(|payload| payload.inspect_messages(note())))
        }
    }

    let (here, there, greeter) = (Sizes::default(), Sizes::default(), Greeter::default());
    let server = InterceptorLayer::new(there.clone()).layer(zipping(&greeter));
    let server = testing::serve(server).start().await.unwrap();
    let channel = InterceptorLayer::new(here.clone()).layer(server.channel());
    let mut client = GreeterClient::new(channel).send_compressed(Gzip).accept_compressed(Gzip);
    let answers = call_each_on(&mut client, &long_name(), &[]).await;
    assert_eq!(
        answers.each_ref().map(|answer| answer.messages().to_vec()),
        plain_answers(&long_name())
    );
    let sort = |sizes: Sizes| {
        let mut sizes = sizes.0.lock().unwrap().clone();
        sizes.sort_unstable();
        sizes
    };
    let sizes = sort(here);
    assert_eq!(sizes.len(), 2 + 3 + 3 + 4);
    assert!(sizes.iter().all(|(size, on_wire)| *size > 20_000 && *on_wire < 1_000));
    assert_eq!(sort(there), sizes);
}

/// A message that an interceptor creates isn't compressed, and can be next to compressed ones.
#[tokio::test]
async fn an_interceptors_message_is_sent_uncompressed() {
    struct Shout;

    impl<N> Interceptor<N> for Shout
    where
        N: Next<RequestMessage = RawMessage, ResponseMessage = RawMessage>,
    {
        async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
            let shout = |message: RawMessage| {
                let mut decoded: HelloReply = message.decode().unwrap();
                match decoded.message.contains("Ada") {
                    true => {
                        decoded.message.push('!');
                        RawMessage::encode(&decoded)
                    }
                    false => message,
                }
            };
            let request = request.map(|payload| payload.map_messages(shout));
            Ok(next.run(request).await?.map(|payload| payload.map_messages(shout)))
        }
    }

    let greeter = Greeter::default();
    let server = InterceptorLayer::new(Shout).layer(zipping(&greeter));
    let server = testing::serve(server).start().await.unwrap();
    let mut client =
        GreeterClient::new(server.channel()).send_compressed(Gzip).accept_compressed(Gzip);
    let names = tokio_stream::iter(["Ada", "Grace", "Ada"].map(hello));
    let answers = soon(client.chat(names)).await.unwrap().into_inner();
    let answers: Vec<_> =
        soon(answers.map(|answer| answer.unwrap().message).collect::<Vec<_>>()).await;
    assert_eq!(answers, ["Hello Ada!!", "Hello Grace", "Hello Ada!!"]);
}

/// A few bytes that decompress to very many.
#[tokio::test]
async fn a_decompression_bomb_stops_at_the_limit() {
    let greeter = Greeter::default();
    let bomb = zipped(&"\0".repeat(64 * 1024 * 1024)).await;
    assert!(bomb.len() < 100_000);
    let bare = exchange(zipping(&greeter), zipped_request(PATHS[0], bomb.clone())).await;
    assert!(matches!(bare.code(), Some("8" | "11")), "{bare:?}");
    let log = layered(&greeter, InterceptorLayer::new(Log::default()));
    assert_eq!(exchange(log, zipped_request(PATHS[0], bomb.clone())).await, bare);

    let sizes = Arc::new(Mutex::new(Vec::new()));
    for ask in [
        |message: &RawMessage| message.bytes().map(|bytes| bytes.len()),
        |message: &RawMessage| message.size(),
        |message: &RawMessage| message.decode::<HelloRequest>().map(|hello| hello.name.len()),
    ] {
        let noted = sizes.clone();
        let ask = Ask(move |message: &RawMessage| {
            let size = ask(message);
            noted.lock().unwrap().push(size.as_ref().ok().copied());
            size.map(drop)
        });
        let service = layered(&greeter, InterceptorLayer::new(ask.clone()));
        let answer = exchange(service, zipped_request(PATHS[0], bomb.clone())).await;
        assert!(matches!(answer.code(), Some("8" | "11")), "{answer:?}");
        assert_eq!(greeter.runs(), 0);
        // With a higher limit it is decompressed.
        let layer = InterceptorLayer::new(ask).max_message_size(100 * 1024 * 1024);
        let server = zipping(&greeter).max_decoding_message_size(1024);
        exchange(layer.layer(server), zipped_request(PATHS[0], bomb.clone())).await;
        let sizes = std::mem::take(&mut *sizes.lock().unwrap());
        assert_eq!(sizes[0], None);
        assert!(sizes[1].unwrap() >= 64 * 1024 * 1024);
    }
}

#[tokio::test]
async fn an_unknown_encoding_is_refused_by_the_service_or_an_interceptor() {
    let greeter = Greeter::default();
    let make = |encoding: &'static str| {
        let mut request = request(PATHS[0], Bytes::from_static(b"\x01\0\0\0\x02xx"));
        set(&mut request, "grpc-encoding", encoding);
        request
    };
    let deflate = if cfg!(feature = "deflate") { "13" } else { "12" };
    for (encoding, looked) in
        [("br", "12"), ("GZIP", "12"), ("deflate", deflate), ("identity", "13"), ("gzip", "13")]
    {
        let bare = exchange(zipping(&greeter), make(encoding)).await;
        assert_ne!(bare.code(), Some("0"));
        for service in [
            layered(&greeter, InterceptorLayer::new(())),
            layered(&greeter, InterceptorLayer::new(Log::default())),
        ] {
            assert_eq!(exchange(service, make(encoding)).await, bare, "{encoding}");
        }
        // The service refuses it by its header, before reading anything. If the service does read,
        // the interceptor's error comes first.
        let codes = Arc::new(Mutex::new(Vec::new()));
        let noted = codes.clone();
        let ask = Ask(move |message: &RawMessage| {
            let asked = message.bytes().map(drop);
            noted.lock().unwrap().extend(asked.as_ref().err().map(|status| status.code() as i32));
            asked
        });
        let mut service = InterceptorLayer::new(ask).layer(tower::service_fn(read));
        let request = make(encoding).map(|data| Body::new(Full::new(data)));
        let status = soon(tower::Service::call(&mut service, request)).await.unwrap_err();
        assert_eq!((status.code() as i32).to_string(), looked, "{encoding}");
        assert_eq!(codes.lock().unwrap().len(), 1);
    }
    assert_eq!(greeter.runs(), 0);
}

#[tokio::test]
async fn a_message_that_is_too_large_fails_only_if_an_interceptor_looks() {
    let greeter = Greeter::default();
    let name = "x".repeat(1000);
    let data = framed(&hello(&name));
    let one_by_one = |data: &Bytes| {
        let bytes: Vec<_> = data.chunks(7).map(Bytes::copy_from_slice).collect();
        let frames = tokio_stream::iter(bytes)
            .map(|bytes| Ok::<_, Infallible>(http_body::Frame::data(bytes)));
        Body::new(StreamBody::new(frames))
    };
    let call = async |service: Boxed, path: &str, in_pieces: bool| {
        let request = request(path, data.clone());
        match in_pieces {
            false => exchange(service, request).await,
            true => {
                let request = request.map(|data| one_by_one(&data));
                let mut service = service;
                let response = soon(tower::Service::call(&mut service, request)).await.unwrap();
                crate::http::Answer::read(response).await
            }
        }
    };
    for in_pieces in [false, true] {
        for path in [PATHS[0], PATHS[1], PATHS[3]] {
            let bare = call(boxed(greeter.server()), path, in_pieces).await;
            assert_eq!(bare.code(), Some("0"));
            let runs = greeter.runs();
            // No one looks.
            let service = InterceptorLayer::new(()).max_message_size(100).layer(greeter.server());
            assert_eq!(call(boxed(service), path, in_pieces).await, bare);
            // An interceptor counts.
            let log = Log::default();
            let service = InterceptorLayer::new(log.clone()).max_message_size(100);
            let service = service.layer(greeter.server());
            assert_eq!(call(boxed(service), path, in_pieces).await, bare);
            assert!(log.take()[0].ends_with(": Ok, 1 in, 1 out"));
            // An interceptor would see it if it weren't too large, and changes nothing.
            let seeing = Seeing::default();
            for (limit, seen) in [
                (100, vec!["Ok, 1 in, 1 out"]),
                (1005, vec!["in 1000", "Ok, 1 in, 1 out"]),
                (2000, vec!["in 1000", "out 1006", "Ok, 1 in, 1 out"]),
            ] {
                let layer = InterceptorLayer::new(observe(seeing.clone())).max_message_size(limit);
                let service = boxed(layer.layer(greeter.server()));
                assert_eq!(call(service, path, in_pieces).await, bare);
                assert_eq!(seeing.take(), seen);
            }
            assert_eq!(greeter.runs(), runs + 5);
            // An interceptor looks.
            let ask = Ask(|message: &RawMessage| message.bytes().map(drop));
            for (limit, code) in [(100, "11"), (1002, "11"), (1003, "11"), (2000, "0")] {
                let layer = InterceptorLayer::new((log.clone(), ask.clone()));
                let service = layer.max_message_size(limit).layer(greeter.server());
                let answer = call(boxed(service), path, in_pieces).await;
                assert_eq!(answer.code(), Some(code), "{path} {limit}: {answer:?}");
            }
            log.take();
        }
    }
}

/// On a client as well, for both requests and responses.
#[tokio::test]
async fn a_client_sees_messages_that_are_too_large_for_its_interceptors() {
    let greeter = Greeter::default();
    let server = testing::serve(greeter.server()).start().await.unwrap();
    let ask = Ask(|message: &RawMessage| message.bytes().map(drop));
    let layer = InterceptorLayer::new(ask).max_message_size(100);
    let mut client = GreeterClient::new(layer.layer(server.channel()));
    for answer in call_each_on(&mut client, &"x".repeat(200), &[]).await {
        assert_eq!(answer.status().code(), Code::OutOfRange);
    }
    // The request has 97 bytes, and the response more than 100.
    for answer in call_each_on(&mut client, &"x".repeat(95), &[]).await {
        assert_eq!(answer.status().code(), Code::OutOfRange);
    }
    for answer in call_each_on(&mut client, "Ada", &[]).await {
        assert!(answer.result.is_ok());
    }
}

/// Answers a second call with the first one's message.
#[derive(Clone, Default)]
struct Cache(Arc<Mutex<Option<RawMessage>>>);

impl<N> Interceptor<N> for Cache
where
    N: Next<Response = RawPayload, RequestMessage = RawMessage, ResponseMessage = RawMessage>,
{
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        if let Some(message) = self.0.lock().unwrap().clone() {
            return Ok(Response::new(message.into()));
        }
        let cache = self.clone();
        let keep = move |message: &RawMessage| *cache.0.lock().unwrap() = Some(message.clone());
        Ok(next.run(request).await?.map(|payload| payload.inspect_messages(keep)))
    }
}

/// Its headers don't mention compression.
#[tokio::test]
async fn a_message_can_be_sent_in_another_response() {
    let service = InterceptorLayer::new(Cache::default()).layer(zipping(&Greeter::default()));
    let long = "Ada".repeat(1000);
    let mut zipping = GreeterClient::new(service.clone()).accept_compressed(Gzip);
    let first = soon(zipping.say_hello(hello(&long))).await.unwrap().into_inner();
    let mut plain = GreeterClient::new(service);
    let second = soon(plain.say_hello(hello("nobody asks"))).await.unwrap().into_inner();
    assert_eq!(first, second);
}
