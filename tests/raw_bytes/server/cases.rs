//! All calls of the server.

mod answers;
mod requests;

use grpc_interceptor::RpcKind;
use tonic::codegen::{
    Bytes,
    http::{HeaderName, HeaderValue, Method},
};

use super::{Answer, Case, RawRequest, handler::Item};
use crate::{raw::Part, settings::Settings, wire::message};

pub fn cases() -> Vec<Case> {
    let tables = [requests::bodies(), requests::heads(), requests::compressed(), answers::all()];
    tables.into_iter().flatten().collect()
}

fn replies<const N: usize>(replies: [&str; N]) -> Vec<Item> {
    replies.map(|reply| Item::Reply(reply.to_owned())).into()
}

impl Case {
    /// One request, two replies.
    fn new(name: impl Into<String>) -> Self {
        Case {
            name: name.into(),
            request: RawRequest {
                method: Method::POST,
                path: str::to_owned,
                headers: vec![(
                    HeaderName::from_static("content-type"),
                    HeaderValue::from_static("application/grpc"),
                )],
                parts: vec![Part::Data(message("Ada"))],
            },
            answer: Answer { items: replies(["one", "two"]), ..Answer::default() },
            settings: Settings::default(),
            any_reading: false,
            is_grpc: true,
            is_for: |_: RpcKind| true,
        }
    }

    /// With this request, read in all ways.
    fn request(mut self, parts: Vec<Part>) -> Self {
        self.request.parts = parts;
        self.any_reading = true;
        self
    }

    fn answer(mut self, answer: Answer) -> Self {
        self.answer = answer;
        self
    }

    fn header(mut self, name: &'static str, value: &'static [u8]) -> Self {
        let value = HeaderValue::from_maybe_shared(Bytes::from_static(value));
        let value = value.expect("it is a header's value");
        self.request.headers.push((HeaderName::from_static(name), value));
        self
    }

    fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }
}
