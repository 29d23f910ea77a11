//! One deadline for the whole call: for what interceptors take, for all attempts, and for the reading
//! of the response's stream.
//!
//! The clock stands still, so that each time is exact.

mod attempts;
mod busy;
mod cancelled;
mod interceptors;
mod kinds;
mod odd_timeouts;
mod on_a_server;
mod over_a_socket;
mod seen;
mod streams;
#[path = "../support/mod.rs"]
mod support;
mod whole_call;
