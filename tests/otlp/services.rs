//! A client, a server, and a second server that the first one calls. Each has its own provider, as
//! if it were a separate process.

use std::time::Duration;

use grpc_interceptor::{
    InterceptorLayer,
    interceptors::Trace,
    testing::{self, RunningServer},
};
use grpc_interceptor_proto::greeter::greeter_server::METHODS;
use opentelemetry_otlp::{SpanExporter, WithExportConfig as _};
use opentelemetry_sdk::{
    Resource,
    propagation::TraceContextPropagator,
    trace::{BatchConfigBuilder, BatchSpanProcessor, SdkTracerProvider},
};
use tokio::{sync::mpsc::UnboundedReceiver, task::spawn_blocking};
use tonic::transport::{Channel, Server};

use crate::{
    greeters::{Back, Front},
    receiver::Receiver,
    spans::Received,
    support::{
        GreeterClient, GreeterInterceptors, GreeterServer, InterceptedGreeterClient, events, soon,
    },
};

pub(crate) struct Services {
    receiver: Receiver,
    providers: [SdkTracerProvider; 3],
    /// The client's `Trace`.
    pub(crate) trace: Trace,
    /// Signals each call that [`Back`] never answers.
    pub(crate) waits: UnboundedReceiver<()>,
    front: RunningServer,
    back: RunningServer,
    otlp: RunningServer,
}

impl Services {
    pub(crate) async fn start() -> Self {
        let receiver = Receiver::default();
        let otlp = receiver.serve().await;
        let providers = ["client", "front", "back"].map(|service| provider(service, &otlp));
        let [trace, of_front, of_back] = providers.each_ref().map(trace);
        let (wait, waits) = events();

        let server = GreeterServer::with_interceptors(Back { wait }, of_back);
        let back = start(Server::builder().add_service(server)).await;
        // One of the servers has it in a layer.
        let layer = InterceptorLayer::new(of_front.clone()).methods(METHODS);
        let server = GreeterServer::new(Front {
            channel: back.channel(),
            trace: of_front.target(&target(&back)),
        });
        let front = start(Server::builder().layer(layer).add_service(server)).await;
        let trace = trace.target(&target(&front));
        Services { receiver, providers, trace, waits, front, back, otlp }
    }

    pub(crate) fn client(&self) -> InterceptedGreeterClient<Channel, Trace> {
        self.through(self.trace.clone())
    }

    pub(crate) fn through<I>(&self, interceptors: I) -> InterceptedGreeterClient<Channel, I>
    where
        I: GreeterInterceptors<Channel>,
    {
        GreeterClient::with_interceptors(self.front.channel(), interceptors)
    }

    /// Returns all spans once there are this many: a server's span can end slightly after the
    /// client's.
    pub(crate) async fn spans(self, count: usize) -> Vec<Received> {
        soon(async {
            while self.receiver.spans().len() < count {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        })
        .await;
        self.front.shutdown().await;
        self.back.shutdown().await;
        for provider in self.providers {
            // This blocks until the remaining spans are sent.
            let stopped = spawn_blocking(move || provider.shutdown()).await;
            stopped.expect("it doesn't panic").expect("the receiver is there");
        }
        self.otlp.shutdown().await;
        let spans = self.receiver.spans();
        assert_eq!(spans.len(), count, "{spans:#?}");
        // An export isn't traced in turn.
        for metadata in self.receiver.metadata() {
            assert!(!metadata.contains_key("traceparent"), "{metadata:?}");
        }
        spans
    }
}

async fn start<K: Send + 'static>(server: impl testing::Servable<K>) -> RunningServer {
    testing::serve(server).on_loopback().start().await.expect("there is a free port")
}

fn target(server: &RunningServer) -> String {
    format!("http://{}", server.local_addr().expect("it is on loopback"))
}

fn provider(service: &'static str, otlp: &RunningServer) -> SdkTracerProvider {
    let exporter = SpanExporter::builder().with_tonic().with_endpoint(target(otlp)).build();
    let batches = BatchConfigBuilder::default().with_scheduled_delay(Duration::from_millis(10));
    let processor = BatchSpanProcessor::builder(exporter.expect("the endpoint is a URI"))
        .with_batch_config(batches.build())
        .build();
    SdkTracerProvider::builder()
        .with_span_processor(processor)
        .with_resource(Resource::builder().with_service_name(service).build())
        .build()
}

fn trace(provider: &SdkTracerProvider) -> Trace {
    Trace::new().tracer_provider(provider).propagator(TraceContextPropagator::new())
}
