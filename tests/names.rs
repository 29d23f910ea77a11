//! The method name that an interceptor sees is the one on the wire, or a test says so.

use grpc_interceptor::intercepted;
use grpc_interceptor_proto::{
    bare::{
        Word,
        bare_server::{Bare, BareServer},
    },
    text::{
        Line,
        lines_server::{Lines, LinesServer},
    },
};
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

/// The test that comes with an impl stands beside it. In a fn it isn't run, but can be called.
#[test]
#[allow(unnameable_test_items)]
#[should_panic = "`call` is not the RPC `/Bare/Cal`: write `#[rpc(name = \"Call\")]` on it"]
fn a_wrong_name_fails_the_test_that_comes_with_the_impl() {
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

#[test]
#[allow(unnameable_test_items)]
#[should_panic = "`one` is not the RPC `/text.Lines/Many`: write `#[rpc(name = \"One\")]` on it"]
fn the_name_of_another_rpc_fails_it_too() {
    struct Service;

    // Its codec refuses the empty message that the test sends, so that `One` can't be told from
    // others; `Many`, which reads nothing before the handler asks for it, can.
    #[intercepted]
    impl Lines for Service {
        #[rpc(name = "Many")]
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

    service_has_the_rpc_names_of_lines();
}
