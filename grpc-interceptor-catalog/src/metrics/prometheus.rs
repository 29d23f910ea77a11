//! The names that go-grpc-middleware's Prometheus dashboards expect, through the
//! [`metrics`](::metrics) facade.

mod method;
mod names;

pub(super) use method::Method;

use super::{Metrics, vocabulary::Vocabulary};

#[cfg(feature = "metrics")]
impl Metrics {
    /// Buckets for the call duration histogram of [`prometheus`](Self::prometheus), in seconds.
    ///
    /// These are the default buckets of Prometheus' Go client, which go-grpc-middleware uses unless
    /// configured otherwise.
    pub const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

    /// Records through the [`metrics`](::metrics) facade, under go-grpc-middleware's names.
    ///
    /// Its Prometheus dashboards and alerts work unchanged, with any exporter.
    ///
    /// ```
    /// # use grpc_interceptor_proto::default_stubs::greeter_server;
    /// use grpc_interceptor::{Side, interceptors::Metrics};
    /// use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
    ///
    /// // Install the exporter first: anything counted before that is lost.
    /// let exporter = PrometheusBuilder::new()
    ///     .set_buckets_for_metric(Matcher::Suffix("_handling_seconds".to_owned()), &Metrics::BUCKETS)?
    ///     .install_recorder()?;
    ///
    /// let metrics = Metrics::prometheus().register(Side::Server, greeter_server::METHODS);
    ///
    /// assert!(exporter.render().contains("grpc_server_started_total{"));
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// | metric | type | counts |
    /// | --- | --- | --- |
    /// | `grpc_server_started_total` | counter | calls that have started |
    /// | `grpc_server_handled_total` | counter | calls that have ended, by `grpc_code` |
    /// | `grpc_server_msg_received_total` | counter | request messages |
    /// | `grpc_server_msg_sent_total` | counter | response messages |
    /// | `grpc_server_handling_seconds` | histogram | the duration of a call |
    /// | `grpc_server_in_flight` | gauge | calls that have started and not ended; not part of go-grpc-middleware |
    ///
    /// On a client the names begin with `grpc_client_`, and the received messages are the
    /// responses. Labels: `grpc_type` (`unary`, `client_stream`, `server_stream`, `bidi_stream`,
    /// `unknown`), `grpc_service` (`pkg.Service`), `grpc_method`, and `grpc_code` in Go's spelling
    /// (`OK`, `NotFound`, `Canceled`).
    ///
    /// Histogram buckets are configured in the exporter. Without buckets,
    /// `metrics-exporter-prometheus` turns a histogram into a summary, which lacks the
    /// `grpc_server_handling_seconds_bucket` that dashboards query. Pass it
    /// [`BUCKETS`](Self::BUCKETS), as above, or your own.
    #[must_use]
    pub fn prometheus() -> Self {
        names::describe();
        Metrics::new(Vocabulary::Prometheus)
    }
}
