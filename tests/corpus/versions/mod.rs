//! Two packages have a service with the same name. This is rare in public code.

pub mod child;
pub mod macro_of_a_path;
pub mod mock;
pub mod modules;
pub mod old_and_new;
pub mod server_of_another_version;
pub mod two_versions;
