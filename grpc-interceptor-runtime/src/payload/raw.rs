//! Messages that are still encoded, as they travel through a layer.
//!
//! A body's frames pass as they came for as long as nobody looks into a message: what is put around them then,
//! such as a deadline or a scope, is put around the frames. [`RawPayload`] knows which of the two it is.

mod ahead;
mod boxed;
mod decode;
mod decompress;
mod encode;
mod ending;
mod framing;
mod guarded_body;
mod late;
mod message;
mod or_failure;
mod payload;
mod scan;
mod status;
mod text;
mod watch;
mod watched;
mod web;
mod without_trailers;

pub use message::RawMessage;
pub use payload::RawPayload;

pub(crate) use framing::{Framing, GRPC_ENCODING, Web};
pub(crate) use status::{inferred_status, status_of};
pub(crate) use without_trailers::without_trailers;
