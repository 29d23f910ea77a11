//! A generated client: beside it comes one whose calls go through interceptors.

pub(crate) mod expand;
mod model;
pub(crate) mod parse;
