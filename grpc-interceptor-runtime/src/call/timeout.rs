//! Parses `grpc-timeout` exactly as tonic's server does, so that [`Context`](crate::Context)
//! reports the deadline that tonic enforces.

use std::time::{Duration, Instant};

use tonic::{codegen::http::HeaderName, metadata::MetadataMap};

use super::clock::now;

/// Parsed once: looking it up by `&str` would parse it again on each call.
pub(crate) static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// Returns how long the caller waits, if it says. Like tonic, ignores a malformed value.
pub(super) fn timeout_of(metadata: &MetadataMap) -> Option<Duration> {
    metadata.as_ref().get(&GRPC_TIMEOUT).and_then(|value| parse(value.to_str().ok()?))
}

/// Returns the caller's deadline, counted from now. `None` if there is no timeout, or if it is too
/// long for the clock to represent.
pub(super) fn deadline_in(metadata: &MetadataMap) -> Option<Instant> {
    let timeout = timeout_of(metadata)?;
    now().checked_add(timeout)
}

/// Parses the value: a number of at most eight characters, then a unit. Tonic uses Rust's number
/// parser, which accepts a leading plus.
fn parse(value: &str) -> Option<Duration> {
    let (number, unit) = value.split_at_checked(value.len().checked_sub(1)?)?;
    if number.len() > 8 {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    Some(match unit {
        "H" => Duration::from_secs(number * 60 * 60),
        "M" => Duration::from_secs(number * 60),
        "S" => Duration::from_secs(number),
        "m" => Duration::from_millis(number),
        "u" => Duration::from_micros(number),
        "n" => Duration::from_nanos(number),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::parse;

    #[test]
    fn a_timeout_is_a_number_and_a_unit() {
        let cases = [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("3S", Duration::from_secs(3)),
            ("4m", Duration::from_millis(4)),
            ("+50m", Duration::from_millis(50)),
            ("5u", Duration::from_micros(5)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("99999999H", Duration::from_secs(99_999_999 * 3600)),
            ("+9999999S", Duration::from_secs(9_999_999)),
            ("0S", Duration::ZERO),
        ];
        for (value, timeout) in cases {
            assert_eq!(parse(value), Some(timeout), "{value}");
        }
        for value in [
            "",
            "S",
            "+S",
            "1",
            "1s",
            "-1S",
            "++1S",
            "1.5S",
            " 1S",
            "1 S",
            "123456789S",
            "+12345678S",
            "1SS",
            "é",
            "1é",
        ] {
            assert_eq!(parse(value), None, "{value}");
        }
    }
}
