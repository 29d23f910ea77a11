//! The trait's path starts with the generated module.

pub mod block_producer;
pub mod frontend;
pub mod generic;
pub mod grpc_adapter;
pub mod own_server;
pub mod rpc_api;
pub mod slow;
pub mod user_agent;
