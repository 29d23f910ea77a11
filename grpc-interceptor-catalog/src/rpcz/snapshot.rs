//! What a page shows, as plain data. The JSON is serialized from it.

use std::{collections::BTreeMap, sync::Arc, time::Duration};

use serde::Serialize;

use super::{
    class::Class,
    counters::Totals,
    in_flight::Listed,
    method::Method,
    rates::{Rate, Rates, WINDOW, WINDOWS, Window, since, window_at},
    samples::Sample,
    state::State,
};
use crate::{
    kind_name::kind_name,
    names::{cause_name, side_name},
};

/// The contents of a page.
#[derive(Serialize)]
pub(super) struct Snapshot {
    pub(super) uptime_seconds: f64,
    /// The requested methods.
    pub(super) methods: Vec<Row>,
    /// The total number of methods.
    pub(super) methods_in_all: usize,
    /// The calls in flight to these methods, oldest first.
    pub(super) in_flight: Vec<Flying>,
    /// How many more calls to them are in flight than are listed.
    pub(super) in_flight_unlisted: u64,
    /// Present if a single method was requested.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) method: Option<Details>,
}

/// A method.
#[derive(Serialize)]
pub(super) struct Row {
    /// The id that selects it in a query: `server/pkg.Service/Method`.
    pub(super) id: String,
    pub(super) name: &'static str,
    pub(super) side: &'static str,
    pub(super) kind: &'static str,
    pub(super) started: u64,
    pub(super) in_flight: u64,
    pub(super) ok: u64,
    pub(super) errors: u64,
    pub(super) errors_by_code: BTreeMap<&'static str, u64>,
    pub(super) request_messages: u64,
    pub(super) response_messages: u64,
    pub(super) rates: RatesOfRow,
    /// Since the start.
    pub(super) latency: Latency,
    /// The last ten minutes, without windows in which no call ended.
    pub(super) windows: Vec<Point>,
}

#[derive(Serialize)]
pub(super) struct RatesOfRow {
    pub(super) minute: PerSecond,
    pub(super) hour: PerSecond,
    pub(super) start: PerSecond,
}

/// Calls that have ended.
#[derive(Serialize)]
pub(super) struct PerSecond {
    pub(super) calls_per_second: f64,
    pub(super) errors_per_second: f64,
}

#[derive(Serialize)]
pub(super) struct Latency {
    pub(super) p50_ms: Option<f64>,
    pub(super) p90_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
}

/// A window of five seconds.
#[derive(Serialize)]
pub(super) struct Point {
    /// How many windows ago it was. 0 is the current window.
    pub(super) windows_ago: u64,
    #[serde(flatten)]
    pub(super) rate: PerSecond,
    pub(super) p50_ms: Option<f64>,
    pub(super) p99_ms: Option<f64>,
}

/// A call in flight.
#[derive(Serialize)]
pub(super) struct Flying {
    /// Identifies the call.
    #[serde(skip)]
    pub(super) key: String,
    pub(super) method: String,
    pub(super) age_ms: f64,
    pub(super) request_messages: u64,
    pub(super) response_messages: u64,
    #[serde(flatten)]
    pub(super) start: AtStart,
}

/// What was known about a call when it started.
#[derive(Serialize)]
pub(super) struct AtStart {
    pub(super) deadline_ms: Option<f64>,
    pub(super) peer: Option<String>,
    /// Keys and values, in the order in which they arrived.
    pub(super) metadata: Vec<(String, String)>,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) fields: String,
}

/// The details of a method.
#[derive(Serialize)]
pub(super) struct Details {
    pub(super) id: String,
    pub(super) buckets: Vec<Bucket>,
    pub(super) codes: Vec<OfCode>,
}

/// The calls that succeeded within a range of durations.
#[derive(Serialize)]
pub(super) struct Bucket {
    pub(super) from_ms: f64,
    pub(super) to_ms: Option<f64>,
    pub(super) count: u64,
    pub(super) samples: Vec<Ended>,
}

/// The calls that failed with a code.
#[derive(Serialize)]
pub(super) struct OfCode {
    pub(super) code: &'static str,
    pub(super) count: u64,
    pub(super) samples: Vec<Ended>,
}

/// A call that has ended.
#[derive(Serialize)]
pub(super) struct Ended {
    /// Identifies the call.
    #[serde(skip)]
    pub(super) key: String,
    pub(super) code: &'static str,
    pub(super) cause: &'static str,
    pub(super) ended_ms_ago: f64,
    pub(super) elapsed_ms: f64,
    #[serde(skip_serializing_if = "String::is_empty")]
    pub(super) message: String,
    pub(super) request_messages: u64,
    pub(super) response_messages: u64,
    /// `None` if the call wasn't listed while it was in flight.
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    pub(super) start: Option<AtStart>,
}

impl Snapshot {
    /// Takes a snapshot of the method with this id, or of those whose names contain the filter,
    /// with at most this many calls in flight.
    pub(super) fn new(state: &State, filter: &str, id: Option<&str>, most: usize) -> Self {
        let methods = state.methods.list();
        let filter = filter.to_lowercase();
        let is_wanted = |method: &Arc<Method>| match id {
            Some(id) => id_of(method) == id,
            None => filter.is_empty() || id_of(method).to_lowercase().contains(&filter),
        };
        // Indexed by method number.
        let are_wanted: Vec<bool> = methods.iter().map(is_wanted).collect();
        let wanted: Vec<_> = methods.iter().filter(|method| are_wanted[method.number]).collect();
        // Before the counts, so that no more calls are listed than are in flight.
        let is_wanted = |number: usize| are_wanted.get(number).is_some_and(|is_wanted| *is_wanted);
        let listed = state.in_flight.list(most, is_wanted);
        let now = state.now();
        let rows: Vec<_> = wanted.iter().map(|method| Row::new(method, now)).collect();
        let flying = |call: &Listed| Flying::new(&methods[call.details.method], call, now);
        let in_flight: Vec<_> = listed.iter().map(flying).collect();
        let in_all: u64 = rows.iter().map(|row| row.in_flight).sum();
        let method = match (id, &wanted[..]) {
            (Some(_), [method]) => Some(Details::new(method, now)),
            _ => None,
        };
        Snapshot {
            uptime_seconds: Duration::from_nanos(now).as_secs_f64(),
            methods: rows,
            methods_in_all: methods.len(),
            in_flight_unlisted: in_all.saturating_sub(in_flight.len() as u64),
            in_flight,
            method,
        }
    }
}

/// Returns `server/pkg.Service/Method`.
fn id_of(method: &Method) -> String {
    let name = method.key.name;
    let slash = if name.starts_with('/') { "" } else { "/" };
    format!("{}{slash}{name}", side_name(method.key.side))
}

impl Row {
    fn new(method: &Method, now: u64) -> Self {
        method.read(now, |totals, rates| Self::of(method, now, totals, rates))
    }

    fn of(method: &Method, now: u64, totals: &Totals, rates: &Rates) -> Self {
        let errors = Class::all().filter(|class| class.is_error());
        let errors = errors.map(|class| (class.code(), totals.of_class(class)));
        let window = window_at(now);
        let ms = |part| totals.times.quantile(part).map(milliseconds);
        Row {
            id: id_of(method),
            name: method.key.name.trim_start_matches('/'),
            side: side_name(method.key.side),
            kind: kind_name(method.key.kind),
            started: totals.started,
            in_flight: totals.in_flight(),
            ok: totals.ok(),
            errors: totals.errors(),
            errors_by_code: errors.filter(|(_, count)| *count > 0).collect(),
            request_messages: totals.requests,
            response_messages: totals.responses,
            rates: RatesOfRow {
                minute: rates.last_minute(now, totals).into(),
                hour: rates.last_hour(now, totals).into(),
                start: Rates::since_start(now, totals).into(),
            },
            latency: Latency { p50_ms: ms(0.5), p90_ms: ms(0.9), p99_ms: ms(0.99) },
            windows: rates
                .windows(totals)
                .filter(|point| point.calls > 0 && point.number + WINDOWS > window)
                .map(|point| Point::new(point, now))
                .collect(),
        }
    }
}

impl From<Rate> for PerSecond {
    fn from(Rate { calls, errors }: Rate) -> Self {
        PerSecond { calls_per_second: rounded(calls), errors_per_second: rounded(errors) }
    }
}

impl Point {
    fn new(window: Window, now: u64) -> Self {
        let so_far = since(now, window.number).min(WINDOW);
        Point {
            windows_ago: window_at(now).saturating_sub(window.number),
            rate: Rate::new(window.calls, window.errors, so_far).into(),
            p50_ms: window.p50.map(milliseconds),
            p99_ms: window.p99.map(milliseconds),
        }
    }
}

impl Flying {
    fn new(method: &Method, call: &Listed, now: u64) -> Self {
        let details = &call.details;
        let age = Duration::from_nanos(now.saturating_sub(details.start));
        Flying {
            key: call.key.to_string(),
            method: id_of(method),
            age_ms: milliseconds(age),
            request_messages: call.requests,
            response_messages: call.responses,
            start: AtStart {
                deadline_ms: details
                    .deadline
                    .map(|nanos| milliseconds(Duration::from_nanos(nanos))),
                peer: details.peer.map(|peer| peer.to_string()),
                metadata: entries(&details.texts.metadata),
                fields: details.texts.fields.clone(),
            },
        }
    }
}

impl Details {
    fn new(method: &Method, now: u64) -> Self {
        let totals = method.totals();
        let mut details = Details { id: id_of(method), buckets: Vec::new(), codes: Vec::new() };
        for class in Class::all() {
            let samples = method.samples.of(class);
            let samples =
                samples.into_iter().map(|sample| Ended::new(class, sample, now)).collect();
            let (count, code) = (totals.of_class(class), class.code());
            match class.bucket() {
                Some((from, to)) => details.buckets.push(Bucket {
                    from_ms: milliseconds(Duration::from_nanos(from)),
                    to_ms: to.map(|to| milliseconds(Duration::from_nanos(to))),
                    count,
                    samples,
                }),
                None if count == 0 => {}
                None => details.codes.push(OfCode { code, count, samples }),
            }
        }
        details
    }
}

impl Ended {
    fn new(class: Class, sample: Sample, now: u64) -> Self {
        Ended {
            key: format!("{}-{}", sample.end, sample.nanos),
            code: class.code(),
            cause: sample.cause.map_or("unknown", cause_name),
            ended_ms_ago: milliseconds(Duration::from_nanos(now.saturating_sub(sample.end))),
            elapsed_ms: milliseconds(Duration::from_nanos(sample.nanos)),
            message: sample.message,
            request_messages: sample.requests,
            response_messages: sample.responses,
            start: sample.is_whole.then(|| AtStart {
                deadline_ms: sample.deadline.map(|nanos| milliseconds(Duration::from_nanos(nanos))),
                peer: sample.peer.map(|peer| peer.to_string()),
                metadata: entries(&sample.texts.metadata),
                fields: sample.texts.fields,
            }),
        }
    }
}

fn entries(metadata: &str) -> Vec<(String, String)> {
    let entry = |line: &str| {
        let (key, value) = line.split_once(": ").unwrap_or((line, ""));
        (key.to_owned(), value.to_owned())
    };
    metadata.lines().map(entry).collect()
}

/// Truncated to whole microseconds.
fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1000.0
}

fn rounded(rate: f64) -> f64 {
    (rate * 1000.0).round() / 1000.0
}
