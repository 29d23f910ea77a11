//! A generated server: it can be made with interceptors around the service.

pub(crate) mod expand;
mod model;
pub(crate) mod parse;
