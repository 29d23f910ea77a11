//! The trait is imported under another name.

pub mod bank_query;
pub mod prover;
pub mod region_server;
pub mod storage_read;
