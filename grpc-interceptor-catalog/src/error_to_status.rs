use std::{error::Error as StdError, sync::Arc};

use grpc_interceptor_runtime::{
    __private::{not_ok, sources},
    Context, Interceptor, Next, Outcome, Payload as _,
};
use tonic::{Code, Request, Status, metadata::MetadataMap};

/// Decides what becomes of errors for which nobody has chosen a status.
///
/// A handler may return any error, and so may what it calls. If there is neither a `Status` nor
/// an [`Error`](grpc_interceptor_runtime::Error) in it, it is `UNKNOWN`, with the error as its
/// [source](std::error::Error::source). This interceptor acts on those, on statuses that are
/// `UNKNOWN` and have a source, wherever in its inside they come from: a handler, another
/// interceptor, the middle of a response stream, a request stream that the handler read. Any other
/// status was chosen by somebody, and passes untouched.
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
/// What no [mapper](ErrorToStatus::map) knows gets the code of
/// [`on_unknown`](ErrorToStatus::on_unknown), and that code's default text: what an error says of
/// itself is not for the caller, unless [`unknown_details`](ErrorToStatus::unknown_details) says so.
///
/// The new status has the metadata of the old one, and the old one as its source, so that
/// interceptors around this one still find the error in the chain of sources.
///
/// On a server, put it into the attribute or the list at creation. In an
/// [`InterceptorLayer`](grpc_interceptor_runtime::InterceptorLayer) it finds what a handler returns, and what fails
/// in the middle of a response stream has no source there any more: that is encoded already.
///
/// It may be a const, or be made in the list for each call: it holds nothing but its closures.
#[derive(Clone, Copy, Debug)]
pub struct ErrorToStatus<M = (), D = ()> {
    mappers: M,
    code: Code,
    details: D,
}

impl ErrorToStatus {
    /// Knows no error: each stays `UNKNOWN`, and its text is hidden.
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
    /// The code of errors that no mapper knows. `Code::Ok` is refused: an error is no success, and
    /// stays `Code::Unknown`.
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

    /// Adds a mapper: what makes a status of the errors that it knows, and `None` of any other.
    ///
    /// It is shown the original error, then that one's source, and so on, until it knows one. So it
    /// gets at an error that was wrapped on its way, too. Mappers are asked in the order in which
    /// they were added.
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

    /// Makes the text that the caller reads of an error that no mapper knows.
    ///
    /// ```
    /// use grpc_interceptor::interceptors::ErrorToStatus;
    ///
    /// // For callers that may know everything.
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
        // With a source, an `ErrorToStatus` around this one would take it for one to act on.
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

/// What other interceptors have put on the old status goes with the new one, which goes first.
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

/// What makes the text of an error that no mapper knows: `()`, for the code's own, or a closure.
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
