//! What travels through a chain: one message, or a stream of them.

mod any_payload;
mod erase;
mod item;
mod message_stream;
#[allow(clippy::module_inception, reason = "the trait that the folder is named after")]
mod payload;
mod source;
mod stream_end;
mod streaming;

pub(crate) use erase::Erase;
pub use erase::{AnyMessage, AnyPayload};
pub use item::StreamItem;
pub use message_stream::MessageStream;
pub use payload::Payload;
pub(crate) use source::{FromStream, Source};
pub use stream_end::StreamEnd;
pub(crate) use streaming::into_streaming;
