use std::sync::Arc;

#[cfg(feature = "opentelemetry")]
use super::{grpc::Grpc, opentelemetry::OpenTelemetry};
use super::{of_method::OfMethod, series::Key};

/// Which names are used for the metrics.
#[derive(Clone)]
pub(super) enum Vocabulary {
    #[cfg(feature = "metrics")]
    Prometheus,
    #[cfg(feature = "opentelemetry")]
    OpenTelemetry(OpenTelemetry),
    #[cfg(feature = "opentelemetry")]
    Grpc(Grpc),
}

impl Vocabulary {
    pub(super) fn of_method(&self, key: &Key) -> Arc<dyn OfMethod> {
        match self {
            #[cfg(feature = "metrics")]
            Vocabulary::Prometheus => Arc::new(super::prometheus::Method::new(key)),
            #[cfg(feature = "opentelemetry")]
            Vocabulary::OpenTelemetry(names) => Arc::new(names.of_method(key)),
            #[cfg(feature = "opentelemetry")]
            Vocabulary::Grpc(names) => Arc::new(names.of_method(key)),
        }
    }
}
