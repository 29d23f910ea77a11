//! The text of a service.

use std::fmt::Write as _;

use crate::choice::{Entries, Kind, Subject};

/// Its .proto file.
pub fn proto(rpcs: usize, kind: Kind) -> String {
    let mut proto = String::from("syntax = \"proto3\";\npackage many.v1;\nservice Many {\n");
    let stream = match kind {
        Kind::Unary => "",
        Kind::Streaming => "stream ",
    };
    for rpc in 0..rpcs {
        _ = writeln!(
            proto,
            "  rpc Call{rpc}({stream}Question{rpc}) returns ({stream}Answer{rpc});"
        );
    }
    proto.push_str("}\n");
    for rpc in 0..rpcs {
        _ = writeln!(proto, "message Question{rpc} {{ string text = 1; int32 number = 2; }}");
        _ = writeln!(proto, "message Answer{rpc} {{ string text = 1; int32 number = 2; }}");
    }
    proto
}

/// The crate: what tonic generates, the impl, what goes around it, and a fn that makes the compiler
/// generate all of it, as the generated server is generic.
pub fn library(rpcs: usize, kind: Kind, subject: Subject) -> String {
    let mut source = String::from(
        "#![allow(dead_code, unused_imports)]\n\
         include!(\"many.v1.rs\");\n\
         use many_server::{Many, ManyServer};\n\
         use tonic::{Request, Response, Status, codegen::{tokio_stream::StreamExt as _, *}};\n",
    );
    let mut server = "ManyServer::new(Service::default())".to_owned();
    match subject {
        Subject::Nothing => {
            source.push_str("#[derive(Default)] pub struct Service;\n#[async_trait]\n")
        }
        Subject::EmptyList => interceptors(&mut source, Entries::Fns, 0),
        Subject::Interceptors(entries, count) => interceptors(&mut source, entries, count),
        Subject::Layers(count) => {
            for at in 0..count {
                source.push_str(&LAYER.replace("Layer", &format!("Layer{at}")));
                server = format!("Layer{at}({server})");
            }
            source.push_str("#[derive(Default)] pub struct Service;\n#[async_trait]\n");
        }
    }
    source.push_str("impl Many for Service {\n");
    for rpc in 0..rpcs {
        let handler = match kind {
            Kind::Unary => UNARY,
            Kind::Streaming => STREAMING,
        };
        source.push_str(&handler.replace('$', &rpc.to_string()));
    }
    _ = write!(
        source,
        "}}\n\
         pub fn call(request: http::Request<Body>) -> impl Future + Send {{\n    \
         Service_::call(&mut {server}, request)\n}}\n\
         use tonic::{{body::Body, codegen::Service as Service_}};\n"
    );
    source
}

const UNARY: &str = "
    async fn call$(&self, request: Request<Question$>) -> Result<Response<Answer$>, Status> {
        let Question$ { text, number } = request.into_inner();
        Ok(Response::new(Answer$ { text, number }))
    }
";

const STREAMING: &str = "
    type Call$Stream = BoxStream<Answer$>;
    async fn call$(
        &self,
        request: Request<tonic::Streaming<Question$>>,
    ) -> Result<Response<Self::Call$Stream>, Status> {
        let answers = request.into_inner().map(|question| {
            question.map(|Question$ { text, number }| Answer$ { text, number })
        });
        Ok(Response::new(Box::pin(answers)))
    }
";

/// The interceptors, the service that holds them, and the attribute.
fn interceptors(source: &mut String, entries: Entries, count: usize) {
    source.push_str("use grpc_interceptor::{Context, Interceptor, Next, Outcome};\n");
    let mut fields = String::new();
    let mut list = Vec::new();
    for at in 0..count {
        let (item, entry, field) = match (entries, at % 2, at % 5) {
            (Entries::Fns, ..) | (Entries::Mixed, _, 0) => (FN, "interceptor$", ""),
            (Entries::Structs, 0, _) | (Entries::Mixed, _, 1) => {
                (STRUCT, "Interceptor$::default()", "")
            }
            (Entries::Structs, ..) | (Entries::Mixed, _, 2) => {
                (STRUCT, "self.interceptor$", "interceptor$: Interceptor$, ")
            }
            (Entries::Mixed, _, 3) => {
                (STRUCT, "self.interceptor$", "interceptor$: Option<Interceptor$>, ")
            }
            (Entries::Mixed, ..) => (FN_THAT_WAITS, "interceptor$", ""),
        };
        let numbered = |text: &str| text.replace('$', &at.to_string());
        source.push_str(&numbered(item));
        list.push(numbered(entry));
        fields.push_str(&numbered(field));
    }
    let list = list.join(", ");
    _ = write!(
        source,
        "#[derive(Default)]\npub struct Service {{ {fields} }}\n\
         #[grpc_interceptor::intercepted({list})]\n"
    );
}

const FN: &str = "
async fn interceptor$<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let outcome = next.run(request).await;
    if outcome.is_err() { eprintln!(\"$ {}\", context.method_name()); }
    outcome
}
";

const FN_THAT_WAITS: &str = "
async fn before$(context: Context) { eprintln!(\"$ {}\", context.method_name()); }
async fn interceptor$<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    before$(context).await;
    let outcome = next.run(request).await;
    before$(context).await;
    outcome
}
";

const STRUCT: &str = "
#[derive(Default)]
struct Interceptor$ { calls: std::sync::atomic::AtomicUsize }
impl<N: Next> Interceptor<N> for Interceptor$ {
    async fn intercept(&self, request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
        self.calls.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let outcome = next.run(request).await;
        if outcome.is_err() { eprintln!(\"$ {}\", context.method_name()); }
        outcome
    }
}
";

const LAYER: &str = "
#[derive(Clone)]
struct Layer<S>(S);
impl<S> Service_<http::Request<Body>> for Layer<S>
where
    S: Service_<http::Request<Body>, Response = http::Response<Body>> + Clone + Send + 'static,
    S::Future: Send,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = BoxFuture<S::Response, S::Error>;
    fn poll_ready(&mut self, context: &mut std::task::Context<'_>) -> Poll<Result<(), S::Error>> {
        self.0.poll_ready(context)
    }
    fn call(&mut self, request: http::Request<Body>) -> Self::Future {
        let mut inner = self.0.clone();
        Box::pin(async move {
            let path = request.uri().path().to_owned();
            let outcome = inner.call(request).await;
            if outcome.is_err() { eprintln!(\"{path}\"); }
            outcome
        })
    }
}
";
