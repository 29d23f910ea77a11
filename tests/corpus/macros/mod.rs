//! The impl is in a `macro_rules`.

pub mod of_a_trait;
pub mod of_a_type;
pub mod wire;
