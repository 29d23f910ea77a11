//! One call into a generated server: from the HTTP request to the last frame of the response.

use std::{
    convert::Infallible,
    fmt::Debug,
    future::poll_fn,
    hint::black_box,
    pin::{Pin, pin},
    task::{Context, Poll},
};

use http_body::Frame;
use tonic::{
    body::Body,
    codegen::{
        Body as HttpBody, Bytes, Service,
        http::{Request, Response},
    },
};

use super::{MESSAGES, work};
use crate::{
    measure::{Case, run},
    peers::Peer,
};

/// "a word of some length" as the first field of a message, framed.
const MESSAGE: &[u8] = b"\0\0\0\0\x17\n\x15a word of some length";

/// The same for a server stream's request, with the number of messages, 10,000.
const TEN_THOUSAND: &[u8] = b"\0\0\0\0\x1a\n\x15a word of some length\x10\x90\x4e";

pub fn unary<S, B>(peer: Peer, interceptors: u32, server: S) -> Case
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    unary_of(MESSAGE.into(), &[], peer, interceptors, server)
}

/// A unary call with the metadata that the realistic interceptors read.
pub fn with_metadata<S, B>(peer: Peer, interceptors: u32, server: S) -> Case
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    let metadata = &[("grpc-timeout", "10S"), ("authorization", work::TOKEN)];
    unary_of(MESSAGE.into(), metadata, peer, interceptors, server)
}

/// A unary call with a message of this many bytes.
pub fn large<S, B>(bytes: u32, peer: Peer, interceptors: u32, server: S) -> Case
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    let length = |mut length: u32| {
        let mut varint = Vec::new();
        while length >= 0x80 {
            varint.push(length as u8 | 0x80);
            length >>= 7;
        }
        varint.push(length as u8);
        varint
    };
    let mut message = vec![b'\n'];
    message.extend(length(bytes));
    message.resize(message.len() + bytes as usize, b'a');
    let mut frame = vec![0];
    frame.extend((message.len() as u32).to_be_bytes());
    frame.extend(message);
    unary_of(frame.into(), &[], peer, interceptors, server)
}

type Metadata = &'static [(&'static str, &'static str)];

fn unary_of<S, B>(
    message: Bytes,
    metadata: Metadata,
    peer: Peer,
    interceptors: u32,
    mut server: S,
) -> Case
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    Case::new(peer, interceptors, move || {
        let body = Chunks { chunk: message.clone(), left: 1 };
        let length = call(&mut server, "/greeter.v1.Greeter/SayHello", metadata, body);
        assert_eq!(length, message.len(), "it is the echo");
    })
}

pub fn server_stream<S, B>(peer: Peer, interceptors: u32, mut server: S) -> Case
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    Case::new(peer, interceptors, move || {
        let body = Chunks { chunk: Bytes::from_static(TEN_THOUSAND), left: 1 };
        let length = call(&mut server, "/greeter.v1.Greeter/GreetManyTimes", &[], body);
        assert_eq!(length, MESSAGE.len() * MESSAGES as usize, "all are there");
    })
}

pub fn bidirectional<S, B>(peer: Peer, interceptors: u32, mut server: S) -> Case
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible> + 'static,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    // A hundred messages at once, as HTTP/2 can deliver data that arrived together.
    let chunk = Bytes::from(MESSAGE.repeat(100));
    Case::new(peer, interceptors, move || {
        let body = Chunks { chunk: chunk.clone(), left: MESSAGES / 100 };
        let length = call(&mut server, "/greeter.v1.Greeter/Chat", &[], body);
        assert_eq!(length, MESSAGE.len() * MESSAGES as usize, "all are there");
    })
}

/// Makes a unary call that can wait.
pub async fn unary_call<S, B>(server: &mut S)
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    let body = Chunks { chunk: Bytes::from_static(MESSAGE), left: 1 };
    let length = make_call(server, "/greeter.v1.Greeter/SayHello", &[], body).await;
    assert_eq!(length, MESSAGE.len(), "it is the echo");
}

/// Makes a call and returns the number of bytes in the response.
fn call<S, B>(server: &mut S, path: &'static str, metadata: Metadata, body: Chunks) -> usize
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    run(make_call(server, path, metadata, body))
}

async fn make_call<S, B>(
    server: &mut S,
    path: &'static str,
    metadata: Metadata,
    body: Chunks,
) -> usize
where
    S: Service<Request<Body>, Response = Response<B>, Error = Infallible>,
    B: HttpBody<Data = Bytes, Error: Debug>,
{
    // The headers of every call, and its metadata.
    let mut request = Request::post(path)
        .header("content-type", "application/grpc")
        .header("te", "trailers")
        .header("user-agent", "tonic/0.14");
    for (key, value) in metadata {
        request = request.header(*key, *value);
    }
    let request = request.body(Body::new(body)).expect("the request is well-formed");
    let Ok(response) = server.call(request).await;
    let mut body = pin!(response.into_body());
    let mut length = 0;
    while let Some(frame) = poll_fn(|context| body.as_mut().poll_frame(context)).await {
        let frame = frame.expect("the response is complete");
        length += black_box(frame.data_ref()).map_or(0, Bytes::len);
    }
    length
}

/// The same bytes over and over again.
struct Chunks {
    chunk: Bytes,
    left: u32,
}

impl HttpBody for Chunks {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(None);
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.chunk.clone()))))
    }
}
