use std::{
    any::Any,
    pin::Pin,
    task::{Context, Poll},
};

use bytes::Bytes;
use tonic::{
    Code, Status,
    codegen::http::{HeaderMap, StatusCode},
    metadata::MetadataMap,
};

use super::{
    decode::Piece,
    framing::{BodyOf, Framing, Web},
    message::RawMessage,
    scan::{Found, Scan},
    status::{inferred_status, status_of},
    text::Text,
};
use crate::{
    StreamEnd,
    payload::{
        source::Source,
        trailers::Trailers,
        watch::{Uncollected, Watch},
    },
};

/// How a message is shown to who watches: as what it is, or, in a list, as an
/// [`AnyMessage`](crate::AnyMessage).
pub(crate) type Show = fn(RawMessage, &mut dyn FnMut(&dyn Any));

/// Frames that pass as they are, while somebody counts the messages in them, and sees how they end.
pub(super) struct Watched {
    source: Pin<Box<dyn Source<Piece>>>,
    framing: Framing,
    /// `None` when what passes isn't gRPC any more.
    scan: Option<Scan>,
    text: Text,
    show: Show,
    /// `None` when the end was told.
    watch: Option<Watch>,
}

impl Watched {
    pub(super) fn new(
        source: Pin<Box<dyn Source<Piece>>>,
        framing: Framing,
        watch: Watch,
        show: Show,
    ) -> Self {
        let scan = Some(Scan::new(framing, watch.looks()));
        Watched { source, framing, scan, text: Text::default(), show, watch: Some(watch) }
    }

    fn data(&mut self, mut data: Bytes) {
        if self.framing.web == Web::Text {
            match self.text.decode(&data) {
                Some(decoded) => data = decoded,
                None => self.scan = None,
            }
        }
        while !data.is_empty()
            && let Some(scan) = &mut self.scan
            && let Some(found) = scan.next(&mut data)
            && let Some(watch) = &mut self.watch
        {
            match found {
                Found::Passed => watch.message(&Uncollected),
                Found::Message(message) => {
                    (self.show)(message, &mut |message| watch.message(message));
                }
                Found::Trailers(trailers) => self.trailers(&trailers),
                // It is found again when it has passed.
                Found::TooLarge(_) => {}
                Found::Invalid(_) => self.scan = None,
            }
        }
    }

    #[cold]
    fn trailers(&mut self, trailers: &HeaderMap) {
        let end = match (status_of(trailers), self.framing.body) {
            (Some(status), _) if status.code() != Code::Ok => Err(status),
            (None, BodyOf::Response { has_status: false }) => Err(inferred_status(StatusCode::OK)),
            _ => Ok(Trailers::new(MetadataMap::from_headers(trailers.clone()))),
        };
        self.end(end.as_ref().map(Some));
    }

    /// After the last frame. With trailers, the end was told already.
    #[cold]
    fn end_of_body(&mut self) {
        match end_of_body(self.framing) {
            Ok(()) => self.end(Ok(None)),
            Err(status) => self.end(Err(&status)),
        }
    }

    #[cold]
    fn end(&mut self, end: Result<Option<&Trailers>, &Status>) {
        if let Some(watch) = self.watch.take() {
            watch.end(match end {
                Ok(trailers) => {
                    StreamEnd::Complete { trailers: trailers.and_then(Trailers::metadata) }
                }
                Err(status) => StreamEnd::Failed(status),
            });
        }
    }
}

/// What the end of a body without trailers means.
pub(super) fn end_of_body(framing: Framing) -> Result<(), Status> {
    match framing.body {
        BodyOf::Response { has_status: false } => Err(inferred_status(StatusCode::OK)),
        BodyOf::Request | BodyOf::Response { has_status: true } => Ok(()),
    }
}

impl Source<Piece> for Watched {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Piece, Status>>> {
        let this = &mut *self;
        if let Some(watch) = &mut this.watch {
            watch.poll();
        }
        let polled = this.source.as_mut().poll_item(context);
        match &polled {
            Poll::Ready(Some(Ok(Ok(frame)))) => {
                if let Some(data) = frame.data_ref() {
                    this.data(data.clone());
                } else if let Some(trailers) = frame.trailers_ref() {
                    this.trailers(trailers);
                }
            }
            Poll::Ready(Some(Err(status) | Ok(Err(status)))) => this.end(Err(status)),
            Poll::Ready(None) => this.end_of_body(),
            Poll::Pending => {}
        }
        if let Some(watch) = &mut this.watch {
            watch.pending();
        }
        polled
    }
}
