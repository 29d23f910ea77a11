//! No request reaches a handler without passing the interceptors.

use axum::routing::get;
use grpc_interceptor::{
    InterceptorLayer,
    interceptors::{except_services, when},
};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use tokio_stream::wrappers::TcpListenerStream;
use tonic::{
    body::Body,
    codec::CompressionEncoding,
    codegen::{
        Bytes,
        http::{self, HeaderValue, Method, Version, header::CONTENT_TYPE},
    },
    service::Routes,
    transport::Server,
};
use tonic_web::GrpcWebLayer;
use tower::{Layer, ServiceExt as _};

use crate::{
    boxed::{Boxed, boxed},
    greeter::Greeter,
    http::{Answer, PATHS, exchange, one, request},
    interceptors::{Auth, Refuse},
    support::soon,
};

/// The greeter in all its places, each inside a layer that this creates.
macro_rules! places {
    ($greeter:expr, $layer:expr) => {{
        let (greeter, layer) = ($greeter, $layer);
        let server = || greeter.server();
        let zipped = || server().accept_compressed(CompressionEncoding::Gzip);
        let app =
            || Routes::new(server()).into_axum_router().route("/plain", get(|| async { "plain" }));
        [
            ("a generated server", boxed(layer.layer(server()))),
            ("one that takes gzip", boxed(layer.layer(zipped()))),
            ("routes", boxed(layer.layer(Routes::new(server())))),
            ("an axum app", boxed(layer.layer(app()))),
            ("a layer of an axum app", boxed(app().layer(layer.clone()))),
            (
                "tonic-web inside",
                boxed(layer.layer(GrpcWebLayer::new().layer(Routes::new(server())))),
            ),
            (
                "tonic-web outside",
                boxed(GrpcWebLayer::new().layer(layer.layer(Routes::new(server())))),
            ),
            ("twice", boxed(layer.layer(layer.layer(Routes::new(server()))))),
        ]
    }};
}

const CONTENT_TYPES: [&[&str]; 24] = [
    &[],
    &[""],
    &[" "],
    &["application/grpc"],
    &["application/grpc+proto"],
    &["application/grpc+json"],
    &["application/grpc;charset=utf-8"],
    &["APPLICATION/GRPC"],
    &["Application/gRPC+Proto"],
    &["application/grpc-web"],
    &["application/grpc-web+proto"],
    &["application/grpc-web-text"],
    &["application/grpc-web-text+proto"],
    &["APPLICATION/GRPC-WEB"],
    &["application/grpcx"],
    &["application/grp"],
    &["application/ grpc"],
    &["application/json"],
    &["application/proto"],
    &["text/plain"],
    &["text/plain, application/grpc"],
    &["text/plain", "application/grpc"],
    &["application/grpc", "text/plain"],
    &["application/json", "application/grpc-web"],
];

/// Other values of `grpc-encoding`: requests that bypass the layer are rejected through this
/// header.
const ENCODINGS: [&[&str]; 4] =
    [&[], &["identity"], &["gzip", "identity"], &["identity", "identity"]];

fn paths() -> Vec<String> {
    let odd = PATHS.iter().flat_map(|path| {
        let (service, method) = path[1..].split_once('/').unwrap();
        [
            (*path).to_owned(),
            format!("/{path}"),
            format!("{path}/"),
            format!("/{service}//{method}"),
            format!("/{service}/./{method}"),
            format!("/{service}/../{service}/{method}"),
            format!("{path}?query"),
            format!("{path}?/grpc.health.v1.Health/Check"),
            format!("/prefix{path}"),
            format!("/grpc.health.v1.Health/Check{path}"),
            path.to_uppercase(),
            path.to_lowercase(),
            path.replace('G', "%47"),
            path.replace("/G", "%2FG").replace("/S", "%2fS"),
            path.replace('.', "%2E"),
            format!("{path}%00"),
            format!("{path};a=b"),
            format!("http://somewhere{path}"),
        ]
    });
    odd.collect()
}

const METHODS: [Method; 7] = [
    Method::POST,
    Method::GET,
    Method::PUT,
    Method::HEAD,
    Method::OPTIONS,
    Method::DELETE,
    Method::PATCH,
];

struct Attempt {
    method: Method,
    version: Version,
    path: String,
    content_types: &'static [&'static str],
    encodings: &'static [&'static str],
}

impl Attempt {
    fn all() -> impl Iterator<Item = Attempt> {
        let requests = paths().into_iter().flat_map(|path| {
            let of_method = move |method: Method| {
                let path = path.clone();
                CONTENT_TYPES.map(move |types| (path.clone(), method.clone(), types)).into_iter()
            };
            METHODS.into_iter().flat_map(of_method)
        });
        requests.enumerate().flat_map(|(number, (path, method, content_types))| {
            // All combinations with the others would be too many.
            let version = [Version::HTTP_2, Version::HTTP_11][number % 2];
            [0, 1].map(|more| Attempt {
                method: method.clone(),
                version: if more == 0 { Version::HTTP_2 } else { version },
                path: path.clone(),
                content_types,
                encodings: if more == 0 { &[] } else { ENCODINGS[number % ENCODINGS.len()] },
            })
        })
    }

    fn request(&self) -> http::Request<Bytes> {
        let mut request = request(&self.path, one());
        *request.method_mut() = self.method.clone();
        *request.version_mut() = self.version;
        request.headers_mut().remove(CONTENT_TYPE);
        for (name, values) in
            [("content-type", self.content_types), ("grpc-encoding", self.encodings)]
        {
            for value in values {
                request.headers_mut().append(name, HeaderValue::from_static(value));
            }
        }
        request
    }
}

async fn try_all(service: &Boxed) {
    for attempt in Attempt::all() {
        exchange(service.clone(), attempt.request()).await;
    }
}

/// How often a handler runs without a guard.
#[tokio::test]
async fn most_of_these_requests_would_reach_a_handler() {
    for content_types in CONTENT_TYPES {
        for method in METHODS {
            for path in PATHS {
                let greeter = Greeter::default();
                let attempt = Attempt {
                    method: method.clone(),
                    version: Version::HTTP_2,
                    path: path.to_owned(),
                    content_types,
                    encodings: &[],
                };
                exchange(greeter.server(), attempt.request()).await;
                assert_eq!(greeter.runs(), 1, "{method} {path} {content_types:?}");
            }
        }
    }
}

#[tokio::test]
async fn nothing_gets_past_interceptors_that_refuse_everything() {
    let greeter = Greeter::default();
    for (place, service) in places!(&greeter, InterceptorLayer::new(Refuse)) {
        try_all(&service).await;
        assert_eq!(greeter.runs(), 0, "{place}");
    }
}

/// Health is exempt, so any path that is mistaken for health but leads to the greeter would be a
/// way in.
#[tokio::test]
async fn nothing_gets_past_them_under_an_exempt_services_name() {
    let greeter = Greeter::default();
    let refuse = when(except_services(["grpc.health.v1.Health"]), Refuse);
    let layer = InterceptorLayer::new(refuse);
    for (place, service) in places!(&greeter, layer) {
        try_all(&service).await;
        assert_eq!(greeter.runs(), 0, "{place}");
    }
}

#[tokio::test]
async fn nothing_gets_past_them_for_any_definition_of_a_call() {
    let greeter = Greeter::default();
    let layers = [
        InterceptorLayer::new(Refuse).calls(|_| true),
        InterceptorLayer::new(Refuse).calls(|_| false),
        InterceptorLayer::new(Refuse).calls(|parts| parts.method == Method::PUT),
        InterceptorLayer::new(Refuse).calls(|parts| !parts.uri.path().starts_with("/greeter")),
        InterceptorLayer::new(Refuse).calls(|parts| parts.headers.contains_key("x-call")),
    ];
    for layer in layers {
        for (place, service) in places!(&greeter, layer) {
            for path in PATHS {
                for content_types in CONTENT_TYPES {
                    let attempt = Attempt {
                        method: Method::POST,
                        version: Version::HTTP_2,
                        path: path.to_owned(),
                        content_types,
                        encodings: &["identity"],
                    };
                    exchange(service.clone(), attempt.request()).await;
                    assert_eq!(greeter.runs(), 0, "{place}");
                }
            }
        }
    }
}

/// Otherwise it would be no surprise that no one gets in.
#[tokio::test]
async fn the_token_gets_in_at_every_place() {
    let greeter = Greeter::default();
    let runs = |service: Boxed, with_token: bool| {
        let greeter = &greeter;
        async move {
            let before = greeter.runs();
            for path in PATHS {
                let mut request = request(path, one());
                if with_token {
                    crate::http::set(&mut request, "authorization", crate::interceptors::TOKEN);
                }
                let answer = exchange(service.clone(), request).await;
                assert_eq!(answer.code(), Some(if with_token { "0" } else { "16" }));
            }
            greeter.runs() - before
        }
    };
    for (place, service) in places!(&greeter, InterceptorLayer::new(Auth)) {
        assert_eq!(runs(service.clone(), true).await, 4, "{place}");
        assert_eq!(runs(service, false).await, 0, "{place}");
    }
}

/// A request that isn't a call reaches the inner service, which then refuses it.
#[tokio::test]
async fn requests_that_arent_calls_are_refused_by_tonic() {
    let greeter = Greeter::default();
    let service = InterceptorLayer::new(Refuse).layer(greeter.server());
    for path in PATHS {
        let mut request = request(path, one());
        crate::http::set(&mut request, "content-type", "text/plain");
        let answer = exchange(service.clone(), request).await;
        assert_eq!(answer.code(), Some("12"));
    }
    assert_eq!(greeter.runs(), 0);
}

/// Sends bytes to a server that also speaks HTTP/1.1, and reads until it closes the connection.
async fn send(text: &[u8], greeter: &Greeter) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder()
        .accept_http1(true)
        .layer(InterceptorLayer::new(Refuse))
        .add_service(greeter.server())
        .serve_with_incoming(TcpListenerStream::new(listener));
    let server = tokio::spawn(server);
    let mut connection = TcpStream::connect(address).await.unwrap();
    connection.write_all(text).await.unwrap();
    let mut answer = Vec::new();
    soon(connection.read_to_end(&mut answer)).await.unwrap();
    server.abort();
    String::from_utf8_lossy(&answer).into_owned()
}

#[tokio::test]
async fn nothing_gets_past_them_over_http_1() {
    let greeter = Greeter::default();
    let body = one();
    for content_type in [
        "",
        "content-type: application/grpc\r\n",
        "content-type: text/plain\r\n",
        "content-type: text/plain\r\ncontent-type: application/grpc\r\n",
        "Content-Type:application/grpc-web\r\n",
        "grpc-encoding: identity\r\n",
    ] {
        for method in ["POST", "GET", "PUT", "BREW"] {
            let head = format!(
                "{method} {} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n{content_type}content-length: {}\r\n\r\n",
                PATHS[0],
                body.len()
            );
            let answer = send(&[head.as_bytes(), &body].concat(), &greeter).await;
            assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
            assert!(
                answer.contains("grpc-status: 7") || answer.contains("grpc-status: 12"),
                "{method} {content_type:?}: {answer}"
            );
            assert_eq!(greeter.runs(), 0, "{method} {content_type:?}");
        }
    }
}

#[tokio::test]
async fn an_answer_over_http_2_is_the_same_as_in_process() {
    let greeter = Greeter::default();
    let service = InterceptorLayer::new(Refuse).layer(greeter.server());
    let here = exchange(service.clone(), request(PATHS[0], one())).await;
    let server = grpc_interceptor::testing::serve(service).start().await.unwrap();
    let mut over_the_wire = request("http://somewhere/greeter.v1.Greeter/SayHello", one());
    over_the_wire.headers_mut().insert("te", HeaderValue::from_static("trailers"));
    let over_the_wire = over_the_wire.map(|data| Body::new(http_body_util::Full::new(data)));
    let response = soon(server.channel().oneshot(over_the_wire)).await.unwrap();
    let mut there = Answer::read(response).await;
    there.headers.remove("date");
    assert_eq!(there, here);
}
