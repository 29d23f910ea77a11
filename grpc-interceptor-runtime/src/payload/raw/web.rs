//! Trailers in the body, which gRPC-Web uses.

use bytes::{BufMut as _, Bytes, BytesMut};
use tonic::codegen::http::{HeaderMap, HeaderName, HeaderValue};

/// The flag that marks trailers rather than a message.
pub(super) const IS_TRAILERS: u8 = 0x80;

/// Parses lines of `name: value`. Ignores any other lines.
pub(super) fn parse_trailers(text: &[u8]) -> HeaderMap {
    let mut trailers = HeaderMap::new();
    for line in text.split(|&byte| byte == b'\n') {
        let Some(colon) = line.iter().position(|&byte| byte == b':') else { continue };
        let (name, value) = (line[..colon].trim_ascii(), line[colon + 1..].trim_ascii());
        if let (Ok(name), Ok(value)) =
            (HeaderName::from_bytes(name), HeaderValue::from_bytes(value))
        {
            trailers.append(name, value);
        }
    }
    trailers
}

pub(super) fn encode_trailers(trailers: &HeaderMap) -> Bytes {
    let mut lines = Vec::new();
    for (name, value) in trailers {
        lines.extend_from_slice(name.as_str().as_bytes());
        lines.push(b':');
        lines.extend_from_slice(value.as_bytes());
        lines.extend_from_slice(b"\r\n");
    }
    let mut data = BytesMut::with_capacity(lines.len() + 5);
    data.put_u8(IS_TRAILERS);
    data.put_u32(lines.len() as u32);
    data.put_slice(&lines);
    data.freeze()
}

#[cfg(test)]
mod tests {
    use super::{encode_trailers, parse_trailers};

    #[test]
    fn trailers_are_lines() {
        let trailers =
            parse_trailers(b"grpc-status: 5\r\ngrpc-message:gone\r\nnot a line\r\na: 1\na: 2");
        assert_eq!(trailers["grpc-status"], "5");
        assert_eq!(trailers["grpc-message"], "gone");
        assert_eq!(trailers.get_all("a").iter().collect::<Vec<_>>(), ["1", "2"]);
        assert_eq!(trailers.len(), 4);
        assert_eq!(parse_trailers(&encode_trailers(&trailers)[5..]), trailers);
    }
}
