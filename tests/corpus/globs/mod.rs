//! The trait is imported by a glob.

pub mod of_the_module;
