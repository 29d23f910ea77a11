use std::{error::Error as StdError, sync::Arc};

use grpc_interceptor_runtime::{
    __private::{not_ok, sources},
    Context, Interceptor, Next, Outcome, Payload as _,
};
use tonic::{Code, Request, Status, metadata::MetadataMap};

/// Maps errors without a chosen status to a status.
///
/// A handler can return any error, and so can the code it calls. An error that contains neither a
/// `Status` nor an [`Error`](grpc_interceptor_runtime::Error) becomes `UNKNOWN`, with the error as
/// its [source](std::error::Error::source). This interceptor acts on exactly these statuses: those
/// that are `UNKNOWN` and have a source. It doesn't matter where inside they come from: a handler,
/// another interceptor, the middle of a response stream, or a request stream that the handler read.
/// Any other status was chosen on purpose and passes through untouched.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # use grpc_interceptor_proto::greeter::{HelloReply, HelloRequest};
/// use grpc_interceptor::{Context, intercepted, interceptors::ErrorToStatus};
/// use std::{error::Error, io};
/// use tonic::{Code, Request, Response, Status};
///
/// fn missing_files(error: &(dyn Error + 'static), _: &Context) -> Option<Status> {
///     match error.downcast_ref::<io::Error>()?.kind() {
///         io::ErrorKind::NotFound => Some(Status::not_found("there is no such greeting")),
///         _ => None,
///     }
/// }
///
/// struct MyGreeter;
///
/// #[intercepted(ErrorToStatus::new().map(missing_files).on_unknown(Code::Internal))]
/// impl Greeter for MyGreeter {
///     async fn say_hello(
///         &self,
///         request: Request<HelloRequest>,
///     ) -> Result<Response<HelloReply>, io::Error> {
///         let message = std::fs::read_to_string(request.into_inner().name)?;
///         Ok(Response::new(HelloReply { message }))
///     }
/// }
/// ```
///
/// An error that no [mapper](ErrorToStatus::map) recognizes gets the code set with
/// [`on_unknown`](ErrorToStatus::on_unknown) and that code's default message. The caller doesn't
/// see the error's own text, unless you opt in with
/// [`unknown_details`](ErrorToStatus::unknown_details).
///
/// The new status keeps the metadata of the old one and has the old one as its source, so that
/// outer interceptors can still find the error in the chain of sources.
///
/// On a server, put it into the attribute or pass it to `with_interceptors`. In an
/// [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer) it sees the errors that a
/// handler returns, but not those in the middle of a response stream: these have been encoded by
/// then and have no source.
///
/// It holds nothing except its closures, so it can be a const or be created in the list for each
/// call.
#[derive(Clone, Copy, Debug)]
pub struct ErrorToStatus<M = (), D = ()> {
    mappers: M,
    code: Code,
    details: D,
}

impl ErrorToStatus {
    /// Creates an `ErrorToStatus` without mappers: every error stays `UNKNOWN`, and its text is
    /// hidden.
    #[must_use]
    pub const fn new() -> Self {
        ErrorToStatus { mappers: (), code: Code::Unknown, details: () }
    }
}

impl Default for ErrorToStatus {
    fn default() -> Self {
        Self::new()
    }
}

impl<M, D> ErrorToStatus<M, D> {
    /// Sets the code for errors that no mapper recognizes.
    ///
    /// `Code::Ok` is ignored and leaves it at `Code::Unknown`: an error isn't a success.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::ErrorToStatus;
    /// use tonic::Code;
    ///
    /// const ERRORS: ErrorToStatus = ErrorToStatus::new().on_unknown(Code::Internal);
    /// ```
    #[must_use]
    pub const fn on_unknown(mut self, code: Code) -> Self {
        self.code = if matches!(code, Code::Ok) { Code::Unknown } else { code };
        self
    }

    /// Adds a mapper, which returns a status for the errors it recognizes and `None` for all
    /// others.
    ///
    /// The mapper is called with the original error, then with its source, and so on, until it
    /// recognizes one. This way it also finds errors that were wrapped along the way. Mappers run
    /// in the order in which they were added.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::ErrorToStatus;
    /// use std::{io, num::ParseIntError};
    /// use tonic::Status;
    ///
    /// let errors = ErrorToStatus::new()
    ///     .map(|error, _| error.is::<ParseIntError>().then(|| Status::invalid_argument("no number")))
    ///     .map(|error, context| {
    ///         let error = error.downcast_ref::<io::Error>()?;
    ///         eprintln!("{}: {error}", context.method_name());
    ///         Some(Status::unavailable("try again"))
    ///     });
    /// ```
    #[must_use]
    pub fn map<F>(self, mapper: F) -> ErrorToStatus<(M, F), D>
    where
        F: Fn(&(dyn StdError + 'static), &Context) -> Option<Status>,
        F: Clone + Send + Sync + 'static,
    {
        let ErrorToStatus { mappers, code, details } = self;
        ErrorToStatus { mappers: (mappers, mapper), code, details }
    }

    /// Computes the message that the caller sees for an error that no mapper recognizes.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::ErrorToStatus;
    ///
    /// // For callers that are trusted with internal details.
    /// let errors = ErrorToStatus::new().unknown_details(|error, _| error.to_string());
    /// ```
    #[must_use]
    pub fn unknown_details<F>(self, details: F) -> ErrorToStatus<M, F>
    where
        F: Fn(&(dyn StdError + 'static), &Context) -> String,
        F: Clone + Send + Sync + 'static,
    {
        let ErrorToStatus { mappers, code, .. } = self;
        ErrorToStatus { mappers, code, details }
    }
}

impl<N: Next, M: MapError, D: UnknownDetails> Interceptor<N> for ErrorToStatus<M, D> {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let response = next.run(request).await.map_err(|status| self.status(status, &context))?;
        let errors = self.clone();
        Ok(response
            .map(|payload| payload.map_errors(move |status| errors.status(status, &context))))
    }
}

impl<M: MapError, D: UnknownDetails> ErrorToStatus<M, D> {
    fn status(&self, mut original: Status, context: &Context) -> Status {
        if original.code() != Code::Unknown {
            return original;
        }
        let Some(error) = original.source() else {
            return original;
        };
        let mapped = self.mappers.map_error(sources(error), context).map(not_ok);
        // If this status had a source, an outer `ErrorToStatus` would act on it as well.
        let chosen_unknown = mapped.as_ref().is_some_and(|status| status.code() == Code::Unknown);
        let mut status = mapped.unwrap_or_else(|| {
            let details = self.details.unknown_details(error, context);
            Status::new(self.code, details.unwrap_or_else(|| self.code.description().to_owned()))
        });
        let metadata = std::mem::take(original.metadata_mut());
        keep_metadata(&mut status, metadata);
        if status.source().is_none() && !chosen_unknown {
            status.set_source(Arc::new(original));
        }
        status
    }
}

/// Merges the metadata of the old status into the new one. The new status's entries take
/// precedence.
fn keep_metadata(status: &mut Status, old: MetadataMap) {
    let mut headers = old.into_headers();
    headers.extend(std::mem::take(status.metadata_mut()).into_headers());
    *status.metadata_mut() = MetadataMap::from_headers(headers);
}

/// The mappers of an [`ErrorToStatus`]: `()`, a closure, or a pair of these.
pub trait MapError: Clone + Send + Sync + 'static {
    #[doc(hidden)]
    fn map_error<'a>(
        &self,
        errors: impl Iterator<Item = &'a (dyn StdError + 'static)> + Clone,
        context: &Context,
    ) -> Option<Status>;
}

impl MapError for () {
    fn map_error<'a>(
        &self,
        _: impl Iterator<Item = &'a (dyn StdError + 'static)> + Clone,
        _: &Context,
    ) -> Option<Status> {
        None
    }
}

impl<F> MapError for F
where
    F: Fn(&(dyn StdError + 'static), &Context) -> Option<Status>,
    F: Clone + Send + Sync + 'static,
{
    fn map_error<'a>(
        &self,
        mut errors: impl Iterator<Item = &'a (dyn StdError + 'static)> + Clone,
        context: &Context,
    ) -> Option<Status> {
        errors.find_map(|error| self(error, context))
    }
}

impl<A: MapError, B: MapError> MapError for (A, B) {
    fn map_error<'a>(
        &self,
        errors: impl Iterator<Item = &'a (dyn StdError + 'static)> + Clone,
        context: &Context,
    ) -> Option<Status> {
        let first = self.0.map_error(errors.clone(), context);
        first.or_else(|| self.1.map_error(errors, context))
    }
}

/// Computes the message for an error that no mapper recognizes: a closure, or `()` for the code's
/// default.
pub trait UnknownDetails: Clone + Send + Sync + 'static {
    #[doc(hidden)]
    fn unknown_details(
        &self,
        error: &(dyn StdError + 'static),
        context: &Context,
    ) -> Option<String>;
}

impl UnknownDetails for () {
    fn unknown_details(&self, _: &(dyn StdError + 'static), _: &Context) -> Option<String> {
        None
    }
}

impl<F> UnknownDetails for F
where
    F: Fn(&(dyn StdError + 'static), &Context) -> String,
    F: Clone + Send + Sync + 'static,
{
    fn unknown_details(
        &self,
        error: &(dyn StdError + 'static),
        context: &Context,
    ) -> Option<String> {
        Some(self(error, context))
    }
}
