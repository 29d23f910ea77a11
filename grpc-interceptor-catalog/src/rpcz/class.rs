//! How samples are classified: successful calls by their latency, failed calls by their code.

use grpc_interceptor_runtime::__private::code_name;
use tonic::Code;

/// Where OpenCensus' buckets begin, in nanoseconds: at zero, 10 µs, 100 µs and so on, up to 100 s.
pub(super) const BUCKETS: [u64; 9] = [
    0,
    10_000,
    100_000,
    1_000_000,
    10_000_000,
    100_000_000,
    1_000_000_000,
    10_000_000_000,
    100_000_000_000,
];

/// All codes except OK.
const ERRORS: usize = 16;

pub(super) const CLASSES: usize = BUCKETS.len() + ERRORS;

/// A latency bucket or an error code.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Class(usize);

impl Class {
    pub(super) fn of(code: Code, nanos: u64) -> Self {
        match code {
            Code::Ok => Class(BUCKETS.iter().rposition(|from| nanos >= *from).unwrap_or(0)),
            code => Class(BUCKETS.len() + code as usize - 1),
        }
    }

    pub(super) fn all() -> impl Iterator<Item = Class> {
        (0..CLASSES).map(Class)
    }

    pub(super) fn number(self) -> usize {
        self.0
    }

    pub(super) fn is_error(self) -> bool {
        self.0 >= BUCKETS.len()
    }

    /// The name of the code; `OK` for a latency bucket.
    pub(super) fn code(self) -> &'static str {
        match self.0.checked_sub(BUCKETS.len()) {
            Some(code) => code_name(Code::from_i32(code as i32 + 1)),
            None => code_name(Code::Ok),
        }
    }

    /// The bucket's start and end in nanoseconds, for a success. The last bucket has no end.
    pub(super) fn bucket(self) -> Option<(u64, Option<u64>)> {
        Some((*BUCKETS.get(self.0)?, BUCKETS.get(self.0 + 1).copied()))
    }
}

#[cfg(test)]
mod tests {
    use tonic::Code;

    use super::{BUCKETS, Class};

    #[test]
    fn successes_are_classified_by_duration_and_failures_by_code() {
        for (number, from) in BUCKETS.into_iter().enumerate() {
            assert_eq!(Class::of(Code::Ok, from), Class(number));
            assert_eq!(Class(number).bucket().unwrap().0, from);
            if from > 0 {
                assert_eq!(Class::of(Code::Ok, from - 1), Class(number - 1));
            }
        }
        for code in 1..=16 {
            let code = Code::from_i32(code);
            let class = Class::of(code, 5);
            assert!(class.is_error() && class.bucket().is_none());
            assert_eq!(class.code().replace('_', ""), format!("{code:?}").to_uppercase());
        }
        assert_eq!(Class::all().count(), 25);
    }
}
