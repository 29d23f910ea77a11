//! Plain tonic's client, and clients with interceptors in every form.

use std::{future::Future, pin::Pin, sync::Arc};

use grpc_interceptor::{
    InterceptorLayer, LayerInterceptors, LayerService, RpcKind, StatusErrors, interceptors::List,
};
use grpc_interceptor_proto::{
    arc_self,
    greeter::{GreetManyTimesRequest, HelloRequest, greeter_client::GreeterClient},
};
use tokio_stream::StreamExt as _;
use tower::Layer as _;

use super::{Canned, Case, many, one};
use crate::{
    interceptors::{count, in_scope, list, look, pass},
    reading::Steps,
    settings::set,
    text::Lines,
};

type Seen = Pin<Box<dyn Future<Output = Lines> + Send>>;

pub struct Form {
    pub name: &'static str,
    pub is_layer: bool,
    /// Makes one call, and returns what its caller sees.
    pub call: fn(Canned, RpcKind, Steps, Arc<Case>) -> Seen,
}

/// A form, given the client that it creates for a transport. Each has another type with the same
/// methods.
macro_rules! form {
    ($name:literal, |$transport:ident| $client:expr) => {
        form!($name, false, |$transport| $client)
    };
    ($name:literal, layer $interceptors:expr) => {
        form!($name, true, |transport| layer($interceptors, transport))
    };
    ($name:literal, $is_layer:literal, |$transport:ident| $client:expr) => {
        Form {
            name: $name,
            is_layer: $is_layer,
            call: |$transport, kind, steps, case| {
                Box::pin(async move {
                    let mut client = set!(case.settings, $client);
                    let outgoing = &case.request;
                    let name = outgoing.name();
                    let names = outgoing.names().map(|name| HelloRequest { name });
                    match kind {
                        RpcKind::Unary => {
                            let request = outgoing.request(HelloRequest { name });
                            one(client.say_hello(request).await)
                        }
                        RpcKind::ClientStreaming => {
                            one(client.greet_everybody(outgoing.request(names)).await)
                        }
                        RpcKind::ServerStreaming => {
                            let request = GreetManyTimesRequest { name, times: 7 };
                            let outcome = client.greet_many_times(outgoing.request(request)).await;
                            many(outcome, steps).await
                        }
                        RpcKind::Bidirectional => {
                            many(client.chat(outgoing.request(names)).await, steps).await
                        }
                        kind => unreachable!("{kind:?} isn't one of the four"),
                    }
                })
            },
        }
    };
}

fn layer<I>(
    interceptors: I,
    transport: Canned,
) -> GreeterClient<LayerService<StatusErrors<Canned>, I>>
where
    I: LayerInterceptors,
{
    let layer = InterceptorLayer::new(interceptors).boxed_errors();
    GreeterClient::new(layer.layer(transport))
}

pub static BARE: Form = form!("bare", |transport| GreeterClient::new(transport));

/// Add new forms here.
pub static FORMS: &[Form] = &[
    form!("no interceptor", |transport| GreeterClient::with_interceptors(transport, ())),
    form!("one that passes", |transport| GreeterClient::with_interceptors(transport, pass)),
    form!("one that looks", |transport| GreeterClient::with_interceptors(transport, look)),
    form!("two", |transport| GreeterClient::with_interceptors(transport, (look, look))),
    form!("an empty list", |transport| {
        GreeterClient::with_interceptors(transport, List::new())
    }),
    form!("a list that passes", |transport| {
        GreeterClient::with_interceptors(transport, List::new().with(pass))
    }),
    form!("a list", |transport| GreeterClient::with_interceptors(transport, list())),
    form!("another client, looking", |transport| {
        arc_self::greeter_client::GreeterClient::with_interceptors(transport, look)
    }),
    form!("layer, no interceptor", layer()),
    form!("layer, one that passes", layer pass),
    form!("layer, one that counts", layer count()),
    form!("layer, a scope", layer(count(), in_scope, count())),
    form!("layer, a list", layer List::new().with(count()).with(pass)),
];
