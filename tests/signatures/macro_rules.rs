//! An impl that a user's own macro writes, `self` and all.

use grpc_interceptor::{RpcKind, intercepted};
use grpc_interceptor_proto::bare::{
    Word,
    bare_client::BareClient,
    bare_server::{Bare, BareServer},
};
use tonic::{Request, Response, Status};

use crate::Seen;

macro_rules! service {
    ($name:ident, $field:ident, $entry:expr, |$request:ident| $answer:expr) => {
        struct $name {
            $field: Seen,
        }

        #[intercepted(self.$field, $entry, Some(self.$field.clone()))]
        impl Bare for $name {
            async fn call(&self, $request: Request<Word>) -> Result<Response<Word>, Status> {
                self.$field.take();
                Ok(Response::new($answer))
            }
        }
    };
}

service!(Made, seen, (), |request| request.into_inner());

#[tokio::test]
async fn a_macro_may_write_the_impl() {
    let seen = Seen::default();
    let mut client = BareClient::new(BareServer::new(Made { seen: seen.clone() }));
    client.call(Word::default()).await.unwrap();
    // Both were there before the handler took them.
    assert_eq!(seen.take(), []);

    let word = Bare::call(&Made { seen: seen.clone() }, Request::new(Word::default())).await;
    assert_eq!(word.unwrap().into_inner(), Word::default());
    let _: RpcKind = RpcKind::Unary;
}
