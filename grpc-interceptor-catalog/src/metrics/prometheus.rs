//! The names that go-grpc-middleware's dashboards for Prometheus know, through the [`metrics`](::metrics) facade.

mod method;
mod names;

pub(super) use method::Method;

use super::{Metrics, vocabulary::Vocabulary};

impl Metrics {
    /// Buckets for the histogram of a call's time under [`prometheus`](Self::prometheus)'s names, in seconds: those of
    /// Prometheus' Go client, which go-grpc-middleware has unless it is told others.
    pub const BUCKETS: [f64; 11] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0];

    /// Counts through the [`metrics`](::metrics) facade, under the names that go-grpc-middleware gave: so its dashboards and
    /// alerts for Prometheus work, with whatever exporter you have.
    ///
    /// ```
    /// # use grpc_interceptor_proto::default_stubs::greeter_server;
    /// use grpc_interceptor::{Side, interceptors::Metrics};
    /// use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};
    ///
    /// // Before the first call: what is counted before there is an exporter is lost.
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
    /// | `grpc_server_started_total` | counter | calls that have begun |
    /// | `grpc_server_handled_total` | counter | calls that have ended, by `grpc_code` |
    /// | `grpc_server_msg_received_total` | counter | request messages |
    /// | `grpc_server_msg_sent_total` | counter | response messages |
    /// | `grpc_server_handling_seconds` | histogram | the time of a call |
    /// | `grpc_server_in_flight` | gauge | calls that have begun and not ended; this one is ours |
    ///
    /// On a client they begin with `grpc_client_`, and there it is the responses that are received. Labels: `grpc_type`
    /// (`unary`, `client_stream`, `server_stream`, `bidi_stream`, `unknown`), `grpc_service` (`pkg.Service`), `grpc_method`,
    /// and `grpc_code` as Go writes it (`OK`, `NotFound`, `Canceled`).
    ///
    /// It is the exporter that knows the buckets of a histogram. `metrics-exporter-prometheus` makes a summary of one that
    /// it wasn't told any for, without the `grpc_server_handling_seconds_bucket` that dashboards ask for. So tell it
    /// [`BUCKETS`](Self::BUCKETS), as above, or your own.
    #[must_use]
    pub fn prometheus() -> Self {
        names::describe();
        Metrics::new(Vocabulary::Prometheus)
    }
}
