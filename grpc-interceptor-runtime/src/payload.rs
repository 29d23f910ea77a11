//! The payloads that pass through a chain: a single message, or a stream of messages.

mod any_payload;
mod around;
mod aside;
mod encoded;
mod erase;
mod failure;
mod guarded;
mod in_time;
mod item;
mod message_stream;
#[allow(clippy::module_inception, reason = "the trait that the folder is named after")]
mod payload;
mod raw;
mod scoped;
mod scopes;
mod source;
mod stream_end;
mod streaming;
mod trailers;
mod try_clone;
mod watch;
mod wrap;

pub use encoded::EncodedMessage;
pub(crate) use erase::Erase;
pub use erase::{AnyMessage, AnyPayload};
pub(crate) use failure::Failure;
pub(crate) use guarded::Guarded;
pub(crate) use in_time::UntilDeadline;
pub use item::StreamItem;
pub use message_stream::MessageStream;
pub use payload::Payload;
pub(crate) use raw::{Framing, GRPC_ENCODING, Web, inferred_status, status_of, without_trailers};
pub use raw::{RawMessage, RawPayload};
pub(crate) use source::FromStream;
pub use stream_end::StreamEnd;
pub(crate) use streaming::{into_request_streaming, into_streaming};
pub use trailers::trailers;
pub use try_clone::{NotClone, TryClone};
pub use watch::{ResponseWatch, Watch, WatchCall, Watcher};
pub use wrap::WrapStream;
