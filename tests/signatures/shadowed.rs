//! A module in which the usual names mean something else.

use crate::Seen;

macro_rules! shadow {
    ($($name:ident)*) => { $( #[allow(dead_code, non_camel_case_types)] pub struct $name; )* };
}

shadow! {
    Result Ok Err Some None Option Box Pin Arc Vec String Request Response Status Future Send Sync
    Sized Copy Clone Default Context Next Outcome Interceptor Payload Rpc Signature PhantomData Self_
    std core alloc tonic tokio call Names Hop Link Detect Service Stream Streams
}

#[allow(non_upper_case_globals, dead_code)]
pub const request: u8 = 0;
#[allow(non_upper_case_globals, dead_code)]
pub const context: u8 = 0;
#[allow(non_upper_case_globals, dead_code)]
pub const argument: u8 = 0;

mod names {
    pub use ::grpc_interceptor_proto::bare::{Word, bare_server};
    pub use ::std::result::Result as StdResult;
    pub use ::tonic::{Request as TonicRequest, Response as TonicResponse, Status as TonicStatus};
}
use names::*;

struct Greeter(Seen);

#[::grpc_interceptor::intercepted(self.0)]
impl bare_server::Bare for Greeter {
    async fn call(&self, word: TonicRequest<Word>) -> StdResult<TonicResponse<Word>, TonicStatus> {
        let _: [u8; 3] = [request, context, argument];
        StdResult::Ok(TonicResponse::new(word.into_inner()))
    }
}

#[::tokio::test(crate = "::tokio")]
async fn names_can_be_shadowed() {
    let seen = Seen::default();
    let server = bare_server::BareServer::new(Greeter(seen.clone()));
    let mut client = ::grpc_interceptor_proto::bare::bare_client::BareClient::new(server);
    client.call(<Word as ::core::default::Default>::default()).await.unwrap();
    assert_eq!(seen.take(), [("/Bare/Call", ::grpc_interceptor::RpcKind::Unary)]);
}
