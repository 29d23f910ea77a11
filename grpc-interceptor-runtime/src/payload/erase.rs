use std::{
    any::Any,
    fmt,
    marker::PhantomData,
    pin::Pin,
    task::{Context, Poll},
};

use tonic::Status;

use super::{
    message_stream::MessageStream,
    raw::{RawMessage, RawPayload},
    source::{Again, Source},
    trailers::Trailers,
};

/// A message in a [`List`](crate::List), with its type erased. Downcast it to get the message.
///
/// ```
/// # use grpc_interceptor_proto::greeter::HelloRequest;
/// use grpc_interceptor::{
///     Context, Interceptor, Next, Outcome, Payload,
///     interceptors::{AnyMessage, List},
/// };
/// use tonic::Request;
///
/// /// Goes into a list and works for any RPC. Changes messages that are a `HelloRequest`.
/// struct Shout;
///
/// impl<N: Next<RequestMessage = AnyMessage>> Interceptor<N> for Shout {
///     async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///         let request = request.map(|payload| {
///             payload.map_messages(|mut message| {
///                 if let Some(hello) = message.downcast_mut::<HelloRequest>() {
///                     hello.name.make_ascii_uppercase();
///                 }
///                 message
///             })
///         });
///         next.run(request).await
///     }
/// }
///
/// let list = List::from_iter([Shout]);
/// ```
pub struct AnyMessage(Box<dyn Message>);

impl AnyMessage {
    pub(super) fn new<M: Send + 'static>(message: M) -> Self {
        AnyMessage(Box::new(message))
    }

    /// Returns a reference to the message, if it is an `M`.
    #[must_use]
    pub fn downcast_ref<M: 'static>(&self) -> Option<&M> {
        (&*self.0 as &dyn Any).downcast_ref()
    }

    /// Returns a mutable reference to the message, if it is an `M`.
    #[must_use]
    pub fn downcast_mut<M: 'static>(&mut self) -> Option<&mut M> {
        (&mut *self.0 as &mut dyn Any).downcast_mut()
    }

    fn into_message<M: 'static>(self) -> Result<M, Status> {
        let message: Box<dyn Any> = self.0;
        message.downcast().map(|message| *message).map_err(|_| other_type())
    }
}

/// Writes the message's type, and none of its contents.
impl fmt::Debug for AnyMessage {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Dereference first: the box is a `Message` too, and would print its own type.
        write!(formatter, "AnyMessage({})", (*self.0).type_name())
    }
}

trait Message: Any + Send {
    fn type_name(&self) -> &'static str;
}

impl<M: Any + Send> Message for M {
    fn type_name(&self) -> &'static str {
        std::any::type_name::<M>()
    }
}

/// The payload in a [`List`](crate::List): one [`AnyMessage`], or a stream of them. It implements
/// [`Payload<AnyMessage>`](crate::Payload).
#[derive(Debug)]
pub struct AnyPayload(pub(super) Content);

#[derive(Debug)]
pub(super) enum Content {
    Message(AnyMessage),
    Stream(MessageStream<AnyMessage>),
    /// The payload in a layer.
    Raw(RawPayload),
}

impl AnyPayload {
    /// Downcasts the payload. For a list in a list, the result is the payload itself.
    pub(crate) fn downcast_ref<T: 'static>(&self) -> Option<&T> {
        let this: &dyn Any = self;
        if let Some(this) = this.downcast_ref() {
            return Some(this);
        }
        match &self.0 {
            Content::Message(message) => message.downcast_ref(),
            Content::Stream(_) => None,
            Content::Raw(raw) => (raw as &dyn Any).downcast_ref(),
        }
    }
}

/// Converts a payload on its way into a list, and back on its way out.
pub trait Erase<M>: Sized {
    #[doc(hidden)]
    fn erase(self) -> AnyPayload;

    /// Restores the type. Fails if an interceptor passed on a payload from another RPC.
    #[doc(hidden)]
    fn restore(payload: AnyPayload) -> Result<Self, Status>;
}

fn other_type() -> Status {
    Status::internal("an interceptor replaced a message with one from another RPC")
}

impl<M: Send + 'static> Erase<M> for M {
    fn erase(self) -> AnyPayload {
        AnyPayload(Content::Message(AnyMessage(Box::new(self))))
    }

    fn restore(payload: AnyPayload) -> Result<M, Status> {
        match payload.0 {
            Content::Message(message) => message.into_message(),
            Content::Stream(_) | Content::Raw(_) => Err(other_type()),
        }
    }
}

impl<M: Send + 'static> Erase<M> for MessageStream<M> {
    fn erase(self) -> AnyPayload {
        AnyPayload(Content::Stream(erase_messages(self)))
    }

    fn restore(payload: AnyPayload) -> Result<Self, Status> {
        match payload.0 {
            Content::Stream(messages) => Ok(restore_messages(messages)),
            Content::Message(_) | Content::Raw(_) => Err(other_type()),
        }
    }
}

pub(super) fn erase_messages<M: Send + 'static>(
    mut messages: MessageStream<M>,
) -> MessageStream<AnyMessage> {
    let scopes = messages.take_scopes();
    // After one interceptor of a list in a layer has inspected the messages, they are still boxed
    // for the next one.
    let erased = match messages.into_source::<Restored<M>>() {
        Ok(Restored { messages, .. }) => messages,
        Err(messages) => MessageStream::from_source(Erased { messages }),
    };
    erased.with_scopes(scopes)
}

pub(super) fn restore_messages<M: Send + 'static>(
    mut messages: MessageStream<AnyMessage>,
) -> MessageStream<M> {
    let scopes = messages.take_scopes();
    // If no interceptor inspected the messages, they were never boxed.
    let restored = match messages.into_source::<Erased<M>>() {
        Ok(Erased { messages }) => messages,
        Err(messages) => MessageStream::from_source(Restored { messages, message: PhantomData }),
    };
    restored.with_scopes(scopes)
}

/// The payload in a layer.
impl Erase<RawMessage> for RawPayload {
    fn erase(self) -> AnyPayload {
        AnyPayload(Content::Raw(self))
    }

    fn restore(payload: AnyPayload) -> Result<Self, Status> {
        Ok(match payload.0 {
            Content::Raw(raw) => raw,
            Content::Message(message) => message.into_message::<RawMessage>()?.into(),
            stream @ Content::Stream(_) => {
                let messages: MessageStream<_> = Erase::<RawMessage>::restore(AnyPayload(stream))?;
                messages.into()
            }
        })
    }
}

/// A list in a list.
impl Erase<AnyMessage> for AnyPayload {
    fn erase(self) -> AnyPayload {
        self
    }

    fn restore(payload: AnyPayload) -> Result<Self, Status> {
        Ok(payload)
    }
}

/// A stream whose message type is erased.
struct Erased<M> {
    messages: MessageStream<M>,
}

impl<M: Send + 'static> Source<AnyMessage> for Erased<M> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<AnyMessage, Status>>> {
        let item = self.messages.poll_inside(context);
        item.map(|item| item.map(|item| item.map(|message| AnyMessage(Box::new(message)))))
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.messages.take_trailers()
    }

    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        Pin::new(&mut self.messages).error_again()
    }
}

/// A stream whose message type is restored.
struct Restored<M> {
    messages: MessageStream<AnyMessage>,
    message: PhantomData<fn() -> M>,
}

impl<M: Send + 'static> Source<M> for Restored<M> {
    fn poll_item(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let item = self.messages.poll_inside(context);
        item.map(|item| item.map(|item| item.and_then(AnyMessage::into_message)))
    }

    fn trailers(mut self: Pin<&mut Self>) -> Option<Trailers> {
        self.messages.take_trailers()
    }

    fn error_again(mut self: Pin<&mut Self>) -> Option<Again> {
        Pin::new(&mut self.messages).error_again()
    }
}
