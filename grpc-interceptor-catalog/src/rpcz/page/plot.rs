//! Small plots of the last ten minutes, as SVG without text: what they say is beside them.

use std::fmt::Write as _;

use crate::rpcz::{rates::WINDOWS, snapshot::Point};

const HEIGHT: f64 = 24.0;

/// One line of a plot.
struct Line<'a> {
    class: &'static str,
    value: &'a dyn Fn(&Point) -> Option<f64>,
}

/// The calls and the errors per second.
pub(super) fn rate(points: &[Point]) -> String {
    plot(
        points,
        "Calls per second over the last ten minutes",
        &[
            Line { class: "calls", value: &|point| Some(point.rate.calls_per_second) },
            Line {
                class: "errors",
                value: &|point| Some(point.rate.errors_per_second).filter(|errors| *errors > 0.0),
            },
        ],
    )
}

/// The median and the 99th percentile.
pub(super) fn latency(points: &[Point]) -> String {
    plot(
        points,
        "Latency over the last ten minutes",
        &[
            Line { class: "p99", value: &|point| point.p99_ms },
            Line { class: "p50", value: &|point| point.p50_ms },
        ],
    )
}

/// The most of a plot of rates.
pub(super) fn most_calls(points: &[Point]) -> f64 {
    points.iter().map(|point| point.rate.calls_per_second).fold(0.0, f64::max)
}

/// The most of a plot of latencies.
pub(super) fn longest(points: &[Point]) -> Option<f64> {
    points.iter().filter_map(|point| point.p99_ms).max_by(f64::total_cmp)
}

fn plot(points: &[Point], title: &str, lines: &[Line<'_>]) -> String {
    let values = lines.iter().flat_map(|line| points.iter().filter_map(line.value));
    let most = values.fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WINDOWS} {HEIGHT}\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"{title}\">"
    );
    for line in lines {
        let path = path(points, line.value, most);
        // To a string: it can't fail.
        let _ = write!(svg, "<path class=\"{}\" d=\"{path}\"/>", line.class);
    }
    svg.push_str("</svg>");
    svg
}

/// A step for each window. Between windows that don't follow each other there is a gap.
fn path(points: &[Point], value: &dyn Fn(&Point) -> Option<f64>, most: f64) -> String {
    let mut path = String::new();
    let mut end = None;
    for point in points {
        let Some(value) = value(point) else { continue };
        let x = (WINDOWS - 1).saturating_sub(point.windows_ago);
        // A pixel from each edge.
        let y = HEIGHT - 1.0 - value / most * (HEIGHT - 2.0);
        let _ = match end == Some(x) {
            true => write!(path, "V{y:.1}H{}", x + 1),
            false => write!(path, "M{x} {y:.1}H{}", x + 1),
        };
        end = Some(x + 1);
    }
    path
}

#[cfg(test)]
mod tests {
    use super::{latency, rate};
    use crate::rpcz::snapshot::{PerSecond, Point};

    fn point(windows_ago: u64, calls: f64, errors: f64) -> Point {
        Point {
            windows_ago,
            rate: PerSecond { calls_per_second: calls, errors_per_second: errors },
            p50_ms: Some(1.0),
            p99_ms: Some(2.0),
        }
    }

    #[test]
    fn a_line_has_a_gap_where_nothing_was() {
        let svg = rate(&[point(119, 10.0, 0.0), point(118, 5.0, 0.0), point(0, 10.0, 10.0)]);
        assert!(svg.contains("class=\"calls\" d=\"M0 1.0H1V12.0H2M119 1.0H120\""), "{svg}");
        assert!(svg.contains("class=\"errors\" d=\"M119 1.0H120\""), "{svg}");
        let svg = latency(&[point(0, 1.0, 0.0)]);
        assert!(svg.contains("class=\"p50\" d=\"M119 12.0H120\""), "{svg}");
        assert!(rate(&[]).contains("class=\"calls\" d=\"\""));
    }
}
