//! Where a case panics, and in which calls there is such a place.

use grpc_interceptor::RpcKind;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Place {
    /// For calls that aren't the subject of a case.
    Nowhere,
    /// An interceptor panics before it returns a future.
    Called,
    BeforeNext,
    AfterNext,
    /// The handler panics before its first await.
    BeforeAwait,
    AfterAwait,
    /// The handler's response stream panics at a message, the first or the second.
    Reply(usize),
    /// A closure that an interceptor passed to a `Payload` method panics.
    Closure(Of, Method),
    /// A client's own request stream panics at a message.
    Requests(usize),
    /// The handler's future panics when it is dropped with its call.
    HandlerDropped,
    /// A value in a response stream panics when it is dropped.
    RepliesDropped(When),
    /// A value in a client's own request stream panics when it is dropped after the stream's end.
    RequestsDropped,
}

/// The payload that has the closure, and who attached it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Of {
    Request,
    /// Attached by an interceptor outside `CatchPanic`.
    RequestFromOutside,
    Response,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Method {
    InspectMessages,
    MapMessages,
    TryMapMessages,
    OnEndAtTheEnd,
    MapErrors,
    MapStream,
    OnEndAtAnError,
    OnEndWhenDropped,
    /// Panics while it holds a lock that an `on_end` of the same stream takes.
    WithALock,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum When {
    AfterTheEnd,
    /// After another panic, in the stream itself.
    AfterAPanic,
    Early,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    Unary,
    ClientStreaming,
    ServerStreaming,
    Bidirectional,
    /// The second request is sent after the first response has arrived: the response has started.
    BidirectionalInTurn,
}

pub(crate) const KINDS: [Kind; 5] = [
    Kind::Unary,
    Kind::ClientStreaming,
    Kind::ServerStreaming,
    Kind::Bidirectional,
    Kind::BidirectionalInTurn,
];

impl Kind {
    pub(crate) fn rpc(self) -> RpcKind {
        match self {
            Kind::Unary => RpcKind::Unary,
            Kind::ClientStreaming => RpcKind::ClientStreaming,
            Kind::ServerStreaming => RpcKind::ServerStreaming,
            Kind::Bidirectional | Kind::BidirectionalInTurn => RpcKind::Bidirectional,
        }
    }
}

/// How the interceptors are attached to the call.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Form {
    Attribute,
    Creation,
    ListAtCreation,
    Client,
    ListOfClient,
    /// Around the whole server.
    Layer,
    ListInLayer,
    /// Around a client's channel.
    LayerOfClient,
    ListInLayerOfClient,
}

pub(crate) const FORMS: [Form; 9] = [
    Form::Attribute,
    Form::Creation,
    Form::ListAtCreation,
    Form::Client,
    Form::ListOfClient,
    Form::Layer,
    Form::ListInLayer,
    Form::LayerOfClient,
    Form::ListInLayerOfClient,
];

impl Form {
    pub(crate) fn is_client(self) -> bool {
        matches!(
            self,
            Form::Client | Form::ListOfClient | Form::LayerOfClient | Form::ListInLayerOfClient
        )
    }

    pub(crate) fn is_layer(self) -> bool {
        matches!(
            self,
            Form::Layer | Form::ListInLayer | Form::LayerOfClient | Form::ListInLayerOfClient
        )
    }
}

impl Method {
    /// Returns whether it runs for a single message. To a layer this is also a stream, which is
    /// read immediately.
    fn fits_one_message(self, form: Form) -> bool {
        match form.is_layer() {
            true => self != Method::OnEndWhenDropped,
            false => !self.needs_a_stream(),
        }
    }

    /// Returns whether it never runs for a single message.
    fn needs_a_stream(self) -> bool {
        !matches!(
            self,
            Method::InspectMessages
                | Method::MapMessages
                | Method::TryMapMessages
                | Method::OnEndAtTheEnd
        )
    }
}

impl Place {
    /// Returns whether calls of this kind and form have such a place.
    pub(crate) fn fits(self, kind: Kind, form: Form) -> bool {
        let (requests, replies) =
            (kind.rpc().is_client_streaming(), kind.rpc().is_server_streaming());
        match self {
            Place::Nowhere => false,
            Place::Called | Place::BeforeNext | Place::AfterNext => true,
            Place::BeforeAwait | Place::AfterAwait | Place::HandlerDropped => !form.is_client(),
            Place::Reply(_) => replies && !form.is_client(),
            Place::Closure(Of::Response, method) => replies || method.fits_one_message(form),
            Place::Closure(_, method) => requests || method.fits_one_message(form),
            Place::RepliesDropped(_) => replies,
            Place::Requests(_) | Place::RequestsDropped => requests && form.is_client(),
        }
    }

    /// Returns whether it makes sense with or without `CatchPanic`.
    pub(crate) fn fits_catching(self, catching: bool) -> bool {
        catching
            || !matches!(
                self,
                // Without it, nothing is outside it.
                Place::Closure(Of::RequestFromOutside, _)
                // The task that polls a stream drops it while unwinding: Rust itself aborts.
                    | Place::RepliesDropped(When::AfterAPanic)
            )
    }

    pub(crate) fn is_outside(self) -> bool {
        matches!(self, Place::Closure(Of::RequestFromOutside, _))
    }

    /// Returns whether the handler answers without reading its request stream.
    pub(crate) fn leaves_requests(self) -> bool {
        let Place::Closure(of, method) = self else { return false };
        of != Of::Response && method == Method::OnEndWhenDropped
    }

    /// Returns whether the caller drops the response stream after its first message.
    pub(crate) fn leaves_replies(self) -> bool {
        matches!(
            self,
            Place::RepliesDropped(When::Early)
                | Place::Closure(Of::Response, Method::OnEndWhenDropped)
        )
    }
}
