//! All calls of the client.

mod requests;
mod responses;

use tonic::codegen::http::StatusCode;

use super::{Case, Outgoing, RawResponse};
use crate::{
    raw::Part,
    settings::Settings,
    wire::{header_map, message, trailers},
};

pub fn cases() -> Vec<Case> {
    let tables = [
        responses::bodies(),
        responses::trailers(),
        responses::unreadable_details().into(),
        responses::without_a_body(),
        responses::compressed(),
        requests::all(),
    ];
    tables.into_iter().flatten().collect()
}

const OK: &[(&str, &str)] = &[("grpc-status", "0")];

impl Case {
    /// One request, one response.
    fn new(name: impl Into<String>) -> Self {
        Case {
            name: name.into(),
            request: Outgoing { names: vec![Some("Ada".to_owned())], ..Outgoing::default() },
            response: RawResponse {
                headers: header_map(&[("content-type", "application/grpc")]),
                parts: vec![Part::Data(message("Hello Ada")), trailers(OK)],
                ..RawResponse::default()
            },
            settings: Settings::default(),
            any_reading: false,
        }
    }

    /// With this response, read in all ways.
    fn response(mut self, parts: Vec<Part>) -> Self {
        self.response.parts = parts;
        self.any_reading = true;
        self
    }

    fn status(mut self, status: u16) -> Self {
        self.response.status = StatusCode::from_u16(status).expect("it is a status");
        self
    }

    fn headers(mut self, headers: &[(&'static str, &'static str)]) -> Self {
        self.response.headers.extend(header_map(headers));
        self
    }

    fn settings(mut self, settings: Settings) -> Self {
        self.settings = settings;
        self
    }
}
