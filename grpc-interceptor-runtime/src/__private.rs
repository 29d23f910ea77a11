pub use std::{
    boxed::Box,
    clone::Clone,
    future::Future,
    marker::{PhantomData, Send, Sync},
    pin::Pin,
    result::Result,
    sync::Arc,
};

pub use tonic::{
    Request, Response, Status,
    codec::{Codec, CompressionEncoding},
    codegen::http::Uri,
    server::NamedService,
};

pub use crate::{
    call::{Context, MethodName},
    chain::Interceptor,
    client::*,
    error::{into_status, not_ok},
    server::*,
};
