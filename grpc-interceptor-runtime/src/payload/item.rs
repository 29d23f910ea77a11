use std::{any::Any, task::Poll};

use tonic::Status;

use crate::error::{BoxError, into_item_status};

/// What a handler's stream yields: a `Result` of a message.
#[diagnostic::on_unimplemented(
    message = "a handler's stream yields `Result<…, …>`, not `{Self}`",
    label = "doesn't yield a `Result`",
    note = "the error is `tonic::Status`, or anything else that is `Into<Box<dyn Error + Send + Sync>>`"
)]
pub trait StreamItem: Sized {
    type Message: Send + 'static;

    /// What a handler's stream was polled to, with a status for an error. A status that is OK is the
    /// stream's end, with trailing metadata.
    fn into_polled(polled: Poll<Option<Self>>) -> Poll<Option<Result<Self::Message, Status>>>;
}

impl<M: Send + 'static, E: Into<BoxError> + 'static> StreamItem for Result<M, E> {
    type Message = M;

    #[cfg_attr(not(debug_assertions), inline(always))]
    fn into_polled(mut polled: Poll<Option<Self>>) -> Poll<Option<Result<M, Status>>> {
        // Mostly the error is a status already, so that a message need not be touched. The types
        // are compared at no cost: once compiled, one of the two ways is left.
        let same: Option<&mut Poll<Option<Result<M, Status>>>> =
            (&mut polled as &mut dyn Any).downcast_mut();
        if let Some(polled) = same {
            return std::mem::replace(polled, Poll::Pending);
        }
        match polled {
            Poll::Ready(Some(Ok(message))) => Poll::Ready(Some(Ok(message))),
            Poll::Ready(Some(Err(error))) => Poll::Ready(Some(Err(into_item_status(error)))),
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => Poll::Pending,
        }
    }
}
