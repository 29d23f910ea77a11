use bytes::{Buf as _, Bytes, BytesMut};
use tonic::{Status, codegen::http::HeaderMap};

use super::{
    framing::{Framing, Web},
    message::{PREFIX, RawMessage},
    web::{IS_TRAILERS, parse_trailers},
};

/// The maximum size of trailers that are read from a gRPC-Web body.
const LONGEST_TRAILERS: usize = 64 * 1024;

/// Finds messages in a body's data, which can be split at any point.
pub(super) struct Scan {
    framing: Framing,
    /// Whether messages are collected, or only counted.
    collects: bool,
    prefix: [u8; PREFIX],
    /// The number of prefix bytes read so far.
    filled: usize,
    /// The number of bytes of the message that are still missing.
    left: usize,
    collected: Option<BytesMut>,
}

/// The result of a scan.
pub(super) enum Found {
    /// A message that isn't collected.
    Passed,
    Message(RawMessage),
    /// Trailers in the body.
    Trailers(HeaderMap),
    /// A message too large to collect, with its length. It passes anyway.
    TooLarge(usize),
    /// Data that isn't gRPC. The scan can't continue after it.
    Invalid(Status),
}

impl Scan {
    pub(super) fn new(framing: Framing, collects: bool) -> Self {
        Scan { framing, collects, prefix: [0; PREFIX], filled: 0, left: 0, collected: None }
    }

    /// Returns whether the scan is between two messages.
    pub(super) fn is_between(&self) -> bool {
        self.filled == 0
    }

    /// Consumes data up to the end of the next message.
    pub(super) fn next(&mut self, data: &mut Bytes) -> Option<Found> {
        if let Some(found) = self.in_one_piece(data) {
            return Some(found);
        }
        if self.filled < PREFIX {
            let length = (PREFIX - self.filled).min(data.len());
            data.copy_to_slice(&mut self.prefix[self.filled..][..length]);
            self.filled += length;
            if self.filled < PREFIX {
                return None;
            }
            if let Some(problem) = self.begin() {
                return Some(problem);
            }
        }
        let length = self.left.min(data.len());
        match &mut self.collected {
            Some(collected) => collected.extend_from_slice(&data.split_to(length)),
            None => data.advance(length),
        }
        self.left -= length;
        (self.left == 0).then(|| self.finish())
    }

    /// A message is usually in one piece, and needn't be copied.
    fn in_one_piece(&mut self, data: &mut Bytes) -> Option<Found> {
        if !self.collects || self.filled > 0 {
            return None;
        }
        let prefix: [u8; PREFIX] = data.first_chunk().copied()?;
        let length = length_of(prefix);
        if prefix[0] > 1 || length > self.framing.limit || data.len() - PREFIX < length {
            return None;
        }
        Some(Found::Message(self.message(data.split_to(PREFIX + length))))
    }

    /// Called with a complete prefix.
    fn begin(&mut self) -> Option<Found> {
        self.left = length_of(self.prefix);
        let is_trailers = self.is_trailers();
        if self.prefix[0] > 1 && !is_trailers {
            return Some(Found::Invalid(Status::internal(format!(
                "protocol error: received message with invalid compression flag: {} (valid flags are 0 and 1)",
                self.prefix[0]
            ))));
        }
        if is_trailers && self.left > LONGEST_TRAILERS {
            return Some(Found::Invalid(Status::internal(
                "protocol error: the trailers are too long",
            )));
        }
        let is_too_large = !is_trailers && self.left > self.framing.limit;
        self.collected = ((self.collects || is_trailers) && !is_too_large)
            .then(|| BytesMut::from(&self.prefix[..]));
        (self.collects && is_too_large).then_some(Found::TooLarge(self.left))
    }

    fn is_trailers(&self) -> bool {
        self.framing.web != Web::No && self.prefix[0] & IS_TRAILERS != 0
    }

    fn finish(&mut self) -> Found {
        self.filled = 0;
        match self.collected.take() {
            Some(collected) if self.is_trailers() => {
                Found::Trailers(parse_trailers(&collected[PREFIX..]))
            }
            Some(collected) => Found::Message(self.message(collected.freeze())),
            None => Found::Passed,
        }
    }

    fn message(&self, wire: Bytes) -> RawMessage {
        RawMessage::of_wire(wire, self.framing.encoding, self.framing.limit)
    }
}

fn length_of([_, length @ ..]: [u8; PREFIX]) -> usize {
    u32::from_be_bytes(length) as usize
}
