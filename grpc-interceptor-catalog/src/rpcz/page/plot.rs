//! Small plots of the last ten minutes, as SVG without text. Their labels are next to them.

use std::fmt::Write as _;

use crate::rpcz::{rates::WINDOWS, snapshot::Point};

const HEIGHT: f64 = 24.0;

/// The bars of one series. Later ones are drawn in front.
struct Bars<'a> {
    class: &'static str,
    value: &'a dyn Fn(&Point) -> Option<f64>,
}

/// Plots the calls and the errors per second.
pub(super) fn rate(points: &[Point]) -> String {
    plot(
        points,
        "Calls per second over the last ten minutes",
        &[
            Bars { class: "calls", value: &|point| Some(point.rate.calls_per_second) },
            Bars {
                class: "errors",
                value: &|point| Some(point.rate.errors_per_second).filter(|errors| *errors > 0.0),
            },
        ],
    )
}

/// Plots the median and the 99th percentile.
pub(super) fn latency(points: &[Point]) -> String {
    plot(
        points,
        "Latency over the last ten minutes",
        &[
            Bars { class: "p99", value: &|point| point.p99_ms },
            Bars { class: "p50", value: &|point| point.p50_ms },
        ],
    )
}

/// Returns the highest rate in a plot.
pub(super) fn most_calls(points: &[Point]) -> f64 {
    points.iter().map(|point| point.rate.calls_per_second).fold(0.0, f64::max)
}

/// Returns the longest latency in a plot.
pub(super) fn longest(points: &[Point]) -> Option<f64> {
    points.iter().filter_map(|point| point.p99_ms).max_by(f64::total_cmp)
}

fn plot(points: &[Point], title: &str, bars: &[Bars<'_>]) -> String {
    let values = bars.iter().flat_map(|bars| points.iter().filter_map(bars.value));
    let most = values.fold(f64::MIN_POSITIVE, f64::max);
    let mut svg = format!(
        "<svg class=\"plot\" viewBox=\"0 0 {WINDOWS} {HEIGHT}\" preserveAspectRatio=\"none\" \
         role=\"img\" aria-label=\"{title}\">"
    );
    for bars in bars {
        let path = path(points, bars.value, most);
        // Writing to a string can't fail.
        let _ = write!(svg, "<path class=\"{}\" d=\"{path}\"/>", bars.class);
    }
    svg.push_str("</svg>");
    svg
}

/// Draws a bar for each window.
fn path(points: &[Point], value: &dyn Fn(&Point) -> Option<f64>, most: f64) -> String {
    let mut path = String::new();
    for point in points {
        let Some(value) = value(point) else { continue };
        let x = (WINDOWS - 1).saturating_sub(point.windows_ago);
        // Every value stays visible, however small it is.
        let height = (value / most * HEIGHT).max(1.0);
        let _ = write!(path, "M{x} {HEIGHT}v-{height:.1}h1v{height:.1}z");
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
    fn each_window_has_a_bar() {
        let svg = rate(&[point(119, 10.0, 0.0), point(118, 5.0, 0.0), point(0, 10.0, 10.0)]);
        let calls = "M0 24v-24.0h1v24.0zM1 24v-12.0h1v12.0zM119 24v-24.0h1v24.0z";
        assert!(svg.contains(&format!("class=\"calls\" d=\"{calls}\"")), "{svg}");
        assert!(svg.contains("class=\"errors\" d=\"M119 24v-24.0h1v24.0z\""), "{svg}");
        let svg = latency(&[point(0, 1.0, 0.0)]);
        assert!(svg.contains("class=\"p50\" d=\"M119 24v-12.0h1v12.0z\""), "{svg}");
        assert!(rate(&[]).contains("class=\"calls\" d=\"\""));
    }
}
