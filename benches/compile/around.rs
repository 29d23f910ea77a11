//! The code around a service, as text.

use crate::choice::{Entries, Form, Subject};

/// The pieces by the place where they are written.
pub struct Around {
    pub items: String,
    /// Fields of the service.
    pub fields: String,
    /// On the impl.
    pub attribute: String,
    /// The expression that creates the server.
    pub server: String,
    /// In each handler, with `BODY` in place of the handler's body.
    pub chain: String,
}

impl Around {
    pub fn of(subject: Subject) -> Self {
        match subject {
            Subject::Nothing => Around::nothing(),
            Subject::Layers(count) => Around::layers(count),
            Subject::Boxed(count) => Around::boxed(count),
            Subject::EmptyList(form) => Around::interceptors(form, &[]),
            Subject::Interceptors(form, entries, count) => {
                let list: Vec<_> = (0..count).map(|at| Interceptor::new(entries, at)).collect();
                Around::interceptors(form, &list)
            }
        }
    }

    fn nothing() -> Self {
        Around {
            items: String::new(),
            fields: String::new(),
            attribute: "#[async_trait]".to_owned(),
            server: "ManyServer::new(Service::default())".to_owned(),
            chain: "BODY".to_owned(),
        }
    }

    fn boxed(count: usize) -> Self {
        let fns: String = (0..count).map(|at| BOXED.replace('$', &at.to_string())).collect();
        let around_the_next = |at| {
            format!(
                "let next: Next<_, _> = Box::new(|request| Box::pin(interceptor{at}(request, PATH, next)));\n"
            )
        };
        Around {
            items: format!("{BOXED_NEXT}{fns}"),
            // The last one is around the handler.
            chain: format!(
                "const PATH: &str = \"/many.v1.Many/Call$\";\n\
                 let next: Next<_, _> = Box::new(|request: Request<_>| Box::pin(async move {{ BODY }}));\n\
                 {}next(request).await",
                (0..count).rev().map(around_the_next).collect::<String>(),
            ),
            ..Around::nothing()
        }
    }

    fn layers(count: usize) -> Self {
        let mut around = Around::nothing();
        for at in 0..count {
            around.items.push_str(&LAYER.replace("Layer", &format!("Layer{at}")));
            around.server = format!("Layer{at}({})", around.server);
        }
        around
    }

    fn interceptors(form: Form, list: &[Interceptor]) -> Self {
        let imports = "use grpc_interceptor::{Context, Interceptor, Next, Outcome, interceptor};\n";
        let items = list.iter().map(|interceptor| interceptor.item(form));
        let items = [imports.to_owned()].into_iter().chain(items).collect();
        let values = || list.iter().map(Interceptor::value);
        let server = |list| format!("ManyServer::with_interceptors(Service::default(), {list})");
        match form {
            Form::Attribute => {
                let entries: Vec<_> = list.iter().map(Interceptor::entry).collect();
                Around {
                    items,
                    fields: list.iter().map(Interceptor::field).collect(),
                    attribute: format!("#[grpc_interceptor::intercepted({})]", entries.join(", ")),
                    ..Around::nothing()
                }
            }
            Form::Creation => {
                Around { items, server: server(tuple(values().collect())), ..Around::nothing() }
            }
            Form::List => {
                let with: String = values().map(|value| format!(".with({value})")).collect();
                let list = format!("grpc_interceptor::interceptors::List::new(){with}");
                Around { items, server: server(list), ..Around::nothing() }
            }
        }
    }
}

struct Interceptor {
    at: usize,
    item: &'static str,
    /// The expression that creates the interceptor.
    value: &'static str,
    /// The type of the service's field that holds it, if the attribute is on the impl.
    field: Option<&'static str>,
}

impl Interceptor {
    fn new(entries: Entries, at: usize) -> Self {
        if entries == Entries::Ready {
            let value = READY[at % READY.len()];
            return Interceptor { at, item: "", value, field: None };
        }
        let (item, value, field) = match (entries, at % 2, at % 5) {
            (Entries::Fns, ..) | (Entries::Mixed, _, 0) => (FN, "interceptor$", None),
            (Entries::Structs, 0, _) | (Entries::Mixed, _, 1) => {
                (STRUCT, "Interceptor$::default()", None)
            }
            (Entries::Structs, ..) | (Entries::Mixed, _, 2) => {
                (STRUCT, "Interceptor$::default()", Some("Interceptor$"))
            }
            (Entries::Mixed, _, 3) => {
                (STRUCT, "None::<Interceptor$>", Some("Option<Interceptor$>"))
            }
            _ => (FN_THAT_WAITS, "interceptor$", None),
        };
        Interceptor { at, item, value, field }
    }

    /// Returns its fn or its struct.
    fn item(&self, form: Form) -> String {
        let item = match form {
            Form::Attribute => self.item.to_owned(),
            // For `with_interceptors`, an interceptor is a value.
            Form::Creation | Form::List => {
                self.item.replace("async fn interceptor$", "#[interceptor]\nasync fn interceptor$")
            }
        };
        self.numbered(&item)
    }

    /// Returns it as an argument of `with_interceptors`.
    fn value(&self) -> String {
        self.numbered(self.value)
    }

    /// Returns it as an argument of the attribute.
    fn entry(&self) -> String {
        self.numbered(if self.field.is_some() { "self.interceptor$" } else { self.value })
    }

    fn field(&self) -> String {
        let field = self.field.map(|field| self.numbered(&format!("interceptor$: {field}, ")));
        field.unwrap_or_default()
    }

    fn numbered(&self, text: &str) -> String {
        text.replace('$', &self.at.to_string())
    }
}

const READY: [&str; 4] = [
    "grpc_interceptor::interceptors::Trace::new()",
    "grpc_interceptor::interceptors::Metrics::prometheus()",
    "grpc_interceptor::interceptors::AccessLog::new()",
    "grpc_interceptor::interceptors::Rpcz::new()",
];

/// A tuple has up to twelve interceptors, each of which can be a tuple.
fn tuple(list: Vec<String>) -> String {
    const MOST: usize = 12;
    if list.len() > MOST {
        return tuple(list.chunks(MOST).map(|some| tuple(some.to_vec())).collect());
    }
    let each: String = list.iter().map(|value| format!("{value}, ")).collect();
    format!("({each})")
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

const BOXED_NEXT: &str = "
type Boxed<'a, A> = Pin<Box<dyn Future<Output = Result<Response<A>, Status>> + Send + 'a>>;
type Next<'a, Q, A> = Box<dyn FnOnce(Request<Q>) -> Boxed<'a, A> + Send + 'a>;
use std::pin::Pin;
";

const BOXED: &str = "
async fn interceptor$<Q, A>(request: Request<Q>, path: &'static str, next: Next<'_, Q, A>) -> Result<Response<A>, Status> {
    let outcome = next(request).await;
    if outcome.is_err() { eprintln!(\"$ {path}\"); }
    outcome
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
