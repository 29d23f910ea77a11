use std::{
    convert::Infallible,
    fmt,
    future::{Ready, ready},
    sync::Arc,
    task::{Context, Poll},
};

use tonic::{
    body::Body,
    codegen::{
        Service,
        http::{HeaderValue, Method, Request, Response, StatusCode, header, request::Parts},
    },
};

use super::{headers, html::html, query::Query, sort::Order, text::text};
use crate::rpcz::{snapshot::Snapshot, state::State};

/// The page of an [`Rpcz`](crate::Rpcz) as a `tower::Service` over HTTP, created by
/// [`Rpcz::service`](crate::Rpcz::service).
///
/// It responds immediately without reading the request body, and never fails.
#[cfg(feature = "rpcz")]
#[derive(Clone)]
pub struct RpczService {
    state: Arc<State>,
}

/// How the page is rendered.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Format {
    Html,
    Json,
    Text,
}

impl Format {
    const fn media_type(self) -> &'static str {
        match self {
            Format::Html => "text/html; charset=utf-8",
            Format::Json => "application/json",
            Format::Text => "text/plain; charset=utf-8",
        }
    }

    /// How many calls in flight are shown, oldest first: enough for a person, and all of them for a
    /// program.
    const fn calls_in_flight(self) -> usize {
        match self {
            Format::Html | Format::Text => 100,
            Format::Json => usize::MAX,
        }
    }

    /// Chooses the format by the query, the path, or the `accept` header. `curl` accepts anything
    /// and gets text. `None` if there is no such page.
    fn of(parts: &Parts, query: &Query) -> Option<Self> {
        let by_path = match parts.uri.path() {
            "" | "/" => None,
            "/json" => Some(Format::Json),
            "/text" => Some(Format::Text),
            _ => return None,
        };
        match &*query.format {
            "html" => return Some(Format::Html),
            "json" => return Some(Format::Json),
            "text" => return Some(Format::Text),
            _ => {}
        }
        let accepts = |media: &str| {
            let has = |value: &HeaderValue| value.to_str().is_ok_and(|value| value.contains(media));
            parts.headers.get_all(header::ACCEPT).iter().any(has)
        };
        Some(match by_path {
            Some(format) => format,
            None if accepts("text/html") => Format::Html,
            None if accepts("application/json") => Format::Json,
            None => Format::Text,
        })
    }
}

impl RpczService {
    pub(in crate::rpcz) const fn new(state: Arc<State>) -> Self {
        RpczService { state }
    }

    pub(super) fn answer(&self, parts: &Parts) -> Response<Body> {
        let query = Query::parse(parts.uri.query().unwrap_or(""));
        let Some(format) = Format::of(parts, &query) else {
            return plain(StatusCode::NOT_FOUND, "There is no such page.\n");
        };
        if ![Method::GET, Method::HEAD].contains(&parts.method) {
            let mut response = plain(StatusCode::METHOD_NOT_ALLOWED, "This page is read-only.\n");
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("GET, HEAD"));
            return response;
        }
        let (method, most) = (query.method.as_deref(), format.calls_in_flight());
        let mut snapshot = Snapshot::new(&self.state, &query.filter, method, most);
        Order::parse(&query.sort).sort(&mut snapshot.methods);
        let is_unknown = query.method.is_some() && snapshot.method.is_none();
        let status = if is_unknown { StatusCode::NOT_FOUND } else { StatusCode::OK };
        let content = match format {
            Format::Html => html(&snapshot, &query),
            Format::Text => text(&snapshot),
            Format::Json => match serde_json::to_string(&snapshot) {
                Ok(json) => json,
                Err(error) => {
                    return plain(StatusCode::INTERNAL_SERVER_ERROR, &format!("{error}\n"));
                }
            },
        };
        response(status, format, content, parts.method == Method::HEAD)
    }
}

pub(super) fn plain(status: StatusCode, text: &str) -> Response<Body> {
    response(status, Format::Text, text.to_owned(), false)
}

fn response(status: StatusCode, format: Format, content: String, is_head: bool) -> Response<Body> {
    let length = content.len();
    let body = if is_head { Body::empty() } else { Body::new(content) };
    let mut response = Response::new(body);
    *response.status_mut() = status;
    headers::add(response.headers_mut());
    let media_type = HeaderValue::from_static(format.media_type());
    response.headers_mut().insert(header::CONTENT_TYPE, media_type);
    response.headers_mut().insert(header::CONTENT_LENGTH, length.into());
    response
}

impl<B> Service<Request<B>> for RpczService {
    type Response = Response<Body>;
    type Error = Infallible;
    type Future = Ready<Result<Response<Body>, Infallible>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        ready(Ok(self.answer(&request.into_parts().0)))
    }
}

impl fmt::Debug for RpczService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RpczService").finish_non_exhaustive()
    }
}
