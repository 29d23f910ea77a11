//! The closures that an interceptor passes to `on_call_end`, a scope, an observer or a stream can
//! capture anything that is `'static`, in every form. That includes types with a lifetime
//! parameter, such as a method name.

mod support;

use std::sync::{Arc, Mutex};

use grpc_interceptor::{
    CallEnd, Context, Interceptor, MethodName, Next, ObservedCall, Outcome, Payload as _,
    interceptors::List,
};
use support::{GreeterServer, call_each, call_each_through, connect, greeter};
use tonic::Request;

tokio::task_local! {
    static METHOD: &'static str;
}

/// Records a name that was captured in each of these ways.
#[derive(Clone, Default)]
struct Names(Arc<Mutex<Vec<String>>>);

impl Names {
    fn note(&self, place: &str, name: &str) {
        self.0.lock().expect("it isn't poisoned").push(format!("{place} {name}"));
    }
}

impl<N: Next> Interceptor<N> for Names {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let path = context.method_name().path();
        let scope = move |run: &mut dyn FnMut()| METHOD.sync_scope(path, run);
        next.in_scope(scope).run(request).await
    }
}

struct AtEnd(Names);

impl<N: Next> Interceptor<N> for AtEnd {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let (names, name, path) =
            (self.0.clone(), context.method_name(), context.method_name().path());
        let on_end = move |_: &CallEnd<'_>| {
            assert_eq!(name.path(), path);
            names.note("end", METHOD.get());
        };
        next.on_call_end(on_end).run(request).await
    }
}

/// Has a name in a field.
struct Call {
    names: Names,
    name: MethodName<'static>,
}

impl<Q, P> ObservedCall<Q, P> for Call {
    fn end(&self, _: &CallEnd<'_>) {
        self.names.note("observed", self.name.path());
    }
}

struct Observed(Names);

impl<N: Next> Interceptor<N> for Observed {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let call = Call { names: self.0.clone(), name: context.method_name() };
        let response = next.observed_by(call).run(request).await?;
        let (names, name) = (self.0.clone(), context.method_name());
        Ok(response.map(|payload| payload.on_end(move |_| names.note("stream", name.path()))))
    }
}

#[derive(Clone)]
struct Greeter {
    in_scope: Names,
    at_end: Arc<AtEnd>,
    observed: Arc<Observed>,
}

greeter!(Greeter, [self.in_scope, self.at_end, self.observed]);

struct Plain;

greeter!(Plain, []);

/// What the three record for a call of each kind.
fn expected() -> Vec<String> {
    let rpcs = ["SayHello", "GreetEverybody", "GreetManyTimes", "Chat"];
    let mut lines: Vec<_> = rpcs
        .iter()
        .flat_map(|rpc| {
            ["end", "observed", "stream"].map(|place| format!("{place} /greeter.v1.Greeter/{rpc}"))
        })
        .collect();
    lines.sort();
    lines
}

fn noted(names: &Names) -> Vec<String> {
    let mut lines = std::mem::take(&mut *names.0.lock().expect("it isn't poisoned"));
    lines.sort();
    lines
}

#[tokio::test]
async fn in_an_attribute() {
    let names = Names::default();
    let greeter = Greeter {
        in_scope: names.clone(),
        at_end: Arc::new(AtEnd(names.clone())),
        observed: Arc::new(Observed(names.clone())),
    };
    call_each(&mut connect(GreeterServer::new(greeter)).await, "Ada").await;
    assert_eq!(noted(&names), expected());
}

#[tokio::test]
async fn in_with_interceptors() {
    let names = Names::default();
    let interceptors = (names.clone(), AtEnd(names.clone()), Observed(names.clone()));
    let server = GreeterServer::with_interceptors(Plain, interceptors);
    call_each(&mut connect(server).await, "Ada").await;
    assert_eq!(noted(&names), expected());
}

#[tokio::test]
async fn in_a_list() {
    let names = Names::default();
    let list =
        List::new().with(names.clone()).with(AtEnd(names.clone())).with(Observed(names.clone()));
    let server = GreeterServer::with_interceptors(Plain, list);
    call_each(&mut connect(server).await, "Ada").await;
    assert_eq!(noted(&names), expected());
}

#[tokio::test]
async fn on_a_client() {
    let names = Names::default();
    let interceptors = (names.clone(), AtEnd(names.clone()), Observed(names.clone()));
    let client = connect(GreeterServer::new(Plain)).await;
    call_each_through(&mut client.through(interceptors), "Ada").await;
    assert_eq!(noted(&names), expected());
}
