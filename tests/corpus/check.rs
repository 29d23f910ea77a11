//! How an impl is checked.

use std::convert::Infallible;

use grpc_interceptor::{Context, Next, Outcome};
use tonic::{
    body::Body,
    codegen::{Service, http},
};

/// Tells the client the name that it saw.
pub async fn tell<N: Next>(
    request: tonic::Request<N::Request>,
    context: Context,
    next: N,
) -> Outcome<N> {
    let mut outcome = next.run(request).await;
    if let Ok(response) = &mut outcome {
        response.metadata_mut().insert("name", context.method_name().path().parse().unwrap());
    }
    outcome
}

/// Calls each RPC, and checks that the interceptor saw its name.
pub async fn check<S>(mut server: S, names: &[&str])
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>,
{
    for name in names {
        // A message of zero bytes.
        let request = http::Request::post(*name)
            .header("content-type", "application/grpc")
            .body(Body::new(String::from("\0\0\0\0\0")))
            .unwrap();
        let response = server.call(request).await.unwrap();
        let seen = response.headers().get("name").map(|name| name.to_str().unwrap());
        assert_eq!(seen, Some(*name), "{:?}", response.headers());
    }
}

pub const GREETER: [&str; 4] = [
    "/greeter.v1.Greeter/SayHello",
    "/greeter.v1.Greeter/GreetEverybody",
    "/greeter.v1.Greeter/GreetManyTimes",
    "/greeter.v1.Greeter/Chat",
];
pub const SHOP: [&str; 2] = ["/shop.v1.Shop/GetItem", "/shop.v1.Shop/WatchItems"];
pub const SHOP_V2: [&str; 1] = ["/shop.v2.Shop/GetItem"];
pub const ORDERS: [&str; 1] = ["/shop.v1.Orders/PlaceOrder"];
pub const BARE: [&str; 1] = ["/Bare/Call"];
