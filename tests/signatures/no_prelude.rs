//! A module that imports nothing, and doesn't have the prelude either.
#![no_implicit_prelude]

pub struct Bare(pub crate::Seen);

#[::grpc_interceptor::intercepted(self.0, ::core::option::Option::Some(::core::clone::Clone::clone(&self.0)))]
impl ::grpc_interceptor_proto::bare::bare_server::Bare for Bare {
    async fn call(
        &self,
        request: ::tonic::Request<::grpc_interceptor_proto::bare::Word>,
    ) -> ::core::result::Result<
        ::tonic::Response<::grpc_interceptor_proto::bare::Word>,
        ::tonic::Status,
    > {
        ::core::result::Result::Ok(::tonic::Response::new(request.into_inner()))
    }
}

#[::tokio::test(crate = "::tokio")]
async fn nothing_has_to_be_imported() {
    use ::core::{assert_eq, clone::Clone as _, default::Default as _};

    let seen = crate::Seen::default();
    let server = ::grpc_interceptor_proto::bare::bare_server::BareServer::new(Bare(seen.clone()));
    let mut client = ::grpc_interceptor_proto::bare::bare_client::BareClient::new(server);
    client.call(::grpc_interceptor_proto::bare::Word::default()).await.unwrap();
    let name = ("/Bare/Call", ::grpc_interceptor::RpcKind::Unary);
    assert_eq!(seen.take(), [name, name]);
}
