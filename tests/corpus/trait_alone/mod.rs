//! The file imports only the trait.

pub mod alias_of_the_server;
pub mod aliased_package;
pub mod catalog;
pub mod cfgd;
pub mod discovery;
pub mod extern_crate;
pub mod generic;
pub mod geyser;
pub mod in_fn;
pub mod instrumented;
pub mod keyword;
pub mod mocked;
pub mod of_a_local_name;
pub mod own_server;
pub mod parent;
pub mod points;
pub mod relative;
pub mod server_in_tests;
pub mod snapshots;

#[path = "elsewhere/impl_of_orders.rs"]
pub mod elsewhere;
