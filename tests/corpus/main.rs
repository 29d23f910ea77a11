//! Impls in the styles that people write, each with only the line `#[intercepted(crate::tell)]`
//! added, for services whose generated code doesn't have the attribute. Each RPC's name has to be
//! right.

#![allow(dead_code, unused_imports, reason = "an impl is here for how it is written")]
#![allow(clippy::module_inception, clippy::multiple_bound_locations, reason = "as people write")]

// As before the 2018 edition.
extern crate grpc_interceptor_proto as api;

mod check;
mod globs;
mod macros;
mod names;
mod pb;
mod prelude;
mod reexported;
mod renamed;
mod rpc;
mod server_module;
mod trait_alone;
mod trait_and_server;
mod versions;
mod whole_path;

use check::*;
