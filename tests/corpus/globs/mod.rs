//! By a glob.

pub mod of_the_module;
