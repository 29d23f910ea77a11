use std::{convert::Infallible, marker::PhantomData};

use tonic::{
    body::Body,
    codegen::{Service, http},
    server::NamedService,
};

use super::names_on_the_wire::assert_names_on_the_wire;

/// Which server was found for a service. A type of its own says it, as what is in scope where that is said
/// should not be in scope elsewhere.
pub trait OfService {
    type Server<T>;
}

/// Tells of a type whether it is a server, and how it is called: `Candidate::<GreeterServer<T>>::NAME`.
///
/// If no more is known of `T` than that it implements a trait, it is one only if that is the trait that it serves.
/// An inherent constant goes before a trait's: if `S` is no server, that of [`NotAServer`] is meant.
pub struct Candidate<S>(PhantomData<S>);

impl<S> Candidate<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + NamedService,
{
    pub const NAME: &'static str = S::NAME;

    /// Calls each RPC, see [`assert_names_on_the_wire`]. What stands for no server has none.
    #[track_caller]
    pub fn assert_names(server: S, rpcs: &[(&'static str, &str)]) {
        if !S::NAME.is_empty() {
            assert_names_on_the_wire(server, rpcs);
        }
    }
}

pub trait NotAServer {
    const NAME: &'static str = "";

    fn assert_names<S>(_: S, _: &[(&'static str, &str)]) {}
}

impl<S> NotAServer for Candidate<S> {}

/// A compile error if `S`, the server whose name is used, doesn't serve the impl's trait.
pub const fn assert_serves<S: ServesThisTrait>() {}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is in sight, and serves another trait than this",
    label = "another server is in sight",
    note = "say which one is meant: `#[intercepted(service = path::to::its_module)]`"
)]
pub trait ServesThisTrait {}

#[diagnostic::do_not_recommend]
impl<S: Service<http::Request<Body>>> ServesThisTrait for S {}
