//! Messages in wire format, well-formed and malformed.

use grpc_interceptor_proto::greeter::HelloRequest;
use prost::Message as _;
use tonic::{
    Code, Status,
    codegen::{
        Bytes,
        http::{HeaderMap, HeaderName},
    },
    metadata::{MetadataMap, MetadataValue},
};

use crate::raw::{Failure, Part};

/// The message "zip", compressed, with the prefix that says so.
pub const GZIPPED: &[u8] = b"\x01\0\0\0\x19\
    \x1f\x8b\x08\0\0\0\0\0\x02\xff\xe3\x62\xae\xca\x2c\0\0\x06\x0c\x7b\x23\x05\0\0\0";

/// The length prefix of a message, and its bytes.
fn framed(message: &[u8]) -> Vec<u8> {
    let length = u32::try_from(message.len()).expect("no test has a message of 4 GB");
    [&[0], &length.to_be_bytes()[..], message].concat()
}

/// A message with this text, which is the first field of every request and reply.
pub fn message(text: &str) -> Bytes {
    framed(&HelloRequest { name: text.to_owned() }.encode_to_vec()).into()
}

/// Timeouts, some of them not valid gRPC.
pub const TIMEOUTS: [&str; 10] =
    ["+50m", "1", "", "123456789m", "0n", "1m", "50S", "-1S", "99999999H", "1x"];

/// Longer than what tonic sends at once.
pub fn large() -> String {
    "large ".repeat(10_000)
}

/// Data that isn't a message.
pub fn malformed() -> Vec<(&'static str, Bytes)> {
    let too_long = (4 * 1024 * 1024_u32 + 1).to_be_bytes();
    let zip_that_is_none = b"\x01\0\0\0\x05\x1f\x8bzip";
    vec![
        ("an invalid compression flag", Bytes::from_static(b"\x02\0\0\0\0")),
        ("an invalid flag on a message", [b"\x07", &message("flag")[1..]].concat().into()),
        ("the compressed flag", Bytes::from_static(b"\x01\0\0\0\0")),
        ("a compressed message", Bytes::from_static(GZIPPED)),
        ("a broken zip", Bytes::from_static(zip_that_is_none)),
        ("a length over the limit", [b"\0", &too_long[..]].concat().into()),
        ("the greatest length", Bytes::from_static(b"\0\xff\xff\xff\xff")),
        ("a truncated header", Bytes::from_static(b"\0\0\0")),
        ("a header alone", Bytes::from_static(b"\0\0\0\0\x09")),
        ("a truncated body", message("truncated").split_to(9)),
        ("a broken protobuf", framed(b"\xff\xff").into()),
        ("text that is not UTF-8", framed(b"\x0a\x01\xff").into()),
        ("a wrong wire type", framed(b"\x08\x01").into()),
        ("an unknown field", framed(b"\x7a\x01x").into()),
        (
            "a broken protobuf and a message",
            [framed(b"\xff\xff"), message("behind").into()].concat().into(),
        ),
    ]
}

pub fn trailers(headers: &[(&'static str, &'static str)]) -> Part {
    Part::Trailers(header_map(headers))
}

pub fn header_map(headers: &[(&'static str, &'static str)]) -> HeaderMap {
    let headers = headers.iter();
    let headers = headers.map(|(name, value)| (HeaderName::from_static(name), value.parse()));
    let mut map = HeaderMap::new();
    for (name, value) in headers {
        map.append(name, value.expect("it is a header's value"));
    }
    map
}

/// Metadata of both kinds, including keys that no status and no response can have.
pub fn metadata() -> MetadataMap {
    let mut metadata = MetadataMap::from_headers(header_map(&[
        ("word", "one"),
        ("word", "two"),
        ("grpc-status", "7"),
        ("grpc-message", "taken"),
        ("content-type", "text/plain"),
        ("te", "gzip"),
    ]));
    metadata.append_bin("word-bin", MetadataValue::from_bytes(b"\x01\x02\xff"));
    metadata
}

/// Messages in all numbers and sizes, split arbitrarily.
pub fn good_bodies() -> Vec<(String, Vec<Part>)> {
    let data = |data: &Bytes| Part::Data(data.clone());
    let (one, three) = (message("one"), [message("one"), message("two"), message("three")]);
    let large = message(&large());
    let bytes = three.concat().into_iter().map(|byte| Part::Data(Bytes::from(vec![byte])));
    let waits = three.iter().flat_map(|message| [Part::Wait, data(message), Part::Wait]);
    vec![
        ("no message".to_owned(), vec![]),
        ("nothing, after a while".to_owned(), vec![Part::Wait]),
        ("an empty frame".to_owned(), vec![Part::Data(Bytes::new())]),
        ("one message".to_owned(), vec![data(&one)]),
        ("an empty message".to_owned(), vec![data(&message(""))]),
        ("three messages".to_owned(), three.iter().map(data).collect()),
        ("three in one frame".to_owned(), vec![Part::Data(three.concat().into())]),
        ("three in many frames".to_owned(), bytes.collect()),
        ("three, each after a while".to_owned(), waits.collect()),
        (
            "a large one".to_owned(),
            large.chunks(9000).map(|part| data(&large.slice_ref(part))).collect(),
        ),
    ]
}

/// Malformed data, and bodies that fail; each alone, and after a message.
pub fn bad_bodies() -> Vec<(String, Vec<Part>)> {
    let mut bodies: Vec<(String, Vec<Part>)> = Vec::new();
    for (name, data) in malformed() {
        bodies.push((name.to_owned(), vec![Part::Data(data)]));
    }
    let middle = Part::Data(message("in the middle").split_to(9));
    for (name, failure) in failures() {
        let error = Part::Error(failure);
        bodies.push((name.to_owned(), vec![error.clone()]));
        bodies.push((format!("{name}, in a message"), vec![middle.clone(), Part::Wait, error]));
    }
    let behind = bodies.clone().into_iter().map(|(name, parts)| {
        (format!("a message, {name}"), [vec![Part::Data(message("good"))], parts].concat())
    });
    let behind: Vec<_> = behind.collect();
    [bodies, behind].concat()
}

/// The ways in which a body fails.
pub fn failures() -> [(&'static str, Failure); 3] {
    let mut unavailable = Status::with_details(Code::Unavailable, "away", b"details"[..].into());
    *unavailable.metadata_mut() = metadata();
    [
        ("an I/O error", Failure::Io),
        ("a status", Failure::Status(unavailable)),
        // tonic takes this for the end of a request.
        ("CANCELLED", Failure::Status(Status::cancelled("gone"))),
    ]
}
