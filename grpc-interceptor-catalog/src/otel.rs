//! What traces and metrics share of OpenTelemetry's conventions.

pub(crate) mod by_code;
pub(crate) mod conventions;
pub(crate) mod target;
