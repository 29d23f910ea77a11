pub use std::{
    boxed::Box,
    clone::Clone,
    future::Future,
    marker::{PhantomData, Send, Sync},
    option::Option,
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
    call::{Context, MethodName, RpcInfo, RpcKind, deadline_to_carry, new_context, now},
    chain::{Interceptor, Sealed},
    client::*,
    error::{code_name, drop_payload, ignoring_panics, into_status, not_ok, sources},
    payload::{NotClone, TryClone, WrapStream},
    server::*,
};
