use proc_macro2::TokenStream;
use quote::{ToTokens as _, quote};

use syn::Path;

use super::service;
use crate::{
    arguments::Arguments,
    errors::Errors,
    model::{CalledAs, Lookup, Receiver, Returns, Rpc, Service, ServiceName, Streams},
};

/// The model, and what is wrong.
fn parse(arguments: TokenStream, item: TokenStream) -> (Option<Service>, Vec<String>) {
    let mut errors = Errors::default();
    let arguments: Option<Arguments> = errors.ok(syn::parse2(arguments));
    let service = service(arguments.unwrap_or_default(), item, &mut errors);
    (service, errors.messages())
}

fn parsed(arguments: TokenStream, item: TokenStream) -> Service {
    let (service, errors) = parse(arguments, item);
    assert_eq!(errors, [] as [String; 0]);
    service.expect("a service")
}

/// The model of an impl with these methods and stream types.
fn with_items(arguments: TokenStream, items: TokenStream) -> Service {
    parsed(arguments, quote!(impl pb::greeter_server::Greeter for MyGreeter { #items }))
}

fn chain(rpc: &Rpc) -> Vec<String> {
    rpc.chain.iter().map(super::as_written).collect()
}

fn server(service: &Service) -> String {
    let text = |path: &Path| path.to_token_stream().to_string().replace(' ', "");
    match &service.name {
        ServiceName::Lookup(Lookup { server, modules, .. }) if modules.is_empty() => text(server),
        ServiceName::Lookup(Lookup { server, modules, .. }) => {
            let modules: Vec<_> = modules.iter().map(text).collect();
            format!("{}::{}", modules.join(" or "), text(server))
        }
        ServiceName::Literal(literal) => format!("{:?}", literal.value()),
    }
}

#[test]
fn the_list_is_the_chain_of_every_rpc() {
    let service = with_items(
        quote!(log, self.auth, Limit::new(3), &crate::TRACE, (a, ((b), c))),
        quote! {
            async fn one(&self, request: Request<A>) -> Result<Response<B>, Status> { todo }
            async fn two(&self, request: Request<A>) -> Result<Response<B>, Status> { todo }
        },
    );
    for rpc in &service.rpcs {
        let expected = ["log", "self.auth", "Limit::new(3)", "crate::TRACE", "a", "(b)", "c"];
        assert_eq!(chain(rpc), expected);
        use CalledAs::{Function, Place, Value};
        let called_as: Vec<CalledAs> = rpc.chain.iter().map(|entry| entry.called_as()).collect();
        assert_eq!(called_as, [Function, Place, Value, Place, Function, Function, Function]);
    }
}

#[test]
fn the_list_may_be_empty() {
    let service = with_items(
        quote!(),
        quote!(
            async fn one(&self, request: Request<A>) -> Result<Response<B>, Status> {}
        ),
    );
    assert_eq!(chain(&service.rpcs[0]), [] as [String; 0]);
    assert_eq!(service.runtime.to_token_stream().to_string(), ":: grpc_interceptor");
}

#[test]
fn an_rpc_skips_and_adds() {
    let service = with_items(
        quote!(log, self.auth, log, trace,),
        quote! {
            #[rpc(skip(log), with(self.limit, Count::new()), skip(trace))]
            async fn one(&self, request: Request<A>) -> Result<Response<B>, Status> {}
            #[rpc(with(Count,))]
            #[doc = "stays"]
            async fn two(&self, request: Request<A>) -> Result<Response<B>, Status> {}
        },
    );
    assert_eq!(chain(&service.rpcs[0]), ["self.auth", "self.limit", "Count::new()"]);
    assert_eq!(chain(&service.rpcs[1]), ["log", "self.auth", "log", "trace", "Count"]);
    assert_eq!(service.rpcs[0].attributes.len(), 0);
    assert_eq!(service.rpcs[1].attributes.len(), 1);
}

#[test]
fn options_stand_anywhere() {
    let service = with_items(
        quote!(log, service = "a.B", self.auth, crate = crate::reexports::grpc),
        quote!(
            async fn one(&self, request: Request<A>) -> Result<Response<B>, Status> {}
        ),
    );
    assert_eq!(chain(&service.rpcs[0]), ["log", "self.auth"]);
    assert_eq!(server(&service), "\"a.B\"");
    assert_eq!(service.runtime.to_token_stream().to_string(), "crate :: reexports :: grpc");
}

#[test]
fn the_name_of_the_service_is_the_servers_beside_the_trait() {
    let name = |arguments: TokenStream, service_trait: TokenStream| {
        server(&parsed(arguments, quote!(impl #service_trait for MyGreeter {})))
    };
    assert_eq!(name(quote!(), quote!(Greeter)), "self::GreeterServer");
    assert_eq!(
        name(quote!(), quote!(pb::greeter_server::Greeter)),
        "pb::greeter_server::GreeterServer"
    );
    assert_eq!(name(quote!(), quote!(::pb::r#Type)), "::pb::TypeServer");
    assert_eq!(
        name(quote!(service = a::greeter_server), quote!(Greeter)),
        "a::greeter_server::GreeterServer"
    );
    assert_eq!(name(quote!(service = a::Server), quote!(Renamed)), "a::Server");
}

#[test]
fn the_name_of_an_rpc_is_its_streams_or_given_or_made() {
    let service = with_items(
        quote!(),
        quote! {
            async fn say_hello(&self, request: Request<A>) -> Result<Response<B>, Status> {}
            async fn r#type(&self, request: Request<A>) -> Result<Response<B>, Status> {}
            async fn get2_items(&self, request: Request<A>) -> Result<Response<B>, Status> {}
            async fn self_(&self, request: Request<A>) -> Result<Response<B>, Status> {}
            #[rpc(name = "GetURL")]
            async fn get_url(&self, request: Request<A>) -> Result<Response<B>, Status> {}
            type WatchURLStream = S;
            async fn watch_url(&self, request: Request<A>) -> Result<Response<S>, Status> {}
            type Watch_allStream = S;
            async fn watch_all(&self, request: Request<A>) -> Anything {}
        },
    );
    let names: Vec<&str> = service.rpcs.iter().map(|rpc| rpc.name.as_str()).collect();
    let expected = ["SayHello", "Type", "Get2Items", "Self", "GetURL", "WatchURL", "Watch_all"];
    assert_eq!(names, expected);
    assert_eq!(service.rpcs[5].returns, Returns::OwnStream(0));
    assert_eq!(service.rpcs[6].returns, Returns::OwnStream(1));
}

#[test]
fn the_compiler_is_asked_what_a_type_is_unless_it_depends_on_the_impl() {
    let service = parsed(
        quote!(),
        quote! {
            impl<S: Store, const SIZE: usize> Greeter for Service<S, SIZE> where S: Clone {
                async fn a(&self, request: Request<Streaming<A>>) -> Result<Response<B>, Status> {}
                async fn b(&self, request: Request<Streaming<S::A>>) -> Answer<S> {}
                async fn c(&self, request: Request<[u8; SIZE]>) -> Result<Response<BoxStream<S::B>>, Status> {}
                async fn d(&self, request: Request<Self::A>) -> Aliased {}
            }
        },
    );
    let streams: Vec<(Streams, Returns)> =
        service.rpcs.iter().map(|rpc| (rpc.client_streams, rpc.returns)).collect();
    let message = Returns::MessageOrBoxedStream;
    assert_eq!(
        streams,
        [
            (Streams::Ask, message(Streams::Ask)),
            (Streams::Known(true), message(Streams::Known(false))),
            (Streams::Known(false), message(Streams::Known(true))),
            (Streams::Known(false), message(Streams::Ask)),
        ]
    );
}

#[test]
fn receivers_and_the_context_are_seen() {
    let arc = with_items(
        quote!(),
        quote! {
            async fn a(self: std::sync::Arc<Self>, request: Request<A>) -> Answer {}
            async fn b(self: Arc<Self>, mut request: Request<A>, _: Context) -> Answer {}
        },
    );
    assert_eq!(arc.receiver, Receiver::Arc);
    assert_eq!(arc.rpcs.iter().map(|rpc| rpc.takes_context).collect::<Vec<_>>(), [false, true]);
    let reference = with_items(
        quote!(),
        quote!(
            async fn a(self: &Self, _: Request<A>) -> Answer {}
        ),
    );
    assert_eq!(reference.receiver, Receiver::Reference);
}

#[test]
fn attributes_go_where_they_belong() {
    let service = parsed(
        quote!(),
        quote! {
            /// Documented.
            #[cfg(feature = "greeter")]
            #[allow(unused)]
            #[tonic::async_trait]
            #[other]
            impl Greeter for MyGreeter {
                #[cfg(unix)]
                #[instrument(skip_all)]
                async fn a(&self, _: Request<A>) -> Answer {}
            }
        },
    );
    assert_eq!(service.outer_attributes.len(), 3);
    assert_eq!(service.other_attributes.len(), 1);
    assert_eq!(service.async_traits.len(), 1);
    assert_eq!(service.rpcs[0].attributes.len(), 2);
    assert_eq!(service.rpcs[0].cfgs().count(), 1);
}

#[test]
fn a_body_is_not_read() {
    let service = with_items(
        quote!(),
        quote!(async fn a(&self, _: Request<A>) -> Answer { let half = self. ; }),
    );
    assert_eq!(service.rpcs[0].body.to_string(), "{ let half = self . ; }");
}

#[test]
fn every_error_is_told_at_once() {
    let (service, errors) = parse(
        quote!(log),
        quote! {
            impl Greeter for MyGreeter {
                fn a(&self, _: Request<A>) -> Answer {}
                #[rpc(skip(trace))]
                async fn b(&self, _: Request<A>) -> Answer {}
                const C: u8 = 1;
            }
        },
    );
    assert!(service.is_none());
    assert_eq!(errors.len(), 3, "{errors:?}");
}

#[test]
fn a_wrong_option_leaves_the_service_as_it_is() {
    let (service, errors) = parse(
        quote!(log, sevice = "a"),
        quote!(impl Greeter for MyGreeter {
            #[rpc(nam = "A")]
            async fn a(&self, _: Request<A>) -> Answer {}
        }),
    );
    assert_eq!(errors.len(), 2, "{errors:?}");
    assert!(service.is_some_and(|service| service.rpcs.len() == 1));
}
