//! The trait comes from a module of the crate that re-exports it.

pub mod kv_server;
pub mod page_service;
pub mod wrapper;
