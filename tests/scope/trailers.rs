//! Trailing metadata passes through a scope, on either side.

use grpc_interceptor::{intercepted, interceptors::List, trailers};
use grpc_interceptor_proto::default_stubs::greeter_server as stubs;
use tonic::{Request, Response, Status, metadata::MetadataMap};

use crate::{
    interceptors::InScope,
    support::{
        BoxStream, GeneratedServer, GreetManyTimesRequest, GreeterClient, HelloReply, connect,
        many, reply, soon, values,
    },
};

/// Sends a message and trailing metadata, with these interceptors around it.
macro_rules! trailing {
    ($greeter:ident, [$($entries:tt)*]) => {
        struct $greeter;

        #[intercepted($($entries)*)]
        impl stubs::Greeter for $greeter {
            async fn greet_many_times(
                &self,
                _: Request<GreetManyTimesRequest>,
            ) -> Result<Response<BoxStream<HelloReply>>, Status> {
                let mut metadata = MetadataMap::new();
                metadata.insert("from", "handler".parse().expect("it is ASCII"));
                let items = [Ok(reply("one")), Err(trailers(metadata))];
                Ok(Response::new(Box::pin(tokio_stream::iter(items))))
            }
        }
    };
}

trailing!(Plain, []);
trailing!(Attribute, [InScope("outer"), InScope("inner")]);

/// Reads the stream of a call to its end, then its trailers.
macro_rules! assert_trailers {
    ($client:expr) => {{
        let mut client = $client;
        let response = soon(client.greet_many_times(many("you", 1))).await.expect("it starts");
        let mut stream = response.into_inner();
        assert_eq!(soon(stream.message()).await.expect("it continues"), Some(reply("one")));
        assert_eq!(soon(stream.message()).await.expect("it completes"), None);
        let trailers = soon(stream.trailers()).await.expect("it completed");
        assert_eq!(values(&trailers.expect("there are some"), "from"), ["handler"]);
    }};
}

/// The client of this server has no interceptors.
async fn assert_sent(server: impl GeneratedServer) {
    let client = connect(server).await;
    assert_trailers!(GreeterClient::new(client.channel()));
}

#[tokio::test]
async fn a_servers_scope_keeps_them() {
    assert_sent(stubs::GreeterServer::new(Attribute)).await;
    let scopes = (InScope("outer"), InScope("inner"));
    assert_sent(stubs::GreeterServer::with_interceptors(Plain, scopes)).await;
    let list = List::from_iter(["outer", "inner"].map(InScope));
    assert_sent(stubs::GreeterServer::with_interceptors(Plain, list)).await;
}

#[tokio::test]
async fn a_clients_scope_keeps_them() {
    let server = connect(stubs::GreeterServer::new(Plain)).await;
    assert_trailers!(server.through(InScope("scope")));
    assert_trailers!(server.through((InScope("outer"), InScope("inner"))));
    assert_trailers!(server.through(List::from_iter(["outer", "inner"].map(InScope))));
}
