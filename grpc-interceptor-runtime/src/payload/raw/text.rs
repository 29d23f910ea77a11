//! The text form of gRPC-Web: a body encoded as base64.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use bytes::{Bytes, BytesMut};

/// The number of characters that encode up to three bytes.
const GROUP: usize = 4;

/// Decodes a body's data, which can be split at any point. It can consist of several texts, each
/// with its own padding.
#[derive(Default)]
pub(super) struct Text {
    /// Characters that don't form a complete group yet.
    rest: BytesMut,
}

impl Text {
    /// Returns `None` if the data isn't base64.
    pub(super) fn decode(&mut self, data: &Bytes) -> Option<Bytes> {
        self.rest.extend_from_slice(data);
        let whole = self.rest.len() / GROUP * GROUP;
        let letters = self.rest.split_to(whole);
        let mut decoded = Vec::with_capacity(whole / GROUP * 3);
        // Each of these has padding only at its end.
        for text in letters.chunk_by(|before, after| *before != b'=' || *after == b'=') {
            STANDARD.decode_vec(text, &mut decoded).ok()?;
        }
        Some(decoded.into())
    }

    /// Returns whether no incomplete group is left.
    pub(super) fn is_whole(&self) -> bool {
        self.rest.is_empty()
    }
}

pub(super) fn encode_text(data: &[u8]) -> Bytes {
    STANDARD.encode(data).into()
}

#[cfg(test)]
mod tests {
    use super::{Bytes, Text, encode_text};

    #[test]
    fn it_is_decoded_wherever_it_is_cut() {
        let bytes = b"any bytes, and more";
        let text = [encode_text(&bytes[..1]), encode_text(&bytes[1..6]), encode_text(&bytes[6..])];
        let text = text.concat();
        for length in 1..=text.len() {
            let mut decoder = Text::default();
            let decode = |piece: &[u8]| decoder.decode(&Bytes::copy_from_slice(piece)).unwrap();
            let decoded: Vec<Bytes> = text.chunks(length).map(decode).collect();
            assert_eq!(decoded.concat(), bytes, "cut after {length}");
            assert!(decoder.is_whole());
        }
        let mut decoder = Text::default();
        assert_eq!(decoder.decode(&Bytes::from_static(b"YW55IGI")).unwrap(), "any".as_bytes());
        assert!(!decoder.is_whole());
        assert!(Text::default().decode(&Bytes::from_static(b"????")).is_none());
    }
}
