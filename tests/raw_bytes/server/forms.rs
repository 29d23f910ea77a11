//! Plain tonic's service, and services with interceptors in every form.

use std::{convert::Infallible, sync::Arc};

use grpc_interceptor::{InterceptorLayer, intercepted, interceptors::List};
use grpc_interceptor_proto::{
    arc_self, default_stubs,
    greeter::{
        GreetManyTimesRequest, HelloReply, HelloRequest,
        greeter_server::{self, GreeterServer},
    },
};
use tonic::{
    Request, Response, Status, Streaming,
    body::Body,
    codegen::{Body as HttpBody, BoxFuture, BoxStream, Bytes, Service, StdError, http},
};
use tower::{Layer as _, ServiceExt as _};

use super::Handler;
use crate::{
    interceptors::{count, in_scope, list, look, pass},
    raw::RawBody,
    settings::{Settings, set},
};

/// Answers one call.
pub type Server =
    Box<dyn FnOnce(http::Request<RawBody>) -> BoxFuture<http::Response<Body>, Infallible> + Send>;

pub struct Form {
    pub name: &'static str,
    pub is_layer: bool,
    pub serve: fn(Handler, Settings) -> Server,
}

fn boxed<S, B>(service: S) -> Server
where
    S: Service<
            http::Request<RawBody>,
            Response = http::Response<B>,
            Error = Infallible,
            Future: Send,
        > + Send
        + 'static,
    B: HttpBody<Data = Bytes, Error: Into<StdError>> + Send + 'static,
{
    Box::new(|request| Box::pin(async { Ok(service.oneshot(request).await?.map(Body::new)) }))
}

/// A service that answers with the handler. Only the attribute differs.
macro_rules! service {
    (
        #[$attribute:meta]
        $service:ident: $service_trait:path, $this:ident, [$($receiver:tt)*], [$($stream:ident),*]
    ) => {
        struct $service(Handler);

        #[$attribute]
        impl $service_trait for $service {
            async fn say_hello(
                $($receiver)*,
                request: Request<HelloRequest>,
            ) -> Result<Response<HelloReply>, Status> {
                $this.0.clone().say_hello(request).await
            }

            async fn greet_everybody(
                $($receiver)*,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<HelloReply>, Status> {
                $this.0.clone().greet_everybody(request).await
            }

            $(type $stream = BoxStream<HelloReply>;)*

            async fn greet_many_times(
                $($receiver)*,
                request: Request<GreetManyTimesRequest>,
            ) -> Result<Response<BoxStream<HelloReply>>, Status> {
                $this.0.clone().greet_many_times(request).await
            }

            async fn chat(
                $($receiver)*,
                request: Request<Streaming<HelloRequest>>,
            ) -> Result<Response<BoxStream<HelloReply>>, Status> {
                $this.0.clone().chat(request).await
            }
        }
    };
    (#[$attribute:meta] $service:ident) => {
        service!(
            #[$attribute]
            $service: greeter_server::Greeter, self, [&self], [GreetManyTimesStream, ChatStream]
        );
    };
    (#[$attribute:meta] $service:ident in Arc) => {
        service!(
            #[$attribute]
            $service: arc_self::greeter_server::Greeter, self, [self: Arc<Self>],
            [GreetManyTimesStream, ChatStream]
        );
    };
    (#[$attribute:meta] $service:ident with default stubs) => {
        service!(#[$attribute] $service: default_stubs::greeter_server::Greeter, self, [&self], []);
    };
}

service!(
    #[tonic::async_trait]
    Plain
);
service!(#[tonic::async_trait] PlainInArc in Arc);
service!(
    #[intercepted]
    ByNone
);
service!(
    #[intercepted(pass)]
    ByPass
);
service!(
    #[intercepted(look)]
    ByLook
);
service!(
    #[intercepted(list())]
    ByList
);
service!(#[intercepted(look)] ByLookInArc in Arc);
service!(#[intercepted] ByNoneWithStubs with default stubs);
service!(#[intercepted(look)] ByLookWithStubs with default stubs);

/// A form, given the server that it creates for a handler.
macro_rules! form {
    ($name:literal, |$handler:ident| $server:expr) => {
        Form {
            name: $name,
            is_layer: false,
            serve: |$handler, settings| boxed(set!(settings, $server)),
        }
    };
    ($name:literal, layer $interceptors:expr) => {
        Form {
            name: $name,
            is_layer: true,
            serve: |handler, settings| {
                let server = set!(settings, GreeterServer::new(Plain(handler)));
                boxed(InterceptorLayer::new($interceptors).layer(server))
            },
        }
    };
}

pub static BARE: Form = form!("bare", |handler| GreeterServer::new(Plain(handler)));

/// Add new forms here.
pub static FORMS: &[Form] = &[
    form!("attribute, no interceptor", |handler| GreeterServer::new(ByNone(handler))),
    form!("attribute, one that passes", |handler| GreeterServer::new(ByPass(handler))),
    form!("attribute, one that looks", |handler| GreeterServer::new(ByLook(handler))),
    form!("attribute, a list", |handler| GreeterServer::new(ByList(handler))),
    form!("creation, no interceptor", |handler| GreeterServer::with_interceptors(
        Plain(handler),
        ()
    )),
    form!("creation, one that passes", |handler| GreeterServer::with_interceptors(
        Plain(handler),
        pass
    )),
    form!("creation, one that looks", |handler| GreeterServer::with_interceptors(
        Plain(handler),
        look
    )),
    form!("creation, an empty list", |handler| GreeterServer::with_interceptors(
        Plain(handler),
        List::new()
    )),
    form!("creation, a list that passes", |handler| GreeterServer::with_interceptors(
        Plain(handler),
        List::new().with(pass)
    )),
    form!("creation, a list", |handler| GreeterServer::with_interceptors(Plain(handler), list())),
    form!("both, looking", |handler| GreeterServer::with_interceptors(ByLook(handler), look)),
    form!("attribute, in an Arc", |handler| arc_self::greeter_server::GreeterServer::new(
        ByLookInArc(handler)
    )),
    form!("creation, in an Arc", |handler| {
        arc_self::greeter_server::GreeterServer::with_interceptors(PlainInArc(handler), look)
    }),
    form!("attribute, no interceptor, default stubs", |handler| {
        default_stubs::greeter_server::GreeterServer::new(ByNoneWithStubs(handler))
    }),
    form!("attribute, default stubs", |handler| {
        default_stubs::greeter_server::GreeterServer::new(ByLookWithStubs(handler))
    }),
    form!("layer, no interceptor", layer()),
    form!("layer, one that passes", layer pass),
    form!("layer, one that counts", layer count()),
    form!("layer, a scope", layer in_scope),
    form!("layer, counting, a scope and counting", layer(count(), in_scope, count())),
    form!("layer, a list that passes", layer List::new().with(pass)),
    form!("layer, a list that counts", layer List::new().with(count()).with(in_scope)),
];
