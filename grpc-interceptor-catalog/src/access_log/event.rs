//! The log events. Nothing here depends on an RPC's types, so it is compiled only once.

use std::{error::Error, net::SocketAddr, sync::Arc, time::Duration};

use grpc_interceptor_runtime::{
    __private::{code_name, sources},
    CallEnd, Context, EndCause,
};
use tonic::{Code, Status, metadata::MetadataMap};
use tracing::{Level, Span};

use super::Options;
use crate::{
    event::event,
    kind_name::kind_name,
    names::{cause_name, side_name},
    request_id::request_id,
    shown::Shown,
};

/// What is remembered about a call until it ends.
pub(super) struct Started {
    options: Arc<Options>,
    context: Context,
    span: Span,
    peer: Option<SocketAddr>,
    deadline_ms: Option<f64>,
    request_id: Option<String>,
    metadata: Option<String>,
    fields: Option<String>,
}

impl Started {
    pub(super) fn new(
        options: Arc<Options>,
        context: Context,
        metadata: &MetadataMap,
        peer: Option<SocketAddr>,
    ) -> Self {
        let shown = (!options.metadata.is_empty())
            .then(|| Shown { metadata, keys: &options.metadata }.to_string())
            .filter(|shown| !shown.is_empty());
        let fields = options.fields.as_ref().map(|fields| fields(&context, metadata));
        let started = Started {
            context,
            span: Span::current(),
            peer,
            deadline_ms: context.time_remaining().map(milliseconds),
            request_id: request_id(metadata),
            metadata: shown,
            fields,
            options,
        };
        if let Some(level) = started.options.start {
            started.log_start(level);
        }
        started
    }

    fn log_start(&self, level: Level) {
        event!(
            "grpc_interceptor::access_log",
            level,
            &self.span,
            side = side_name(self.context.side()),
            method = self.context.method_name().path(),
            kind = kind_name(self.context.kind()),
            deadline_ms = self.deadline_ms,
            peer = self.peer.map(tracing::field::display),
            request_id = self.request_id.as_deref(),
            metadata = self.metadata.as_deref(),
            fields = self.fields.as_deref(),
            "started call"
        );
    }

    pub(super) fn log_end(&self, end: &CallEnd<'_>) {
        let status = end.status();
        let source = status.and_then(|status| status.source()).map(text_of);
        event!(
            "grpc_interceptor::access_log",
            self.level(end),
            &self.span,
            side = side_name(self.context.side()),
            method = self.context.method_name().path(),
            kind = kind_name(self.context.kind()),
            code = code_name(end.code()),
            cause = cause_name(end.cause()),
            elapsed_ms = milliseconds(end.elapsed()),
            request_messages = end.request_messages(),
            response_messages = end.response_messages(),
            deadline_ms = self.deadline_ms,
            peer = self.peer.map(tracing::field::display),
            request_id = self.request_id.as_deref(),
            error = status.map(|status| status.message()).filter(|text| !text.is_empty()),
            source = source.as_deref(),
            metadata = self.metadata.as_deref(),
            fields = self.fields.as_deref(),
            "finished call"
        );
    }

    fn level(&self, end: &CallEnd<'_>) -> Level {
        let mut level = (self.options.level)(self.context.side(), end.code());
        // `tracing` orders levels in reverse: `ERROR` is the smallest.
        if end.cause() == EndCause::Panicked {
            level = level.min(Level::ERROR);
        }
        if let Some((from, slow)) = self.options.slow
            && end.elapsed() >= from
        {
            level = level.min(slow);
        }
        level
    }
}

fn milliseconds(duration: Duration) -> f64 {
    // Truncated to whole microseconds.
    duration.as_micros() as f64 / 1000.0
}

/// Formats an error and its sources, outermost first.
///
/// `UNKNOWN` around an error adds nothing: no one has chosen it. `ErrorToStatus` leaves one between the
/// status that it makes and the handler's error.
fn text_of(error: &(dyn Error + 'static)) -> String {
    let is_unknown = |error: &(dyn Error + 'static)| {
        error.downcast_ref().is_some_and(|status: &Status| status.code() == Code::Unknown)
    };
    let shown = sources(error).filter(|error| !is_unknown(*error) || error.source().is_none());
    shown.map(ToString::to_string).collect::<Vec<_>>().join(": ")
}

#[cfg(test)]
mod tests {
    use std::{io, sync::Arc};

    use tonic::Status;

    use super::text_of;

    #[test]
    fn an_unknown_status_around_an_error_is_left_out() {
        let mut made = Status::unknown("Unknown error");
        made.set_source(Arc::new(io::Error::other("the disk is full")));
        assert_eq!(text_of(&made), "the disk is full");
        assert!(text_of(&Status::not_found("no row")).contains("no row"));
    }
}
