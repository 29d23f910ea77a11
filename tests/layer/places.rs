//! Where people put layers.

mod channels;

mod routers;
mod servers;
mod together;
