//! Numbers, formatted for people.

use std::fmt::Write as _;

/// Formats milliseconds in a suitable unit.
pub(super) fn time(ms: f64) -> String {
    match ms {
        _ if ms < 1.0 => format!("{} µs", three(ms * 1000.0)),
        _ if ms < 1000.0 => format!("{} ms", three(ms)),
        _ if ms < 120_000.0 => format!("{} s", three(ms / 1000.0)),
        _ if ms < 7_200_000.0 => format!("{} min", three(ms / 60_000.0)),
        _ => format!("{} h", three(ms / 3_600_000.0)),
    }
}

/// The same, or a dash.
pub(super) fn time_or_none(ms: Option<f64>) -> String {
    ms.map_or_else(|| "–".to_owned(), time)
}

/// Formats a number of methods.
pub(super) fn methods(number: usize) -> String {
    match number {
        1 => "1 method".to_owned(),
        many => format!("{many} methods"),
    }
}

/// Formats a rate.
pub(super) fn rate(rate: f64) -> String {
    match rate {
        0.0 => "0".to_owned(),
        _ if rate < 0.01 => "<0.01".to_owned(),
        _ => three(rate),
    }
}

/// Formats a number with three significant digits, or more for a larger integer.
fn three(number: f64) -> String {
    let digits = match number {
        _ if number < 9.995 => 2,
        _ if number < 99.95 => 1,
        _ => return count(number.round() as u64),
    };
    let text = format!("{number:.digits$}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Formats a count with thousands separators.
pub(super) fn count(count: u64) -> String {
    let digits = count.to_string();
    let mut text = String::new();
    for (at, digit) in digits.char_indices() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        // Writing to a string can't fail.
        let _ = text.write_char(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::{count, rate, time};

    #[test]
    fn the_unit_fits() {
        for (ms, text) in [
            (0.0, "0 µs"),
            (0.25, "250 µs"),
            (0.999, "999 µs"),
            (1.0, "1 ms"),
            (1.234, "1.23 ms"),
            (56.78, "56.8 ms"),
            (999.4, "999 ms"),
            (1500.0, "1.5 s"),
            (100_000.0, "100 s"),
            (180_000.0, "3 min"),
            (86_400_000.0, "24 h"),
        ] {
            assert_eq!(time(ms), text);
        }
        assert_eq!([0, 999, 1000, 1_234_567].map(count), ["0", "999", "1,000", "1,234,567"]);
        assert_eq!(
            [0.0, 0.001, 0.5, 12.34, 12345.6].map(rate),
            ["0", "<0.01", "0.5", "12.3", "12,346"]
        );
    }
}
