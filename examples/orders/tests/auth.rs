//! A token check around the whole server.

use grpc_interceptor::{Context, Interceptor, Next, Outcome};
use tonic::{Request, Status};

pub struct Auth {
    pub token: String,
}

impl<N: Next> Interceptor<N> for Auth {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match request.metadata().get("authorization") {
            Some(token) if token.as_bytes() == self.token.as_bytes() => next.run(request).await,
            _ => Err(Status::unauthenticated("the token is missing or wrong")),
        }
    }
}

mod service;

use grpc_interceptor::{InterceptorLayer, testing};
use service::{order, pb::orders_client::OrdersClient, server};
use tonic::transport::Server;

#[tokio::test]
async fn a_call_without_the_token_is_refused() -> Result<(), Box<dyn std::error::Error>> {
    let layer = InterceptorLayer::new(Auth { token: "open-sesame".to_owned() });
    let server = testing::serve(Server::builder().layer(layer).add_service(server()));
    let server = server.start().await?;
    let mut client = OrdersClient::new(server.channel());

    let status = client.place_order(order(1)).await.unwrap_err();
    assert_eq!(status.message(), "the token is missing or wrong");

    let mut request = Request::new(order(1));
    request.metadata_mut().insert("authorization", "open-sesame".parse()?);
    assert_eq!(client.place_order(request).await?.into_inner().id, "1xtea");
    Ok(())
}
