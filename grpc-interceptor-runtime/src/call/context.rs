use std::time::{Duration, Instant};

use tonic::{codegen::http::HeaderName, metadata::MetadataMap};

use super::method_name::MethodName;

/// Parsed once: a lookup by a `&str` parses it anew for each call.
static GRPC_TIMEOUT: HeaderName = HeaderName::from_static("grpc-timeout");

/// What is known of a call besides its request: which RPC it is, on which side, and until when the
/// caller waits.
///
/// It is [`Copy`], so that it can be moved into a closure on a stream.
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome};
/// use tonic::{Request, Status};
///
/// /// Refuses what can't be done in time.
/// async fn in_time<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
///     if context.time_remaining().is_some_and(|remaining| remaining.as_millis() < 10) {
///         return Err(Status::deadline_exceeded("less than 10 ms left"));
///     }
///     next.run(request).await
/// }
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Context {
    method_name: MethodName<'static>,
    kind: RpcKind,
    side: Side,
    deadline: Option<Instant>,
}

impl Context {
    /// The context of a call that starts now, with the deadline that its metadata asks for.
    pub(crate) fn new(
        method_name: MethodName<'static>,
        kind: RpcKind,
        side: Side,
        metadata: &MetadataMap,
    ) -> Self {
        let timeout =
            metadata.as_ref().get(&GRPC_TIMEOUT).and_then(|value| parse_timeout(value.as_bytes()));
        Context {
            method_name,
            kind,
            side,
            // A deadline that no clock can tell is none.
            deadline: timeout.and_then(|timeout| now().checked_add(timeout)),
        }
    }

    /// The RPC's name, exactly as it is on the wire: `"/pkg.Service/Method"`.
    #[must_use]
    pub const fn method_name(&self) -> MethodName<'static> {
        self.method_name
    }

    /// Whether one message or many go each way.
    #[must_use]
    pub const fn kind(&self) -> RpcKind {
        self.kind
    }

    /// Whether the interceptor runs on the server or on the client.
    #[must_use]
    pub const fn side(&self) -> Side {
        self.side
    }

    /// When the caller stops waiting, or `None` where it set no timeout.
    ///
    /// It is the request's `grpc-timeout`, counted from when the call reached the chain.
    #[must_use]
    pub const fn deadline(&self) -> Option<Instant> {
        self.deadline
    }

    /// How long the caller still waits: zero where the [deadline](Context::deadline) has passed,
    /// `None` where there is none.
    ///
    /// The clock is tokio's, so a test may pause and advance it.
    #[must_use]
    pub fn time_remaining(&self) -> Option<Duration> {
        self.deadline.map(|deadline| deadline.saturating_duration_since(now()))
    }
}

fn now() -> Instant {
    tokio::time::Instant::now().into_std()
}

/// Whether an RPC has one message or many each way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum RpcKind {
    /// One request, one response.
    Unary,
    /// Many requests, one response.
    ClientStreaming,
    /// One request, many responses.
    ServerStreaming,
    /// Many requests, many responses.
    Bidirectional,
}

impl RpcKind {
    pub(crate) const fn new(client_streaming: bool, server_streaming: bool) -> Self {
        match (client_streaming, server_streaming) {
            (false, false) => RpcKind::Unary,
            (true, false) => RpcKind::ClientStreaming,
            (false, true) => RpcKind::ServerStreaming,
            (true, true) => RpcKind::Bidirectional,
        }
    }

    /// Whether the client may send more than one message.
    #[must_use]
    pub const fn is_client_streaming(self) -> bool {
        matches!(self, RpcKind::ClientStreaming | RpcKind::Bidirectional)
    }

    /// Whether the server may send more than one message.
    #[must_use]
    pub const fn is_server_streaming(self) -> bool {
        matches!(self, RpcKind::ServerStreaming | RpcKind::Bidirectional)
    }
}

/// Where an interceptor runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Side {
    /// Around a handler.
    Server,
    /// Around a call that goes out.
    Client,
}

/// Reads the value of `grpc-timeout`: at most eight digits and a unit. `None` where it is
/// malformed, as tonic ignores it then, too.
fn parse_timeout(value: &[u8]) -> Option<Duration> {
    let (unit, digits) = value.split_last()?;
    if digits.is_empty() || digits.len() > 8 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let count = digits.iter().fold(0, |count, digit| count * 10 + u64::from(digit - b'0'));
    Some(match unit {
        b'H' => Duration::from_secs(count * 60 * 60),
        b'M' => Duration::from_secs(count * 60),
        b'S' => Duration::from_secs(count),
        b'm' => Duration::from_millis(count),
        b'u' => Duration::from_micros(count),
        b'n' => Duration::from_nanos(count),
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tonic::metadata::MetadataMap;

    use super::{Context, RpcKind, Side, parse_timeout};
    use crate::MethodName;

    #[test]
    fn a_timeout_is_digits_and_a_unit() {
        let cases = [
            ("1H", Duration::from_secs(3600)),
            ("2M", Duration::from_secs(120)),
            ("3S", Duration::from_secs(3)),
            ("4m", Duration::from_millis(4)),
            ("5u", Duration::from_micros(5)),
            ("99999999n", Duration::from_nanos(99_999_999)),
            ("0S", Duration::ZERO),
        ];
        for (value, timeout) in cases {
            assert_eq!(parse_timeout(value.as_bytes()), Some(timeout), "{value}");
        }
        for value in ["", "S", "1", "1s", "-1S", "+1S", "1.5S", " 1S", "123456789S", "1SS"] {
            assert_eq!(parse_timeout(value.as_bytes()), None, "{value}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn the_time_remaining_goes_down_to_zero() {
        let mut metadata = MetadataMap::new();
        let name = MethodName::parse("/a/b").unwrap();
        let context = Context::new(name, RpcKind::Unary, Side::Server, &metadata);
        assert_eq!((context.deadline(), context.time_remaining()), (None, None));

        metadata.insert("grpc-timeout", "2S".parse().unwrap());
        let context = Context::new(name, RpcKind::Unary, Side::Server, &metadata);
        assert_eq!(context.time_remaining(), Some(Duration::from_secs(2)));
        tokio::time::advance(Duration::from_millis(1500)).await;
        assert_eq!(context.time_remaining(), Some(Duration::from_millis(500)));
        tokio::time::advance(Duration::from_secs(1)).await;
        assert_eq!(context.time_remaining(), Some(Duration::ZERO));
    }
}
