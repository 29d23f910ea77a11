//! The log events. Nothing here depends on an RPC's types, so it is compiled only once.

use std::{
    fmt::{self, Write},
    sync::atomic::{AtomicU64, Ordering},
};

use grpc_interceptor_runtime::Context;
use tonic::metadata::MetadataMap;
use tracing::{Level, Span, enabled};

use super::{
    Options,
    cut::Cut,
    info::{Direction, MessageInfo},
};
use crate::{event::event, names::side_name, request_id::request_id};

/// A call whose messages are logged.
pub(super) struct Started {
    options: Options,
    context: Context,
    span: Span,
    request_id: Option<String>,
    requests: AtomicU64,
    responses: AtomicU64,
}

/// Writes the text of a message.
type ShowOf<'a> = &'a dyn Fn(&MessageInfo, &mut dyn Write) -> fmt::Result;

/// Returns whether a subscriber might be interested.
fn is_enabled(level: Level) -> bool {
    macro_rules! by_level {
        ($($level:ident)*) => {
            match level {
                $(Level::$level => enabled!(target: "grpc_interceptor::payload_log", Level::$level),)*
            }
        };
    }
    by_level!(ERROR WARN INFO DEBUG TRACE)
}

impl Started {
    /// Returns `None` if this call's messages aren't logged.
    pub(super) fn new(options: Options, context: Context, metadata: &MetadataMap) -> Option<Self> {
        let is_logged = is_enabled(options.level) && is_chosen(options.sample);
        is_logged.then(|| Started {
            options,
            context,
            span: Span::current(),
            request_id: request_id(metadata),
            requests: AtomicU64::new(0),
            responses: AtomicU64::new(0),
        })
    }

    pub(super) fn log(&self, direction: Direction, show: ShowOf<'_>) {
        let (count, message) = match direction {
            Direction::Request => (&self.requests, "request message"),
            Direction::Response => (&self.responses, "response message"),
        };
        let number = count.fetch_add(1, Ordering::Relaxed) + 1;
        let info = MessageInfo { context: self.context, direction, number };
        event!(
            "grpc_interceptor::payload_log",
            self.options.level,
            &self.span,
            side = side_name(self.context.side()),
            method = self.context.method_name().path(),
            number,
            payload = %Cut { max: self.options.max_length, show: &|text| show(&info, text) },
            request_id = self.request_id.as_deref(),
            "{message}"
        );
    }
}

fn is_chosen(part: f64) -> bool {
    part >= 1.0 || fastrand::f64() < part
}
