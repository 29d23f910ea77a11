//! Ways to name the trait, and to say where the service's name comes from.

use grpc_interceptor::{RpcKind, intercepted};
use grpc_interceptor_proto::bare::{
    self, Word,
    bare_client::BareClient,
    bare_server::{self, Bare, BareServer},
};
use tonic::{Request, Response, Status};

use crate::Seen;

macro_rules! impls {
    ($($service:ident: [$($arguments:tt)*] $service_trait:path),* $(,)?) => {
        $(
            struct $service(Seen);

            #[intercepted($($arguments)*)]
            impl $service_trait for $service {
                async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
                    Ok(Response::new(request.into_inner()))
                }
            }
        )*

        #[tokio::test]
        async fn the_name_is_found_however_the_trait_is_written() {
            $({
                let seen = Seen::default();
                let mut client = BareClient::new(BareServer::new($service(seen.clone())));
                client.call(Word::default()).await.unwrap();
                assert_eq!(seen.take(), [("/Bare/Call", RpcKind::Unary)], stringify!($service));
            })*
        }
    };
}

use Bare as Renamed;
use inner::seen;

mod inner {
    use super::Seen;

    pub fn seen(service: &super::Imported) -> &Seen {
        &service.0
    }
}

impls! {
    Path: [self.0] bare_server::Bare,
    LongPath: [self.0] ::grpc_interceptor_proto::bare::bare_server::Bare,
    SelfPath: [self.0] self::bare::bare_server::Bare,
    CratePath: [self.0] crate::paths::Bare,
    ServiceIsModule: [self.0, service = bare_server] Bare,
    ServiceIsServer: [service = bare_server::BareServer, self.0] Renamed,
    ServiceIsLiteral: [self.0, service = "Bare"] Renamed,
    CrateIsGiven: [self.0, crate = grpc_interceptor] Bare,
    CrateIsElsewhere: [crate = crate::paths::reexported, self.0] Bare,
}

mod reexported {
    pub use grpc_interceptor::*;
}

struct Imported(Seen);

#[intercepted(*seen(self))]
impl Bare for Imported {
    async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
        Ok(Response::new(request.into_inner()))
    }
}

#[tokio::test]
async fn a_service_can_be_in_a_fn() {
    struct Local<'a>(&'a Seen);

    #[intercepted(*self.0)]
    impl Bare for Local<'static> {
        async fn call(&self, request: Request<Word>) -> Result<Response<Word>, Status> {
            Ok(Response::new(request.into_inner()))
        }
    }

    let seen: &'static Seen = Box::leak(Box::default());
    let mut client = BareClient::new(BareServer::new(Local(seen)));
    client.call(Word::default()).await.unwrap();
    assert_eq!(seen.take(), [("/Bare/Call", RpcKind::Unary)]);

    let mut client = BareClient::new(BareServer::new(Imported(seen.clone())));
    client.call(Word::default()).await.unwrap();
    assert_eq!(seen.take(), [("/Bare/Call", RpcKind::Unary)]);
}
