use prost::bytes::{Buf as _, BufMut as _};
use tonic::{
    Status,
    codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder},
};

include!(concat!(env!("OUT_DIR"), "/standard/text.Lines.rs"));

/// A message that isn't prost's: it has no default value and can't be cloned.
#[derive(Debug, PartialEq)]
pub struct Line(pub String);

impl From<Line> for String {
    fn from(line: Line) -> Self {
        line.0
    }
}

impl From<String> for Line {
    fn from(line: String) -> Self {
        Line(line)
    }
}

/// Encodes messages as UTF-8 text that is never empty.
pub struct TextCodec<E, D>(std::marker::PhantomData<(E, D)>);

impl<E, D> Default for TextCodec<E, D> {
    fn default() -> Self {
        TextCodec(std::marker::PhantomData)
    }
}

impl<E, D> Codec for TextCodec<E, D>
where
    E: Into<String> + Send + 'static,
    D: From<String> + Send + 'static,
{
    type Encode = E;
    type Decode = D;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self::default()
    }

    fn decoder(&mut self) -> Self {
        Self::default()
    }
}

impl<E: Into<String>, D> Encoder for TextCodec<E, D> {
    type Item = E;
    type Error = Status;

    fn encode(&mut self, item: E, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        buffer.put_slice(item.into().as_bytes());
        Ok(())
    }
}

impl<E, D: From<String>> Decoder for TextCodec<E, D> {
    type Item = D;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<D>, Status> {
        let mut bytes = vec![0; buffer.remaining()];
        buffer.copy_to_slice(&mut bytes);
        match String::from_utf8(bytes) {
            Ok(text) if !text.is_empty() => Ok(Some(text.into())),
            _ => Err(Status::internal("a message is UTF-8 text that is not empty")),
        }
    }
}
