use std::{any::Any, task::Poll};

use bytes::Bytes;
use tonic::codegen::http::HeaderMap;

use super::{
    decode::Piece,
    ending::ending,
    framing::{Framing, Web},
    message::RawMessage,
    scan::{Found, Scan},
    text::Text,
};
use crate::{
    StreamEnd,
    payload::{
        trailers::Trailers,
        watch::{Uncollected, Watch},
    },
};

/// How a message is shown to the watcher: as it is or, in a list, as an
/// [`AnyMessage`](crate::AnyMessage).
pub(crate) type Show = fn(RawMessage, &mut dyn FnMut(&dyn Any));

/// Watches passing frames: counts the messages in them, and sees how they end.
pub(super) struct Watching {
    framing: Framing,
    /// `None` if the data is no longer gRPC.
    scan: Option<Scan>,
    text: Text,
    show: Show,
    /// `None` once the end has been reported.
    watch: Option<Watch>,
}

impl Watching {
    pub(super) fn new(framing: Framing, watch: Watch, show: Show) -> Self {
        let scan = Some(Scan::new(framing, watch.looks()));
        Watching { framing, scan, text: Text::default(), show, watch: Some(watch) }
    }

    /// Called before polling the watched body, which may panic.
    pub(super) fn poll(&mut self) {
        if let Some(watch) = &mut self.watch {
            watch.poll();
        }
    }

    /// Called with the result of the poll.
    pub(super) fn polled(&mut self, polled: &Poll<Option<Piece>>) {
        match polled {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some(data) = frame.data_ref() {
                    self.data(data.clone());
                } else if let Some(trailers) = frame.trailers_ref() {
                    self.trailers(trailers);
                }
            }
            Poll::Ready(Some(Err(status))) => self.end(StreamEnd::Failed(status)),
            Poll::Ready(None) => self.end_of_body(),
            Poll::Pending => {}
        }
        if let Some(watch) = &mut self.watch {
            watch.pending();
        }
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
                // It is found again once it has passed.
                Found::TooLarge(_) => {}
                Found::Invalid(_) => self.scan = None,
            }
        }
    }

    fn trailers(&mut self, trailers: &HeaderMap) {
        self.end_with(Some(trailers));
    }

    /// Called after the last frame. If there were trailers, the end has already been reported.
    pub(super) fn end_of_body(&mut self) {
        self.end_with(None);
    }

    fn end_with(&mut self, trailers: Option<&HeaderMap>) {
        if self.watch.is_none() {
            return;
        }
        match ending(self.framing, trailers) {
            Ok(trailers) => {
                let trailers = trailers.as_ref().and_then(Trailers::metadata);
                self.end(StreamEnd::Complete { trailers });
            }
            Err(status) => self.end(StreamEnd::Failed(&status)),
        }
    }

    pub(super) fn end(&mut self, end: StreamEnd<'_>) {
        if let Some(watch) = self.watch.take() {
            watch.end(end);
        }
    }
}
