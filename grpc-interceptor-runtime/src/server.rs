//! Run-time support for `#[intercepted]` on a service's impl or on a generated server.
//!
//! A handler's signature is `Request<A> -> Result<Response<B>, E>`. The macro sees only its tokens,
//! and an alias may hide the actual types. So the tokens go unchanged into an [`Rpc`], and the
//! traits [`Argument`] and [`Returned`] take the types apart.

mod call;
mod called;
mod candidate;
mod chain;
mod detect;
mod entry;
mod held;
mod intercepted;
mod layout;
mod name;
mod names_on_the_wire;
mod no_server;
mod outlined;
mod request;
mod response;
mod response_stream;
mod wrong_argument;
mod wrong_entry;
mod wrong_returned;

pub use call::{Served, handle, intercept, serve, serve_arc};
pub use called::{Called, FnMade, MakesAnInterceptor, MayBeCalled, Parentheses};
pub use candidate::{Candidate, NotAServer, OfService, assert_serves};
pub use chain::{Chain, ChainOutcome, ChainPayload, ChainRequest, Link, Rpc, Sent};
pub use detect::{Detect, DetectStatus, NoStatus, NotAStream};
pub use entry::{Entry, NotAFunction};
pub use held::{GENERIC_IS_LARGE, Held, Hold, is_large, is_large_with_context};
pub use intercepted::{
    Intercepted, intercepted, parts, serve_intercepted, serve_intercepted_arc, shared_parts,
};
pub use layout::lay_out;
pub use name::{exact_name, given_service, method_name, name_bytes, name_length, service_name};
pub use names_on_the_wire::answer_with_name;
pub use no_server::NoServer;
pub use outlined::outlined;
pub use request::{Argument, ArgumentKind};
pub use response::{
    BOXED_STREAM, KEPT_STREAM, MESSAGE, OWN_STREAM, Returned, ReturnedKind, SentStream, StreamOf,
};
pub use response_stream::ResponseStream;
pub use wrong_argument::{CheckedArgument, DetectRequest, NoRequest};
pub use wrong_entry::*;
pub use wrong_returned::{
    DetectResponse, DetectReturned, HandlerReturns, NoResponse, NotReturned, assert_returned,
    checked_kind,
};

/// What an [`Entry`] may be: the traits, for their methods.
pub mod entry_forms {
    pub use super::{
        ForOtherMessages as _, NoInterceptor as _, NotAFunction as _, WithOneArgument as _,
        WithOtherArguments as _, WithoutAnOutcome as _, WithoutArguments as _,
    };
}
