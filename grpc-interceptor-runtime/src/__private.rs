pub use std::{
    boxed::Box,
    clone::Clone,
    future::Future,
    marker::{Copy, PhantomData, Send, Sized, Sync},
    pin::Pin,
    result::Result,
    sync::Arc,
};

pub use tonic::{Request, Response, Status, server::NamedService};

pub use crate::{
    context::Context,
    interceptor::Interceptor,
    method_name::MethodName,
    next::{Next, Outcome},
    server::*,
};
