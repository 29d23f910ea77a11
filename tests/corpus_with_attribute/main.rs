//! The impls of `tests/corpus`, for services whose generated code has the attribute.

#![allow(dead_code, unused_imports, reason = "an impl is here for how it is written")]
#![allow(clippy::module_inception, clippy::multiple_bound_locations, reason = "as people write")]

// As before the 2018 edition.
extern crate grpc_interceptor_proto as api;

#[path = "../corpus/check.rs"]
mod check;
#[path = "../corpus/globs/mod.rs"]
mod globs;
#[path = "../corpus/macros/mod.rs"]
mod macros;
#[path = "../corpus/names.rs"]
mod names;
mod only;
mod pb;
#[path = "../corpus/prelude.rs"]
mod prelude;
#[path = "../corpus/reexported/mod.rs"]
mod reexported;
#[path = "../corpus/renamed/mod.rs"]
mod renamed;
#[path = "../corpus/rpc.rs"]
mod rpc;
#[path = "../corpus/server_module/mod.rs"]
mod server_module;
#[path = "../corpus/trait_alone/mod.rs"]
mod trait_alone;
#[path = "../corpus/trait_and_server/mod.rs"]
mod trait_and_server;
#[path = "../corpus/versions/mod.rs"]
mod versions;
#[path = "../corpus/whole_path/mod.rs"]
mod whole_path;

use check::*;
