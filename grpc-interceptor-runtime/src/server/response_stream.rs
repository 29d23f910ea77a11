use std::{
    pin::Pin,
    task::{Context, Poll},
};

use pin_project_lite::pin_project;
use tokio_stream::Stream;
use tonic::Status;

use super::StreamItem;
use crate::MessageStream;

pin_project! {
    /// What tonic's trait gets as `type SayHelloStream`: the handler's own stream where no
    /// interceptor put anything around it, polled with no indirection, else the one around it.
    #[project = Projected]
    pub enum ResponseStream<S>
    where
        S: Stream,
        S::Item: StreamItem
    {
        Untouched { #[pin] stream: S },
        Intercepted { stream: MessageStream<<S::Item as StreamItem>::Message> },
    }
}

impl<S> Stream for ResponseStream<S>
where
    S: Stream<Item: StreamItem>,
{
    type Item = Result<<S::Item as StreamItem>::Message, Status>;

    #[inline]
    fn poll_next(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.project() {
            Projected::Untouched { stream } => {
                stream.poll_next(context).map(|item| item.map(StreamItem::into_result))
            }
            Projected::Intercepted { stream } => Pin::new(stream).poll_next(context),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match self {
            ResponseStream::Untouched { stream } => stream.size_hint(),
            ResponseStream::Intercepted { stream } => stream.size_hint(),
        }
    }
}
