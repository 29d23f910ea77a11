//! The page of an `Rpcz`: its contents as HTML, JSON and text, and how requests are answered.
//! `call_ends` checks that each call is counted exactly once.

mod support;

use std::{collections::BTreeSet, time::Duration};

use grpc_interceptor::{
    Error, InterceptorLayer,
    interceptors::{Rpcz, except, when},
    testing::{
        self, DummyRequest, DummyService,
        dummy_service_client::DummyServiceClient,
        dummy_service_server::{DummyServiceServer, METHODS, methods},
    },
};
use serde_json::{Value, json};
use support::page::{answer, get, json as page};
use tonic::{Request, body::Body, codegen::http, transport::Server};
use tower::{Service as _, ServiceExt as _};

const HTML: &str = "text/html,application/xhtml+xml,*/*;q=0.8";
const HOSTILE: &str = "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>";

fn request(input: &str) -> DummyRequest {
    DummyRequest { input: input.to_owned() }
}

/// A page that has seen a call of each kind, a failed call, and a call in flight.
async fn seen() -> (Rpcz, testing::DummyClient, tokio::task::JoinHandle<()>) {
    let rpcz = Rpcz::new();
    let mut client = testing::dummy()
        .server_interceptors(rpcz.clone())
        .special_case("bad", |_| Err::<String, _>(Error::not_found(HOSTILE)))
        .special_case_async("hang", |_| std::future::pending::<Result<String, Error>>())
        .start()
        .await
        .unwrap();
    client.execute("a").await.unwrap();
    client.execute_client_stream(["a", "b"]).await.unwrap();
    client.execute_server_stream("abc").await.unwrap();
    client.execute_client_server_stream(["a", "b"]).await.unwrap();
    client.execute("bad").await.unwrap_err();
    let mut hanging = client.get_mut().clone();
    let hangs = tokio::spawn(async move {
        let _ = hanging.execute(request("hang")).await;
    });
    let is_there = async {
        while page(&rpcz, "").await["in_flight"].as_array().unwrap().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(5), is_there).await.unwrap();
    (rpcz, client, hangs)
}

#[tokio::test]
async fn html_json_and_text_have_the_same_contents() {
    let (rpcz, _client, _hangs) = seen().await;
    let json = page(&rpcz, "sort=method").await;
    let rows: Vec<_> = json["methods"].as_array().unwrap().iter().collect();
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(
        ids,
        [
            "server/DummyService/Execute",
            "server/DummyService/ExecuteClientServerStream",
            "server/DummyService/ExecuteClientStream",
            "server/DummyService/ExecuteServerStream",
        ]
    );
    let counts = ["started", "in_flight", "ok", "errors", "request_messages", "response_messages"];
    let of = |row: &Value| counts.map(|count| row[count].as_u64().unwrap());
    assert_eq!(of(rows[0]), [3, 1, 1, 1, 3, 1]);
    assert_eq!(of(rows[3]), [1, 0, 1, 0, 1, 3]);
    assert_eq!(rows[0]["errors_by_code"], json!({ "NOT_FOUND": 1 }));
    assert_eq!(rows[0]["kind"], "unary");
    assert!(rows[0]["latency"]["p99_ms"].as_f64().unwrap() > 0.0);
    assert!(rows[0]["rates"]["minute"]["calls_per_second"].as_f64().unwrap() > 0.0);
    assert_eq!(rows[0]["windows"].as_array().unwrap().len(), 1);

    for (accept, query, media_type) in [
        (HTML, "", "text/html; charset=utf-8"),
        ("*/*", "format=html", "text/html; charset=utf-8"),
        ("*/*", "", "text/plain; charset=utf-8"),
        (HTML, "format=text", "text/plain; charset=utf-8"),
        ("application/json", "", "application/json"),
        (HTML, "format=json", "application/json"),
    ] {
        let answer = get(&rpcz, &format!("/?{query}"), accept).await;
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], media_type, "{accept} {query}");
        for id in &ids {
            let name = id.strip_prefix("server/").unwrap();
            assert!(answer.body().contains(name), "{id} in {}", answer.body());
        }
    }
    assert_eq!(
        get(&rpcz, "/text", HTML).await.headers()["content-type"],
        "text/plain; charset=utf-8"
    );
    assert_eq!(get(&rpcz, "/json", HTML).await.headers()["content-type"], "application/json");
}

#[tokio::test]
async fn a_method_has_its_samples_and_its_calls_in_flight() {
    let (rpcz, _client, _hangs) = seen().await;
    let json = page(&rpcz, "method=server/DummyService/Execute").await;
    let codes = json["method"]["codes"].as_array().unwrap();
    let [of_code] = &codes[..] else { panic!("{codes:?}") };
    assert_eq!((&of_code["code"], &of_code["count"]), (&json!("NOT_FOUND"), &json!(1)));
    let sample = &of_code["samples"][0];
    assert_eq!((&sample["message"], &sample["cause"]), (&json!(HOSTILE), &json!("failed")));
    let buckets = json["method"]["buckets"].as_array().unwrap();
    assert_eq!(buckets.len(), 9);
    let counted: u64 = buckets.iter().map(|of| of["count"].as_u64().unwrap()).sum();
    assert_eq!(counted, 1);
    let [flying] = &json["in_flight"].as_array().unwrap()[..] else { panic!("{json}") };
    assert_eq!(flying["method"], "server/DummyService/Execute");
    assert_eq!((&flying["request_messages"], &flying["response_messages"]), (&json!(1), &json!(0)));
    assert!(flying["age_ms"].as_f64().unwrap() > 0.0);

    let html = get(&rpcz, "/?method=server/DummyService/Execute", HTML).await.into_body();
    assert!(html.contains("NOT_FOUND") && html.contains("In flight"));
    let text = get(&rpcz, "/text?method=server%2FDummyService%2FExecute", "*/*").await.into_body();
    assert!(text.contains("NOT_FOUND: 1") && text.contains(HOSTILE), "{text}");
    // A call to another method isn't shown.
    let other = page(&rpcz, "method=server/DummyService/ExecuteServerStream").await;
    assert_eq!(other["in_flight"], json!([]));

    let unknown = get(&rpcz, &format!("/?method={}", "%3Cscript%3Ealert(1)"), HTML).await;
    assert_eq!(unknown.status(), 404);
    assert!(unknown.body().contains("No call of <bdi>&lt;script&gt;alert(1)</bdi>"));
}

#[tokio::test]
async fn external_text_is_never_parsed_as_html() {
    let (rpcz, mut client, _hangs) = seen().await;
    let mut request = Request::new(request("bad"));
    request.metadata_mut().insert("tenant", HOSTILE.parse().unwrap());
    client.get_mut().execute(request).await.unwrap_err();
    let hostile = "%22%3E%3Cscript%3Ealert(1)%3C/script%3E";
    for query in [
        "".to_owned(),
        "method=server/DummyService/Execute".to_owned(),
        format!("filter={hostile}"),
        format!("sort={hostile}"),
        format!("sort={hostile}&filter=Execute"),
        format!("method={hostile}"),
    ] {
        let html = get(&rpcz, &format!("/?{query}"), HTML).await.into_body();
        // Only the page's own script.
        assert_eq!(html.matches("<script").count(), 1, "{query}: {html}");
        assert!(!html.contains("<img") && !html.contains("\"'>"), "{query}: {html}");
    }
    let html = get(&rpcz, "/?method=server/DummyService/Execute", HTML).await.into_body();
    let escaped =
        "&lt;script&gt;alert(1)&lt;/script&gt;&quot;&#39;&gt;&lt;img src=x onerror=alert(1)&gt;";
    assert!(html.contains(&format!("<dt>tenant</dt><dd><bdi>{escaped}</bdi></dd>")), "{html}");
    assert!(html.contains(&format!("<p class=\"message\"><bdi>{escaped}</bdi></p>")), "{html}");
}

#[tokio::test]
async fn secrets_are_redacted() {
    let rpcz = Rpcz::new().redact(["Tenant"]).redact(["customer"]);
    let mut client = testing::dummy()
        .server_interceptors(rpcz.clone())
        .special_case("bad", |_| Err::<String, _>(Error::internal("no")))
        .start()
        .await
        .unwrap();
    let mut request = Request::new(request("bad"));
    for key in ["authorization", "x-session", "tenant", "customer", "colour"] {
        request.metadata_mut().insert(key, "sesame".parse().unwrap());
    }
    client.get_mut().execute(request).await.unwrap_err();
    let json = page(&rpcz, "method=server/DummyService/Execute").await;
    let metadata = json["method"]["codes"][0]["samples"][0]["metadata"].as_array().unwrap();
    for key in ["authorization", "x-session", "tenant", "customer"] {
        assert!(metadata.contains(&json!([key, "[redacted]"])), "{metadata:?}");
    }
    assert!(metadata.contains(&json!(["colour", "sesame"])), "{metadata:?}");
}

#[tokio::test]
async fn rows_are_filtered_and_sorted() {
    let (rpcz, _client, _hangs) = seen().await;
    let names = async |query: &str| -> Vec<String> {
        let json = page(&rpcz, query).await;
        let rows = json["methods"].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap()["DummyService/".len()..].to_owned()).collect()
    };
    assert_eq!(names("filter=CLIENT").await, ["ExecuteClientServerStream", "ExecuteClientStream"]);
    assert!(names("filter=nothing").await.is_empty());
    assert_eq!(names("sort=-started").await[0], "Execute");
    assert_eq!(names("sort=started").await[3], "Execute");
    assert_eq!(names("sort=-method").await[3], "Execute");
    assert_eq!(names("sort=-errors").await[0], "Execute");
    assert_eq!(names("sort=messages").await[0], "ExecuteClientStream");
    let html = get(&rpcz, "/?filter=ClientStream&sort=-p99", HTML).await.into_body();
    assert!(html.contains("ExecuteClientStream") && !html.contains("ExecuteServerStream"));
    assert!(html.contains("aria-sort=\"descending\""));
    // A click keeps the filter.
    assert!(html.contains("href=\"?sort=p99&amp;filter=ClientStream\""), "{html}");
}

#[tokio::test]
async fn other_requests_are_refused() {
    let rpcz = Rpcz::new();
    let ask = async |method: &str, uri: &str| {
        let request = http::Request::builder().method(method).uri(uri).header("accept", HTML);
        answer(&rpcz, request.body(Body::empty()).unwrap()).await
    };
    for (method, uri, status) in [
        ("GET", "/", 200),
        ("HEAD", "/json", 200),
        ("POST", "/", 405),
        ("DELETE", "/json", 405),
        ("OPTIONS", "/", 405),
        ("GET", "/nothing", 404),
        ("GET", "/json/", 404),
        ("GET", "/?method=server/a.B/C", 404),
    ] {
        let answer = ask(method, uri).await;
        assert_eq!(answer.status(), status, "{method} {uri}");
        assert_eq!(answer.headers()["cache-control"], "no-store");
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["x-frame-options"], "DENY");
        let policy = answer.headers()["content-security-policy"].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"));
        assert_eq!(answer.headers().get("allow").is_some(), status == 405);
    }
    let (head, whole) = (ask("HEAD", "/").await, ask("GET", "/").await);
    assert!(head.body().is_empty() && !whole.body().is_empty());
    assert_eq!(head.headers()["content-type"], whole.headers()["content-type"]);
    let length: usize = head.headers()["content-length"].to_str().unwrap().parse().unwrap();
    // The uptime can be written with fewer digits.
    assert!(length.abs_diff(whole.body().len()) < 10);
}

/// Sends a raw request over a socket.
async fn ask(address: std::net::SocketAddr, head: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.unwrap();
    stream.write_all(format!("{head}Connection: close\r\n\r\n").as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    answer
}

#[tokio::test]
async fn rebound_host_names_are_refused() {
    let page = Rpcz::new().bind(0).await.unwrap().hosts(["Greeter-1.internal"]);
    let address = page.local_addr().unwrap();
    assert!(address.ip().is_loopback());
    tokio::spawn(page.serve());
    for (host, status) in [
        ("localhost", 200),
        ("LOCALHOST:9466", 200),
        ("127.0.0.1:9466", 200),
        ("[::1]:9466", 200),
        ("greeter-1.internal:80", 200),
        ("evil.example", 403),
        ("localhost.evil.example", 403),
        ("127.0.0.1.evil.example", 403),
        ("", 403),
    ] {
        let answer = ask(address, &format!("GET / HTTP/1.1\r\nHost: {host}\r\n")).await;
        assert!(answer.starts_with(&format!("HTTP/1.1 {status} ")), "{host}: {answer}");
        assert_eq!(answer.contains("rpcz:"), status == 200, "{host}: {answer}");
    }
    let two = "GET / HTTP/1.1\r\nHost: localhost\r\nHost: evil.example\r\n";
    assert!(!ask(address, two).await.starts_with("HTTP/1.1 200"));
    assert!(!ask(address, "GET / HTTP/1.0\r\n").await.contains(" 200 "));
}

#[tokio::test]
async fn a_router_serves_it_at_a_path() {
    let rpcz = Rpcz::new();
    for (path, uris) in [
        (
            "/debug/rpcz",
            ["/debug/rpcz", "/debug/rpcz/", "/debug/rpcz/text", "/debug/rpcz/json?a=b"],
        ),
        ("/", ["/", "/?", "/text", "/json"]),
    ] {
        let listener = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(axum::serve(listener, rpcz.router(path)).into_future());
        for uri in uris {
            let answer =
                ask(address, &format!("GET {uri} HTTP/1.1\r\nHost: any.example\r\n")).await;
            assert!(answer.starts_with("HTTP/1.1 200 "), "{path} {uri}: {answer}");
        }
        let answer = ask(address, &format!("GET {path}/nothing HTTP/1.1\r\nHost: a\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 404 "), "{path}: {answer}");
    }
}

#[tokio::test]
async fn made_up_names_share_one_row() {
    let rpcz = Rpcz::new();
    let layer = InterceptorLayer::new(rpcz.clone()).methods(&METHODS[..1]);
    let service = DummyServiceServer::new(DummyService::new());
    let router = Server::builder().layer(layer).add_service(service);
    let server = testing::serve(router).start().await.unwrap();
    DummyServiceClient::new(server.channel()).execute(request("a")).await.unwrap();
    let mut channel = server.channel();
    for number in 0..10_000 {
        let request = http::Request::post(format!("http://a/made.Up/Name{number}"))
            .header("content-type", "application/grpc")
            .body(Body::new("\0\0\0\0\0".to_owned()))
            .unwrap();
        let response = channel.ready().await.unwrap().call(request).await.unwrap();
        assert_eq!(response.headers()["grpc-status"], "12");
    }
    let json = page(&rpcz, "").await;
    let rows = json["methods"].as_array().unwrap();
    let ids: Vec<_> = rows.iter().map(|row| row["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["server/DummyService/Execute", "server/other"]);
    assert_eq!(rows[1]["errors_by_code"], json!({ "UNIMPLEMENTED": 10_000 }));
    // The last three and the slowest three.
    let json = page(&rpcz, "method=server/other").await;
    let samples = json["method"]["codes"][0]["samples"].as_array().unwrap();
    assert!((3..=6).contains(&samples.len()), "{samples:?}");
}

#[tokio::test]
async fn unlisted_calls_in_flight_are_counted() {
    let rpcz = Rpcz::new().in_flight(100);
    let mut client = testing::dummy()
        .client_interceptors(rpcz.clone())
        .special_case_async("hang", |_| std::future::pending::<Result<String, Error>>())
        .start()
        .await
        .unwrap();
    client.execute("a").await.unwrap();
    let hanging: Vec<_> = (0..10_000)
        .map(|_| {
            let mut client = client.get_mut().clone();
            tokio::spawn(async move { client.execute(request("hang")).await.map(drop) })
        })
        .collect();
    let started = async {
        while page(&rpcz, "").await["methods"][0]["started"] != 10_001 {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), started).await.unwrap();
    let json = page(&rpcz, "").await;
    assert_eq!(json["methods"][0]["in_flight"], 10_000);
    // Rounded up.
    assert_eq!(json["in_flight"].as_array().unwrap().len(), 128);
    assert_eq!(json["in_flight_unlisted"], 10_000 - 128);
    let html = get(&rpcz, "/", HTML).await.into_body();
    assert!(html.contains("and 9,900 more"));
    assert!(get(&rpcz, "/", "*/*").await.body().contains("and 9,900 more"));

    hanging.iter().for_each(|call| call.abort());
    for call in hanging {
        assert!(call.await.unwrap_err().is_cancelled());
    }
    let json = page(&rpcz, "").await;
    assert_eq!((&json["methods"][0]["in_flight"], &json["in_flight"]), (&json!(0), &json!([])));
    assert_eq!(json["methods"][0]["errors_by_code"], json!({ "CANCELLED": 10_000 }));
}

#[tokio::test(start_paused = true)]
async fn ages_and_times_follow_tokios_clock() {
    let (rpcz, _client, hangs) = seen().await;
    tokio::time::advance(Duration::from_secs(100)).await;
    let json = page(&rpcz, "").await;
    let age = json["in_flight"][0]["age_ms"].as_f64().unwrap();
    assert!((100_000.0..110_000.0).contains(&age), "{age}");
    hangs.abort();
    let is_over = async {
        while page(&rpcz, "").await["in_flight"] != json!([]) {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    };
    is_over.await;
    let json = page(&rpcz, "method=server/DummyService/Execute").await;
    let codes = json["method"]["codes"].as_array().unwrap();
    let cancelled = codes.iter().find(|of| of["code"] == "CANCELLED").expect("it was cancelled");
    assert!(cancelled["samples"][0]["elapsed_ms"].as_f64().unwrap() >= 100_000.0, "{cancelled}");
    // Calls from a minute ago aren't part of the last minute's rate.
    tokio::time::advance(Duration::from_secs(70)).await;
    let json = page(&rpcz, "method=server/DummyService/ExecuteServerStream").await;
    assert_eq!(json["methods"][0]["rates"]["minute"]["calls_per_second"], 0.0);
    assert!(json["methods"][0]["rates"]["hour"]["calls_per_second"].as_f64().unwrap() > 0.0);
}

#[tokio::test]
async fn a_deadline_that_is_too_long_is_capped() {
    let rpcz = Rpcz::new();
    let mut client = testing::dummy().server_interceptors(rpcz.clone()).start().await.unwrap();
    let mut request = Request::new(request("a"));
    // 11,408 years.
    request.metadata_mut().insert("grpc-timeout", "99999999H".parse().unwrap());
    client.get_mut().execute(request).await.unwrap();
    let json = page(&rpcz, "method=server/DummyService/Execute").await;
    let buckets = json["method"]["buckets"].as_array().unwrap();
    let sample = buckets.iter().find_map(|of| of["samples"].get(0)).expect("it is a sample");
    let years = sample["deadline_ms"].as_f64().unwrap() / 1000.0 / 86400.0 / 365.0;
    assert!((584.0..585.0).contains(&years), "{sample}");
}

/// Collects the names of all fields.
fn names_in(json: &Value, names: &mut BTreeSet<String>) {
    match json {
        Value::Array(values) => values.iter().for_each(|value| names_in(value, names)),
        Value::Object(fields) => {
            for (name, value) in fields {
                names.insert(name.clone());
                if name != "errors_by_code" {
                    names_in(value, names);
                }
            }
        }
        _ => {}
    }
}

#[tokio::test]
async fn every_json_field_is_documented() {
    let (rpcz, _client, _hangs) = seen().await;
    let mut names = BTreeSet::new();
    names_in(&page(&rpcz, "method=server/DummyService/Execute").await, &mut names);
    assert!(names.len() > 30, "{names:?}");
    let docs = include_str!("../grpc-interceptor-catalog/src/rpcz.rs");
    let (_, docs) = docs.split_once("/// # JSON").expect("there is a section");
    let (docs, _) = docs.split_once("/// # ").expect("another follows");
    for name in names {
        assert!(docs.contains(&format!("`{name}`")), "`{name}` isn't in the docs");
    }
}

#[tokio::test]
async fn both_sides_and_custom_fields() {
    let rpcz = Rpcz::new().fields(|context, metadata| {
        format!("{} with {}", context.method_name().method(), metadata.contains_key("mark"))
    });
    let mut client = testing::dummy()
        .server_interceptors(rpcz.clone())
        .client_interceptors(when(except([methods::EXECUTE]), rpcz.clone()))
        .start()
        .await
        .unwrap();
    client.execute("a").await.unwrap();
    client.execute_server_stream("a").await.unwrap();
    let json = page(&rpcz, "").await;
    let mut ids: Vec<_> =
        json["methods"].as_array().unwrap().iter().map(|row| row["id"].as_str().unwrap()).collect();
    ids.sort_unstable();
    let stream = "DummyService/ExecuteServerStream";
    assert_eq!(
        ids,
        [&format!("client/{stream}"), "server/DummyService/Execute", &format!("server/{stream}")]
    );
    let json = page(&rpcz, "method=server/DummyService/Execute").await;
    let buckets = json["method"]["buckets"].as_array().unwrap();
    let fields = buckets.iter().flat_map(|of| of["samples"].as_array().unwrap());
    let fields: Vec<_> = fields.map(|sample| sample["fields"].as_str().unwrap()).collect();
    assert_eq!(fields, ["Execute with false"]);
}
