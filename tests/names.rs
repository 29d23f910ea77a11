//! The method name that an interceptor sees is the one on the wire. If it isn't, a generated test
//! fails.

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::{
    bare::Word,
    greeter::{GreetManyTimesRequest, HelloReply, HelloRequest},
    plain::{bare::bare_server::Bare, greeter::greeter_server::Greeter, text::lines_server::Lines},
    text::Line,
};
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

/// The generated test is next to the impl. In a fn it is a plain fn, which can be called.
#[test]
#[should_panic = "`call` is not the RPC `/Bare/Cal`: write `#[rpc(name = \"Call\")]` on it"]
fn a_wrong_name_fails_the_generated_test() {
    struct Service;

    #[intercepted]
    impl Bare for Service {
        #[rpc(name = "Cal")]
        async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    service_has_the_rpc_names_of_bare();
}

/// Returns what a test panics with.
fn panic_of(test: fn()) -> String {
    let payload = std::panic::catch_unwind(test).expect_err("it panics");
    *payload.downcast::<String>().expect("it says why")
}

/// The test reports all wrong names, with the lines to write instead.
#[test]
fn several_wrong_names_are_reported_together() {
    struct Service;

    #[intercepted]
    impl Greeter for Service {
        #[rpc(name = "Hello")]
        async fn say_hello(
            &self,
            _: Request<HelloRequest>,
        ) -> Result<Response<HelloReply>, Status> {
            Err(Status::internal("not called"))
        }

        #[rpc(name = "SayHello")]
        async fn greet_everybody(
            &self,
            _: Request<Streaming<HelloRequest>>,
        ) -> Result<Response<HelloReply>, Status> {
            Err(Status::internal("not called"))
        }

        type GreetManyTimesStream = BoxStream<HelloReply>;

        async fn greet_many_times(
            &self,
            _: Request<GreetManyTimesRequest>,
        ) -> Result<Response<Self::GreetManyTimesStream>, Status> {
            Err(Status::internal("not called"))
        }

        type ChatStream = BoxStream<HelloReply>;

        async fn chat(
            &self,
            _: Request<Streaming<HelloRequest>>,
        ) -> Result<Response<Self::ChatStream>, Status> {
            Err(Status::internal("not called"))
        }
    }

    let told = panic_of(service_has_the_rpc_names_of_greeter);
    let lines: Vec<_> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    assert!(
        lines[0].starts_with("`say_hello` is not the RPC `/greeter.v1.Greeter/Hello`"),
        "{told}"
    );
    assert!(lines[0].contains("write `#[rpc(name = \"SayHello\")]`"), "{told}");
    assert!(lines[1].contains("write `#[rpc(name = \"GreetEverybody\")]`"), "{told}");
}

/// With a codec that refuses an empty message, there is no telling which method would have
/// answered.
#[test]
fn unverifiable_names_fail_it_as_well() {
    struct Service;

    #[intercepted]
    impl Lines for Service {
        async fn one(&self, _: Request<String>) -> Result<Response<Line>, Status> {
            Err(Status::internal("not called"))
        }

        type ManyStream = BoxStream<Line>;

        async fn many(
            &self,
            _: Request<Streaming<String>>,
        ) -> Result<Response<Self::ManyStream>, Status> {
            Err(Status::internal("not called"))
        }
    }

    let told = panic_of(service_has_the_rpc_names_of_lines);
    assert!(told.starts_with("whether `one` is the RPC `/text.Lines/One` can't be told"), "{told}");
    assert!(told.contains("server_mod_attribute"), "{told}");
    assert_eq!(told.lines().count(), 1, "{told}");
}
