//! The path starts with `super`.

pub use crate::pb::shop::v1 as proto;

pub mod tests {
    use super::*;

    pub struct FixtureWorker;

    #[grpc_interceptor::intercepted(crate::tell)]
    #[tonic::async_trait]
    impl super::proto::orders_server::Orders for FixtureWorker {
        async fn place_order(
            &self,
            request: tonic::Request<super::proto::Item>,
        ) -> Result<tonic::Response<super::proto::Item>, tonic::Status> {
            Ok(tonic::Response::new(request.into_inner()))
        }
    }
}
