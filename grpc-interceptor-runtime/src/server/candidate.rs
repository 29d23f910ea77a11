use std::{convert::Infallible, marker::PhantomData};

use tonic::{
    body::Body,
    codegen::{Service, http},
    server::NamedService,
};

use super::names_on_the_wire::assert_names_on_the_wire;

/// Names the server found for a service. It is a trait on a separate type, to keep the names that
/// are in scope there out of scope elsewhere.
pub trait OfService {
    type Server<T>;
}

/// Tells whether a type is a server, and its name: `Candidate::<GreeterServer<T>>::NAME`.
///
/// If all that is known of `T` is that it implements a trait, `S` is a server only if that is the
/// trait it serves. An inherent constant takes precedence over a trait's, so the one of
/// [`NotAServer`] is used if `S` isn't a server.
pub struct Candidate<S>(PhantomData<S>);

impl<S> Candidate<S>
where
    S: Service<http::Request<Body>, Response = http::Response<Body>, Error = Infallible>
        + NamedService,
{
    pub const NAME: &'static str = S::NAME;

    /// Calls each RPC: see [`assert_names_on_the_wire`]. The placeholder for a missing server has
    /// no RPCs.
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

/// Causes a compile error if `S`, the server whose name is used, doesn't serve the impl's trait.
pub const fn assert_serves<S: ServesThisTrait>() {}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is in scope, and serves a different trait",
    label = "the server of a different trait is in scope",
    note = "name the right one: `#[intercepted(service = path::to::its_module)]`"
)]
pub trait ServesThisTrait {}

#[diagnostic::do_not_recommend]
impl<S: Service<http::Request<Body>>> ServesThisTrait for S {}
