//! One deadline for the whole call: it covers the time that interceptors take, all attempts, and
//! reading the response stream.
//!
//! The clock is paused, so all times are exact.

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
