//! The expressions of the README's tables, and of its sentences.

use grpc_interceptor::{
    Context, InterceptorLayer, Next, Outcome, intercepted, interceptor,
    interceptors::{
        AccessLog, AsJson, CatchPanic, ErrorToStatus, List, Metrics, PayloadLog, Rpcz, Trace,
        except, when,
    },
    testing,
};
use grpc_interceptor_proto::{
    orders::{
        Event, Order, Receipt, WatchRequest,
        orders_client::OrdersClient,
        with_stubs::orders_server::{Orders, OrdersServer, methods},
    },
    vault::FILE_DESCRIPTOR_SET as DESCRIPTORS,
};
use tonic::{Request, Response, Status, codegen::BoxStream, transport::Server};

#[interceptor]
async fn log<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    next.run(request).await
}

#[interceptor]
async fn auth<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    match request.metadata().contains_key("authorization") {
        true => next.run(request).await,
        false => Err(Status::unauthenticated("no token")),
    }
}

#[derive(Clone, Default)]
struct MyOrders;

#[tonic::async_trait]
impl Orders for MyOrders {}

struct WithAuth {
    auth: auth,
}

#[intercepted(log, self.auth)]
impl Orders for WithAuth {
    #[rpc(skip(self.auth))]
    async fn place_order(&self, _: Request<Order>) -> Result<Response<Receipt>, Status> {
        Ok(Response::new(Receipt::default()))
    }

    async fn watch_order(&self, _: Request<WatchRequest>) -> Answer<BoxStream<Event>> {
        Err(Status::unimplemented("auth refuses first"))
    }
}

type Answer<T> = Result<Response<T>, Status>;

fn to_status(_: &(dyn std::error::Error + 'static), _: &Context) -> Option<Status> {
    None
}

#[tokio::test]
async fn where_interceptors_go() -> Result<(), Box<dyn std::error::Error>> {
    let order = Order::default;
    let retry = log;

    let server = testing::serve(OrdersServer::new(WithAuth { auth })).start().await?;
    let mut client = OrdersClient::new(server.channel());
    client.place_order(order()).await?;
    let status = client.watch_order(WatchRequest::default()).await.unwrap_err();
    assert_eq!(status.message(), "no token");

    let orders = OrdersServer::with_interceptors(MyOrders, (log, auth));
    let server = testing::serve(orders).start().await?;
    let channel = server.channel();
    let mut client = OrdersClient::with_interceptors(channel, (log, retry));
    let status = client.place_order(order()).await.unwrap_err();
    assert_eq!(status.message(), "no token");

    let server = Server::builder().layer(InterceptorLayer::new((log, auth)));
    let server = { server }.add_service(OrdersServer::new(WithAuth { auth }));
    let server = testing::serve(server).start().await?;
    let status = OrdersClient::new(server.channel()).place_order(order()).await.unwrap_err();
    assert_eq!(status.message(), "no token");

    let open = when(except([methods::PLACE_ORDER]), auth);
    let server = OrdersServer::with_interceptors(WithAuth { auth }, open);
    let server = testing::serve(server).start().await?;
    OrdersClient::new(server.channel()).place_order(order()).await?;
    Ok(())
}

#[tokio::test]
async fn the_ready_made_ones() -> Result<(), Box<dyn std::error::Error>> {
    let all = (
        Trace::new(),
        Metrics::prometheus(),
        AccessLog::new().metadata(["x-tenant"]),
        Rpcz::new(),
        List::new().with(CatchPanic::new()),
        CatchPanic::new(),
        ErrorToStatus::new().map(to_status),
        PayloadLog::new().show_with(AsJson::new(DESCRIPTORS)),
    );
    let server = OrdersServer::with_interceptors(WithAuth { auth }, all);
    let server = testing::serve(server).start().await?;
    OrdersClient::new(server.channel()).place_order(Order::default()).await?;
    Ok(())
}
