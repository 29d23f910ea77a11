//! The file also imports the server.

pub mod and_the_module;
pub mod benches;
pub mod health;
pub mod hello_world;
pub mod lines_apart;
pub mod messages_by_glob;
pub mod messages_too;
pub mod own_server;
pub mod own_server_of_another;
pub mod route_guide;
pub mod smoke;
pub mod tags;
pub mod wrapper;
