//! The parts of OpenTelemetry's conventions that traces and metrics share.

pub(crate) mod by_code;
pub(crate) mod conventions;
pub(crate) mod target;
