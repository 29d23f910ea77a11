use tonic::{
    Status,
    codegen::http::{HeaderMap, HeaderName, HeaderValue},
};

pub(crate) static GRPC_ENCODING: HeaderName = HeaderName::from_static("grpc-encoding");

/// How the messages in a body are framed, according to its headers.
#[derive(Clone, Copy)]
pub(crate) struct Framing {
    pub(crate) body: BodyOf,
    /// The encoding of messages that are marked as compressed.
    pub(crate) encoding: Encoding,
    pub(crate) web: Web,
    /// The maximum size of a message that is inspected.
    pub(crate) limit: usize,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum BodyOf {
    Request,
    Response {
        /// The status is in the headers, so none follows.
        has_status: bool,
    },
}

impl Framing {
    pub(crate) fn of_request(encoding: Option<&HeaderValue>, web: Web, limit: usize) -> Self {
        Framing { body: BodyOf::Request, encoding: Encoding::of(encoding), web, limit }
    }

    pub(crate) fn of_response(headers: &HeaderMap, web: Web, limit: usize) -> Self {
        let (mut has_status, mut encoding) = (false, None);
        // One pass over all of them: there are few, and one lookup takes as long as iterating over
        // ten.
        for (name, value) in headers {
            has_status |= *name == Status::GRPC_STATUS;
            if *name == GRPC_ENCODING {
                encoding = encoding.or(Some(value));
            }
        }
        let body = BodyOf::Response { has_status };
        Framing { body, encoding: Encoding::of(encoding), web, limit }
    }

    /// Returns the framing of a request body made of messages.
    pub(crate) fn of_request_from(headers: &HeaderMap, web: Web) -> Self {
        Framing { encoding: Encoding::of(headers.get(&GRPC_ENCODING)), web, ..Self::NONE }
    }

    /// Returns the framing of a response body made of messages.
    pub(crate) fn of_response_to(headers: &HeaderMap, web: Web) -> Self {
        let body = BodyOf::Response { has_status: false };
        Framing { body, ..Self::of_request_from(headers, web) }
    }

    /// Returns whether the response's status is in its headers.
    pub(crate) fn has_status(self) -> bool {
        self.body == BodyOf::Response { has_status: true }
    }
}

impl Framing {
    /// The framing of messages that an interceptor created, which aren't in a body yet.
    pub(crate) const NONE: Framing = Framing {
        body: BodyOf::Request,
        encoding: Encoding::None,
        web: Web::No,
        limit: usize::MAX,
    };
}

/// Whether the body is gRPC-Web, which puts the trailers in the body.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Web {
    No,
    Binary,
    /// Encoded as base64.
    Text,
}

impl Web {
    pub(crate) fn of(content_type: Option<&HeaderValue>) -> Self {
        let content_type = content_type.map_or(&b""[..], HeaderValue::as_bytes);
        if starts_with(content_type, b"application/grpc-web-text") {
            Web::Text
        } else if starts_with(content_type, b"application/grpc-web") {
            Web::Binary
        } else {
            Web::No
        }
    }

    /// Returns whether this content type is any form of gRPC.
    pub(crate) fn is_grpc(content_type: &HeaderValue) -> bool {
        starts_with(content_type.as_bytes(), b"application/grpc")
    }
}

fn starts_with(value: &[u8], start: &[u8]) -> bool {
    value.get(..start.len()).is_some_and(|value| value.eq_ignore_ascii_case(start))
}

/// The compression of messages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    None,
    Gzip,
    Deflate,
    Zstd,
    Unknown,
}

impl Encoding {
    fn of(header: Option<&HeaderValue>) -> Self {
        match header.map(HeaderValue::as_bytes) {
            None | Some(b"identity") => Encoding::None,
            Some(b"gzip") => Encoding::Gzip,
            Some(b"deflate") => Encoding::Deflate,
            Some(b"zstd") => Encoding::Zstd,
            Some(_) => Encoding::Unknown,
        }
    }
}
