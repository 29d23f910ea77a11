//! Keeps an outcome from inside the layer that interceptors see as a status. If that status is
//! still the outcome when they have all run, the original is passed on unchanged.

use std::{error::Error as StdError, fmt, sync::Arc};

use tonic::{
    Status,
    body::Body,
    codegen::{Bytes, http},
};

/// The error type of a service inside a layer.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no error that an `InterceptorLayer` can tell its interceptors",
    label = "the service inside of the layer fails with this",
    note = "it has to be an `Error`, which a `Box<dyn Error>` isn't: for such a service, write \
            `InterceptorLayer::new(…).boxed_errors()`"
)]
pub trait ServiceError: StdError + Send + Sync + 'static {}

#[diagnostic::do_not_recommend]
impl<E: StdError + Send + Sync + 'static> ServiceError for E {}

pub(super) struct Original<E> {
    /// The status that the interceptors got.
    pub(super) status: Status,
    pub(super) what: What<E>,
}

pub(super) enum What<E> {
    Response(http::Response<Body>),
    Error(Arc<E>),
}

impl<E: ServiceError> Original<E> {
    pub(super) fn of_response(status: Status, response: http::Response<Body>) -> Self {
        Original { status, what: What::Response(response) }
    }

    pub(super) fn of_error(error: E) -> Self {
        let error = Arc::new(error);
        let status = Status::from_error(Box::new(Shared(error.clone())));
        Original { status, what: What::Error(error) }
    }

    /// Returns the original, if this is its status. The error can't be recovered if the status is
    /// still held elsewhere.
    pub(super) fn of_status(
        self,
        status: Status,
    ) -> Result<Result<http::Response<Body>, E>, Status> {
        if !is_same(&self.status, &status) {
            return Err(status);
        }
        match self.what {
            What::Response(response) => Ok(Ok(response)),
            What::Error(error) => {
                // The error is the source of both statuses. The copy is for the case that another
                // one is still held.
                let copy = without_source(&status);
                drop((self.status, status));
                Arc::try_unwrap(error).map(Err).map_err(|_| copy)
            }
        }
    }
}

fn without_source(status: &Status) -> Status {
    let details = Bytes::copy_from_slice(status.details());
    let metadata = status.metadata().clone();
    Status::with_details_and_metadata(status.code(), status.message(), details, metadata)
}

fn is_same(one: &Status, other: &Status) -> bool {
    (one.code(), one.message(), one.details()) == (other.code(), other.message(), other.details())
        && one.metadata().as_ref() == other.metadata().as_ref()
}

/// An error shared with a status.
struct Shared<E>(Arc<E>);

impl<E: StdError> fmt::Display for Shared<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

impl<E: StdError> fmt::Debug for Shared<E> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, formatter)
    }
}

impl<E: StdError + 'static> StdError for Shared<E> {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&*self.0)
    }
}
