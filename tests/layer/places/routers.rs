//! Around routes and axum routers that also have non-gRPC routes, which don't concern the layer.

use axum::{
    extract::Request,
    response::IntoResponse,
    routing::{get, post},
};
use grpc_interceptor::{InterceptorLayer, testing};
use http_body_util::BodyExt as _;
use tonic::{
    codegen::{
        Bytes,
        http::{HeaderValue, Method, StatusCode, Version},
    },
    service::Routes,
};
use tower::Layer as _;

use crate::{
    greeter::Greeter,
    http::{PATHS, exchange, one, request, set},
    interceptors::{Auth, Log, TOKEN},
    support::{GreeterClient, call_each_on, plain_answers},
};

const ALL_FOUR: [&str; 4] = [
    "/greeter.v1.Greeter/SayHello Unknown: Ok, 1 in, 1 out",
    "/greeter.v1.Greeter/GreetEverybody Unknown: Ok, 2 in, 1 out",
    "/greeter.v1.Greeter/GreetManyTimes Unknown: Ok, 1 in, 2 out",
    "/greeter.v1.Greeter/Chat Unknown: Ok, 2 in, 2 out",
];

async fn all_kinds_are_seen<K>(server: impl testing::Servable<K>, log: &Log) {
    let server = testing::serve(server).start().await.unwrap();
    let answers = call_each_on(&mut GreeterClient::new(server.channel()), "Ada", &[]).await;
    assert_eq!(answers.each_ref().map(|answer| answer.messages().to_vec()), plain_answers("Ada"));
    assert_eq!(log.take(), ALL_FOUR);
}

#[tokio::test]
async fn routes_and_routers_are_supported() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let layer = || InterceptorLayer::new(log.clone());
    let routes = || Routes::new(greeter.server());
    all_kinds_are_seen(layer().layer(routes()), &log).await;
    all_kinds_are_seen(layer().layer(routes().prepare()), &log).await;
    all_kinds_are_seen(layer().layer(routes().into_axum_router()), &log).await;
    all_kinds_are_seen(routes().into_axum_router().layer(layer()), &log).await;
    all_kinds_are_seen(routes().into_axum_router().route_layer(layer()), &log).await;
    // Each of its routes is a service.
    let path = "/greeter.v1.Greeter/{*rest}";
    let app = axum::Router::new().route_service(path, layer().layer(greeter.server()));
    all_kinds_are_seen(app, &log).await;
    all_kinds_are_seen(Routes::from(routes().into_axum_router().layer(layer())), &log).await;
}

/// Echoes the request.
async fn echo(request: Request) -> impl IntoResponse {
    let (parts, body) = request.into_parts();
    let mut headers = parts.headers;
    headers.insert("seen-method", parts.method.as_str().parse().unwrap());
    headers.insert("seen-uri", parts.uri.to_string().parse().unwrap());
    let body = body.collect().await.unwrap();
    if let Some(trailers) = body.trailers() {
        headers.insert("seen-trailers", format!("{trailers:?}").parse().unwrap());
    }
    (StatusCode::IM_A_TEAPOT, headers, body.to_bytes())
}

fn app(greeter: &Greeter) -> axum::Router {
    Routes::new(greeter.server())
        .into_axum_router()
        .route("/plain", get(|| async { "plain text" }))
        .route("/echo/{*rest}", post(echo).put(echo))
        .fallback(|| async { (StatusCode::NOT_FOUND, "no such page") })
}

#[tokio::test]
async fn plain_http_routes_are_unaffected() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let layered = app(&greeter).layer(InterceptorLayer::new((log.clone(), Auth)));
    let make = |method: Method, path: &str, content_type: Option<&'static str>| {
        let mut request = request(path, Bytes::from_static(b"{\"any\": \"bytes \xff\"}"));
        *request.method_mut() = method;
        *request.version_mut() = Version::HTTP_11;
        request.headers_mut().remove("content-type");
        if let Some(content_type) = content_type {
            set(&mut request, "content-type", content_type);
        }
        set(&mut request, "accept", "*/*");
        request.headers_mut().append("twice", HeaderValue::from_static("one"));
        request.headers_mut().append("twice", HeaderValue::from_static("two"));
        request.headers_mut().append("bytes", HeaderValue::from_bytes(b"\xe9\xff").unwrap());
        request
    };
    for (method, path, content_type) in [
        (Method::GET, "/plain", None),
        (Method::HEAD, "/plain", None),
        (Method::POST, "/plain", Some("application/json")),
        (Method::POST, "/echo/a/b?c=d", Some("application/json")),
        (Method::PUT, "/echo/a%20b", None),
        (Method::PUT, "/echo/a//b/", Some("text/plain; charset=utf-8")),
        (Method::POST, "/nowhere", Some("application/x-www-form-urlencoded")),
        (Method::OPTIONS, "/plain", None),
    ] {
        let bare = exchange(app(&greeter), make(method.clone(), path, content_type)).await;
        let mut answer = exchange(layered.clone(), make(method.clone(), path, content_type)).await;
        // The header that makes tonic refuse the request.
        let kept_closed = answer.headers.remove("grpc-encoding");
        assert_eq!(kept_closed.is_some(), bare.status == StatusCode::IM_A_TEAPOT);
        assert_eq!(answer, bare, "{method} {path}");
    }
    assert!(log.take().is_empty());
    assert_eq!(exchange(layered, request(PATHS[0], one())).await.code(), Some("16"));
    assert_eq!(log.take().len(), 1);
}

/// A form that is submitted with POST can have no content type.
#[tokio::test]
async fn the_user_can_define_what_a_call_is() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let layer = InterceptorLayer::new((log.clone(), Auth));
    let is_call =
        |parts: &tonic::codegen::http::request::Parts| !parts.uri.path().starts_with("/echo/");
    let app = app(&greeter).layer(layer.calls(is_call));
    let mut form = request("/echo/form", Bytes::from_static(b"a=b"));
    form.headers_mut().remove("content-type");
    let answer = exchange(app.clone(), form).await;
    assert_eq!(answer.status, StatusCode::IM_A_TEAPOT);
    assert_eq!(answer.data, "a=b");
    assert!(log.take().is_empty());
    // Now everything else is a call.
    let mut page = request("/plain", Bytes::new());
    set(&mut page, "content-type", "text/plain");
    *page.method_mut() = Method::GET;
    assert_eq!(exchange(app.clone(), page).await.code(), Some("16"));
    assert_eq!(log.take(), ["/plain Unknown: Unauthenticated, 0 in, 0 out"]);
    assert_eq!(exchange(app, request(PATHS[0], one())).await.code(), Some("16"));
}

/// A page that is mistaken for a call, and its non-gRPC response.
#[tokio::test]
async fn a_response_that_isnt_grpc_is_unchanged() {
    let (log, greeter) = (Log::default(), Greeter::default());
    let layered = app(&greeter).layer(InterceptorLayer::new(log.clone()).calls(|_| true));
    for (path, line) in [
        ("/plain", "/plain Unknown: Unknown, 0 in, 0 out"),
        ("/nowhere", "/nowhere Unknown: Unimplemented, 0 in, 0 out"),
        ("/echo/a", "/echo/a Unknown: Unknown, 0 in, 0 out"),
    ] {
        let make = || {
            let mut request = request(path, Bytes::from_static(b"any bytes"));
            set(&mut request, "content-type", "text/plain");
            if path == "/plain" {
                *request.method_mut() = Method::GET;
            }
            request
        };
        let bare = exchange(app(&greeter), make()).await;
        assert_eq!(exchange(layered.clone(), make()).await, bare, "{path}");
        assert_eq!(log.take(), [line]);
    }
}

#[tokio::test]
async fn a_nested_prefix_is_part_of_the_name_only_outside() {
    let (outside, inside, greeter) = (Log::default(), Log::default(), Greeter::default());
    let routes = InterceptorLayer::new(inside.clone()).layer(Routes::new(greeter.server()));
    let app = axum::Router::new().nest_service("/api", routes);
    let app = app.layer(InterceptorLayer::new(outside.clone()));
    let answer = exchange(app, request("/api/greeter.v1.Greeter/SayHello", one())).await;
    assert_eq!(answer.code(), Some("0"));
    assert_eq!(outside.take(), ["/api/greeter.v1.Greeter/SayHello Unknown: Ok, 1 in, 1 out"]);
    assert_eq!(inside.take(), ["/greeter.v1.Greeter/SayHello Unknown: Ok, 1 in, 1 out"]);
}

#[tokio::test]
async fn a_token_grants_access() {
    let greeter = Greeter::default();
    let app = app(&greeter).layer(InterceptorLayer::new(Auth));
    let mut request = request(PATHS[0], one());
    set(&mut request, "authorization", TOKEN);
    assert_eq!(exchange(app, request).await.code(), Some("0"));
    assert_eq!(greeter.runs(), 1);
}
