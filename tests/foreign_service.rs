//! A service whose trait another crate generated without the attribute: tonic's health service,
//! inside an impl of that trait that forwards each call.

mod support;

use std::sync::{Arc, Mutex};

use grpc_interceptor::{
    Context, Interceptor, Next, Outcome, Payload as _, RpcKind, Side, intercepted,
};
use support::{connect, soon};
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, Response, Status, transport::Channel};
use tonic_health::{
    ServingStatus::{NotServing, Serving},
    pb::{
        HealthCheckRequest, HealthCheckResponse,
        health_check_response::ServingStatus,
        health_client::HealthClient,
        health_server::{Health, HealthServer},
    },
    server::{HealthReporter, HealthService},
};

/// What an interceptor sees of a call.
#[derive(Clone, Debug, PartialEq)]
enum Event {
    Asked { method: String, kind: RpcKind, side: Side, service: String },
    Answered { method: String, status: ServingStatus },
}

#[derive(Clone, Default)]
struct Seen(Arc<Mutex<Vec<Event>>>);

impl Seen {
    fn push(&self, event: Event) {
        self.0.lock().unwrap().push(event);
    }

    fn take(&self) -> Vec<Event> {
        std::mem::take(&mut *self.0.lock().unwrap())
    }
}

impl<N> Interceptor<N> for Seen
where
    N: Next<Request = HealthCheckRequest, ResponseMessage = HealthCheckResponse>,
{
    async fn intercept(
        &self,
        request: Request<HealthCheckRequest>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let (seen, method) = (self.clone(), context.method_name().to_string());
        seen.push(Event::Asked {
            method: method.clone(),
            kind: context.kind(),
            side: context.side(),
            service: request.get_ref().service.clone(),
        });
        let response = next.run(request).await?;
        Ok(response.map(|answers| {
            answers.inspect_messages(move |answer| {
                seen.push(Event::Answered { method: method.clone(), status: answer.status() });
            })
        }))
    }
}

const SECRET: &str = "secret.v1.Secret";

async fn refuse_secret<N>(request: Request<HealthCheckRequest>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = HealthCheckRequest>,
{
    if request.get_ref().service == SECRET {
        return Err(Status::permission_denied("nobody's business"));
    }
    next.run(request).await
}

struct Guarded {
    health: HealthService,
    seen: Seen,
}

#[intercepted(self.seen, refuse_secret)]
impl Health for Guarded {
    async fn check(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<HealthCheckResponse>, Status> {
        self.health.check(request).await
    }

    type WatchStream = <HealthService as Health>::WatchStream;

    async fn watch(
        &self,
        request: Request<HealthCheckRequest>,
    ) -> Result<Response<Self::WatchStream>, Status> {
        self.health.watch(request).await
    }
}

struct Running {
    reporter: HealthReporter,
    seen: Seen,
    client: HealthClient<Channel>,
    _server: support::Client,
}

/// Starts a server on a socket. The greeter isn't serving yet; the secret service is.
async fn start() -> Running {
    let (reporter, seen) = (HealthReporter::new(), Seen::default());
    reporter.set_service_status("greeter.v1.Greeter", NotServing).await;
    reporter.set_service_status(SECRET, Serving).await;
    let health = HealthService::from_health_reporter(reporter.clone());
    let server = connect(HealthServer::new(Guarded { health, seen: seen.clone() })).await;
    let client = HealthClient::new(server.channel());
    Running { reporter, seen, client, _server: server }
}

fn about(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

fn asked(rpc: &str, kind: RpcKind, service: &str) -> Event {
    Event::Asked {
        method: format!("/grpc.health.v1.Health/{rpc}"),
        kind,
        side: Side::Server,
        service: service.to_owned(),
    }
}

fn answered(rpc: &str, status: ServingStatus) -> Event {
    Event::Answered { method: format!("/grpc.health.v1.Health/{rpc}"), status }
}

#[tokio::test]
async fn a_message_is_seen_with_its_type() {
    let Running { seen, client, .. } = &mut start().await;
    let response = client.check(about("greeter.v1.Greeter")).await.unwrap();
    assert_eq!(response.get_ref().status(), ServingStatus::NotServing);
    assert_eq!(
        seen.take(),
        [
            asked("Check", RpcKind::Unary, "greeter.v1.Greeter"),
            answered("Check", ServingStatus::NotServing),
        ]
    );
}

#[tokio::test]
async fn each_message_of_a_stream_is_seen_with_its_type() {
    let Running { reporter, seen, client, .. } = &mut start().await;
    let mut states = client.watch(about("greeter.v1.Greeter")).await.unwrap().into_inner();
    let state = soon(states.next()).await.unwrap().unwrap();
    assert_eq!(state.status(), ServingStatus::NotServing);
    // The stream is the service's own and keeps reporting.
    reporter.set_service_status("greeter.v1.Greeter", Serving).await;
    let state = soon(states.next()).await.unwrap().unwrap();
    assert_eq!(state.status(), ServingStatus::Serving);
    assert_eq!(
        seen.take(),
        [
            asked("Watch", RpcKind::ServerStreaming, "greeter.v1.Greeter"),
            answered("Watch", ServingStatus::NotServing),
            answered("Watch", ServingStatus::Serving),
        ]
    );
}

#[tokio::test]
async fn an_interceptors_refusal_is_the_answer() {
    let Running { seen, client, .. } = &mut start().await;
    let refused = [
        client.check(about(SECRET)).await.unwrap_err(),
        client.watch(about(SECRET)).await.unwrap_err(),
    ];
    for status in refused {
        assert_eq!(
            (status.code(), status.message()),
            (Code::PermissionDenied, "nobody's business")
        );
    }
    // Nothing was answered.
    assert_eq!(
        seen.take(),
        [asked("Check", RpcKind::Unary, SECRET), asked("Watch", RpcKind::ServerStreaming, SECRET),]
    );
}

#[tokio::test]
async fn the_services_own_errors_are_unchanged() {
    let Running { client, .. } = &mut start().await;
    let status = client.check(about("unheard.of")).await.unwrap_err();
    assert_eq!((status.code(), status.message()), (Code::NotFound, "service not registered"));
}
