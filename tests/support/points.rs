//! What OpenTelemetry's SDK exported, as text.

#![allow(dead_code, reason = "each test file uses a part of it")]

use opentelemetry::KeyValue;
use opentelemetry_sdk::metrics::data::{AggregatedMetrics, MetricData, ResourceMetrics};

/// A data point of a metric.
pub(crate) struct Point {
    metric: String,
    attributes: Vec<KeyValue>,
    /// The sum, or for durations the number of values.
    pub(crate) value: i64,
}

impl Point {
    /// Whether the metric's name ends with this.
    pub(crate) fn is_of(&self, name: &str) -> bool {
        self.metric.ends_with(name)
    }

    /// The metric and its attributes, in order.
    pub(crate) fn text(&self) -> String {
        self.text_with(|_| true)
    }

    /// The same with only some of the attributes.
    pub(crate) fn text_with(&self, shown: impl Fn(&str) -> bool) -> String {
        let shown = self.attributes.iter().filter(|one| shown(one.key.as_str()));
        let mut attributes: Vec<_> =
            shown.map(|one| format!("{}={}", one.key, one.value)).collect();
        attributes.sort();
        format!("{} {}", self.metric, attributes.join(" "))
    }
}

/// All points of an export.
pub(crate) fn points(exported: &ResourceMetrics) -> Vec<Point> {
    let mut points = Vec::new();
    for metric in exported.scope_metrics().flat_map(|scope| scope.metrics()) {
        let point = |attributes: &mut dyn Iterator<Item = &KeyValue>, value| Point {
            metric: metric.name().to_owned(),
            attributes: attributes.cloned().collect(),
            value,
        };
        match metric.data() {
            AggregatedMetrics::F64(MetricData::Histogram(data)) => points.extend(
                data.data_points().map(|one| point(&mut one.attributes(), one.count() as i64)),
            ),
            AggregatedMetrics::I64(MetricData::Sum(data)) => points
                .extend(data.data_points().map(|one| point(&mut one.attributes(), one.value()))),
            AggregatedMetrics::U64(MetricData::Sum(data)) => points.extend(
                data.data_points().map(|one| point(&mut one.attributes(), one.value() as i64)),
            ),
            other => panic!("{} is {other:?}", metric.name()),
        }
    }
    points
}
