//! Longer paths.

pub mod aliased;
pub mod echo;
pub mod encrypted;
pub mod fixture;
pub mod instrument;
pub mod ops;
pub mod root;
