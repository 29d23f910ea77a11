//! An OTLP receiver that keeps what it receives.

use std::sync::{Arc, Mutex};

use grpc_interceptor::testing::{self, RunningServer};
use opentelemetry_proto::tonic::collector::trace::v1::{
    ExportTraceServiceRequest, ExportTraceServiceResponse,
    trace_service_server::{TraceService, TraceServiceServer},
};
use tonic::{Request, Response, Status, metadata::MetadataMap, transport::Server};

use crate::spans::{Received, received};

#[derive(Clone, Default)]
pub(crate) struct Receiver {
    exports: Arc<Mutex<Vec<Request<ExportTraceServiceRequest>>>>,
}

impl Receiver {
    pub(crate) async fn serve(&self) -> RunningServer {
        let router = Server::builder().add_service(TraceServiceServer::new(self.clone()));
        testing::serve(router).on_loopback().start().await.expect("there is a free port")
    }

    /// The spans in the order in which they arrived.
    pub(crate) fn spans(&self) -> Vec<Received> {
        let exports = self.exports.lock().unwrap();
        exports
            .iter()
            .flat_map(|export| &export.get_ref().resource_spans)
            .flat_map(received)
            .collect()
    }

    /// The metadata of each export.
    pub(crate) fn metadata(&self) -> Vec<MetadataMap> {
        let exports = self.exports.lock().unwrap();
        exports.iter().map(|export| export.metadata().clone()).collect()
    }
}

#[tonic::async_trait]
impl TraceService for Receiver {
    async fn export(
        &self,
        request: Request<ExportTraceServiceRequest>,
    ) -> Result<Response<ExportTraceServiceResponse>, Status> {
        self.exports.lock().unwrap().push(request);
        Ok(Response::new(ExportTraceServiceResponse::default()))
    }
}
