//! Messages that are still encoded, in a layer.
//!
//! As long as nothing inspects a message, the frames of a body pass unchanged, and wrappers such as
//! a deadline or a scope are applied to the frames. [`RawPayload`] tracks which of the two applies.

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
