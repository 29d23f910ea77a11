use std::{error::Error as StdError, fmt, sync::Arc};

use tonic::{Code, Status, metadata::MetadataMap};

use super::{
    boxed::{BoxError, into_box},
    code_name::code_name,
    not_ok::with_code,
};

/// An error with a gRPC code. The caller of the RPC gets it as the status.
///
/// Return it from a handler, or from any function below the handler. If it is a
/// [source](StdError::source) of another error, at any depth, it still decides the status.
///
/// ```
/// use grpc_interceptor::Error;
/// use tonic::Code;
///
/// fn find(id: u32) -> Result<&'static str, Error> {
///     match id {
///         1 => Ok("one"),
///         _ => Err(Error::not_found("no such item")),
///     }
/// }
///
/// let error = find(2).unwrap_err();
/// assert_eq!(error.code(), Code::NotFound);
/// assert_eq!(error.details(), "no such item");
/// assert_eq!(error.to_string(), "NOT_FOUND: no such item");
/// ```
///
/// There is a constructor for each code, whose docs say when to use it. [`Error::new`] uses the
/// code's default details. The caller sees the details, the metadata and, with the feature
/// `tonic-types`, the rich details. The [source](Error::with_source) is not sent: it is for
/// interceptors and logs.
///
/// # Wrapped in your own error type
///
/// When a `thiserror` variant holds an `Error` or a `Status`, give the variant a message, and mark
/// the field with `#[from]` or `#[source]`. With `#[error(transparent)]` the inner error isn't in
/// the chain of sources, so it can't be found.
///
/// # Never OK
///
/// An error never becomes a success. [`Error::new`] and `Error::from(Status)` replace `Code::Ok`
/// with `Code::Unknown` and keep everything else.
///
/// # Converting to and from `Status`
///
/// `From` works in both directions and preserves the source, the metadata and the binary details.
/// So `?` converts either into the other.
///
/// ```
/// use grpc_interceptor::Error;
/// use tonic::Status;
///
/// fn checked(name: &str) -> Result<&str, Error> {
///     match name {
///         "" => Err(Error::invalid_argument("a name has at least one letter")),
///         name => Ok(name),
///     }
/// }
///
/// fn greet(name: &str) -> Result<String, Status> {
///     Ok(format!("Hello, {}!", checked(name)?))
/// }
/// # assert_eq!(greet("").unwrap_err().message(), "a name has at least one letter");
/// ```
pub struct Error {
    status: Status,
    /// Stored separately, because it can't be taken back out of the status. It stays the original
    /// source whatever else changes. Boxed, so that an error is two pointers in size.
    source: Option<Box<BoxError>>,
}

/// Defines a constructor for each code.
macro_rules! constructors {
    ($($(#[doc = $doc:literal])+ $name:ident $code:ident)+) => {
        /// Constructors, one per code, in numeric order.
        impl Error {
            $(
                $(#[doc = $doc])+
                #[must_use]
                pub fn $name(details: impl Into<String>) -> Self {
                    Error { status: Status::new(Code::$code, details), source: None }
                }
            )+
        }
    };
}

constructors! {
    /// Creates a `CANCELLED` error: the call was cancelled, usually by its caller.
    ///
    /// If the deadline passed, use [`deadline_exceeded`](Error::deadline_exceeded). If the server
    /// gives up, use [`aborted`](Error::aborted) or [`unavailable`](Error::unavailable).
    cancelled Cancelled
    /// Creates an `UNKNOWN` error: no better code is known, for example for an error from another
    /// system.
    ///
    /// An error without a code becomes `UNKNOWN`. If this server is known to be at fault, use
    /// [`internal`](Error::internal).
    unknown Unknown
    /// Creates an `INVALID_ARGUMENT` error: the request is invalid regardless of the system's
    /// state.
    ///
    /// If it would be valid in another state, use
    /// [`failed_precondition`](Error::failed_precondition), or
    /// [`out_of_range`](Error::out_of_range) for a range that may grow.
    invalid_argument InvalidArgument
    /// Creates a `DEADLINE_EXCEEDED` error: the deadline passed before the operation completed.
    ///
    /// The operation may still have changed the system. If the caller gave up for another reason,
    /// use [`cancelled`](Error::cancelled).
    deadline_exceeded DeadlineExceeded
    /// Creates a `NOT_FOUND` error: the requested entity doesn't exist, for all callers or a whole
    /// class of them.
    ///
    /// If it exists but this caller isn't allowed to access it, use
    /// [`permission_denied`](Error::permission_denied).
    not_found NotFound
    /// Creates an `ALREADY_EXISTS` error: the entity to create already exists.
    ///
    /// If the call lost a race and retrying the whole sequence may help, use
    /// [`aborted`](Error::aborted).
    already_exists AlreadyExists
    /// Creates a `PERMISSION_DENIED` error: the caller is known but isn't allowed to do this.
    ///
    /// If the caller isn't known, use [`unauthenticated`](Error::unauthenticated). If a quota is
    /// exhausted, use [`resource_exhausted`](Error::resource_exhausted).
    permission_denied PermissionDenied
    /// Creates a `RESOURCE_EXHAUSTED` error: a quota, a rate limit or a disk is exhausted.
    ///
    /// If the server as a whole is overloaded and another one may not be, use
    /// [`unavailable`](Error::unavailable).
    resource_exhausted ResourceExhausted
    /// Creates a `FAILED_PRECONDITION` error: the system isn't in the state that the operation
    /// needs.
    ///
    /// An example is removing a directory that isn't empty. The caller should not retry until the
    /// state has been fixed.
    ///
    /// If retrying just this call may help, use [`unavailable`](Error::unavailable). If the caller
    /// should retry a larger sequence, such as a read before its write, use
    /// [`aborted`](Error::aborted). If the request is invalid in any state, use
    /// [`invalid_argument`](Error::invalid_argument).
    failed_precondition FailedPrecondition
    /// Creates an `ABORTED` error: the call conflicted with a concurrent one.
    ///
    /// Examples are a transaction that lost a conflict, or a version that is no longer current. The
    /// caller should retry the larger sequence: read, change, write.
    ///
    /// If retrying just this call may help, use [`unavailable`](Error::unavailable). If retrying
    /// doesn't help until the state has been fixed, use
    /// [`failed_precondition`](Error::failed_precondition).
    aborted Aborted
    /// Creates an `OUT_OF_RANGE` error: past the valid range, for example reading past the end of a
    /// file.
    ///
    /// It tells a caller that iterates over a range that it is done. If the range can never grow
    /// that far, use [`invalid_argument`](Error::invalid_argument).
    out_of_range OutOfRange
    /// Creates an `UNIMPLEMENTED` error: this server doesn't support the operation for any caller.
    ///
    /// If it does but not at the moment, use [`unavailable`](Error::unavailable). If it does but
    /// not for this caller, use [`permission_denied`](Error::permission_denied).
    unimplemented Unimplemented
    /// Creates an `INTERNAL` error: an invariant of the server is broken.
    ///
    /// If the cause isn't known, use [`unknown`](Error::unknown). If data is lost for good, use
    /// [`data_loss`](Error::data_loss).
    internal Internal
    /// Creates an `UNAVAILABLE` error: the server can't handle the call right now.
    ///
    /// The caller should retry just this call after a backoff, if it is safe to repeat.
    ///
    /// If the caller should retry a larger sequence, use [`aborted`](Error::aborted). If retrying
    /// doesn't help until the state has been fixed, use
    /// [`failed_precondition`](Error::failed_precondition).
    unavailable Unavailable
    /// Creates a `DATA_LOSS` error: data is lost or corrupted beyond recovery.
    ///
    /// If something is broken but no data is lost, use [`internal`](Error::internal).
    data_loss DataLoss
    /// Creates an `UNAUTHENTICATED` error: the caller isn't known, because credentials are missing
    /// or invalid.
    ///
    /// If the caller is known but isn't allowed to do this, use
    /// [`permission_denied`](Error::permission_denied).
    unauthenticated Unauthenticated
}

impl Error {
    /// Creates an error with the code's default details. `Code::Ok` becomes `Code::Unknown`.
    ///
    /// ```
    /// use grpc_interceptor::Error;
    /// use tonic::Code;
    ///
    /// assert_eq!(Error::new(Code::NotFound).details(), "Some requested entity was not found");
    /// assert_eq!(Error::new(Code::Ok).code(), Code::Unknown);
    /// ```
    #[must_use]
    pub fn new(code: Code) -> Self {
        let code = if code == Code::Ok { Code::Unknown } else { code };
        Error { status: Status::new(code, code.description()), source: None }
    }

    /// Sets the error that caused this one.
    ///
    /// It isn't sent to the caller. Interceptors get it from [`source`](StdError::source), on this
    /// error and on the status that it becomes.
    ///
    /// ```
    /// use grpc_interceptor::Error;
    /// use std::error::Error as _;
    ///
    /// let parsed = "seven".parse::<u32>();
    /// let error = parsed.map_err(|e| Error::invalid_argument("not a number").with_source(e));
    /// let error = error.unwrap_err();
    /// assert!(error.source().unwrap().is::<std::num::ParseIntError>());
    ///
    /// let status = tonic::Status::from(error);
    /// assert!(status.source().unwrap().is::<std::num::ParseIntError>());
    /// ```
    #[must_use]
    pub fn with_source(self, source: impl Into<BoxError> + 'static) -> Self {
        Error { source: Some(Box::new(into_box(source))), ..self }
    }

    /// Sets the metadata to send to the caller, replacing any set before.
    ///
    /// ```
    /// use grpc_interceptor::Error;
    /// use tonic::metadata::MetadataMap;
    ///
    /// let mut metadata = MetadataMap::new();
    /// metadata.insert("retry-after", "30".parse().unwrap());
    /// let error = Error::unavailable("the database is unavailable").with_metadata(metadata);
    /// assert_eq!(error.metadata().get("retry-after").unwrap(), "30");
    /// ```
    #[must_use]
    pub fn with_metadata(mut self, metadata: MetadataMap) -> Self {
        *self.metadata_mut() = metadata;
        self
    }

    /// Returns the code, which is never `Code::Ok`.
    #[must_use]
    pub fn code(&self) -> Code {
        self.status.code()
    }

    /// Returns the text that the caller sees. `Status` calls it the message.
    #[must_use]
    pub fn details(&self) -> &str {
        self.status.message()
    }

    /// Returns the code as gRPC writes it.
    ///
    /// ```
    /// use grpc_interceptor::Error;
    ///
    /// assert_eq!(Error::not_found("nothing").status_string(), "NOT_FOUND");
    /// ```
    #[must_use]
    pub fn status_string(&self) -> &'static str {
        code_name(self.code())
    }

    /// Returns the metadata that is sent to the caller.
    #[must_use]
    pub fn metadata(&self) -> &MetadataMap {
        self.status.metadata()
    }

    /// Returns a mutable reference to the metadata that is sent to the caller.
    pub fn metadata_mut(&mut self) -> &mut MetadataMap {
        self.status.metadata_mut()
    }

    /// Returns the status that is sent to the caller.
    pub(crate) fn status(&self) -> &Status {
        &self.status
    }
}

/// Rich error details, as defined in google.rpc's `error_details.proto`.
#[cfg(feature = "tonic-types")]
impl Error {
    /// Sets the rich details to send to the caller, replacing any set before.
    ///
    /// Requires the feature `tonic-types`.
    ///
    /// ```
    /// use grpc_interceptor::Error;
    /// use tonic_types::ErrorDetails;
    ///
    /// let details = ErrorDetails::with_bad_request_violation("name", "it is empty");
    /// let error = Error::invalid_argument("there is no name").with_error_details(details);
    /// assert!(error.error_details().bad_request().is_some());
    /// ```
    #[must_use]
    pub fn with_error_details(mut self, details: tonic_types::ErrorDetails) -> Self {
        let metadata = std::mem::take(self.metadata_mut());
        let mut status = <Status as tonic_types::StatusExt>::with_error_details_and_metadata(
            self.code(),
            self.details(),
            details,
            metadata,
        );
        if self.status.source().is_some() {
            status.set_source(Arc::new(self.status));
        }
        Error { status, source: self.source }
    }

    /// Returns the rich details, which are empty if none were set. Requires the feature
    /// `tonic-types`.
    #[must_use]
    pub fn error_details(&self) -> tonic_types::ErrorDetails {
        tonic_types::StatusExt::get_error_details(&self.status)
    }
}

/// Preserves everything.
impl From<Error> for Status {
    fn from(Error { mut status, source }: Error) -> Self {
        if let Some(source) = source {
            status.set_source(Arc::from(*source));
        }
        status
    }
}

/// Preserves everything, except that `Code::Ok` becomes `Code::Unknown`.
impl From<Status> for Error {
    fn from(status: Status) -> Self {
        let status = if status.code() == Code::Ok {
            let details = status.message().to_owned();
            with_code(status, Code::Unknown, details)
        } else {
            status
        };
        Error { status, source: None }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.source {
            Some(source) => Some(&***source),
            None => self.status.source(),
        }
    }
}

/// Formats the error like `NOT_FOUND: no such item`.
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.status_string(), self.details())
    }
}

/// Formats the error like `Error { code: NOT_FOUND, details: "no such item" }`, plus any other
/// fields that are set.
impl fmt::Debug for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut debug = formatter.debug_struct("Error");
        debug.field("code", &format_args!("{}", self.status_string()));
        debug.field("details", &self.details());
        if !self.metadata().is_empty() {
            debug.field("metadata", self.metadata());
        }
        if let Some(source) = self.source() {
            debug.field("source", &source);
        }
        debug.finish()
    }
}

#[cfg(test)]
mod tests {
    use std::{error::Error as _, fmt, mem::size_of};

    use tonic::{Code, Status, codegen::Bytes, metadata::MetadataMap};

    use super::Error;

    type Constructor = fn(&'static str) -> Error;

    const CONSTRUCTORS: [(Constructor, &str); 16] = [
        (Error::cancelled, "CANCELLED"),
        (Error::unknown, "UNKNOWN"),
        (Error::invalid_argument, "INVALID_ARGUMENT"),
        (Error::deadline_exceeded, "DEADLINE_EXCEEDED"),
        (Error::not_found, "NOT_FOUND"),
        (Error::already_exists, "ALREADY_EXISTS"),
        (Error::permission_denied, "PERMISSION_DENIED"),
        (Error::resource_exhausted, "RESOURCE_EXHAUSTED"),
        (Error::failed_precondition, "FAILED_PRECONDITION"),
        (Error::aborted, "ABORTED"),
        (Error::out_of_range, "OUT_OF_RANGE"),
        (Error::unimplemented, "UNIMPLEMENTED"),
        (Error::internal, "INTERNAL"),
        (Error::unavailable, "UNAVAILABLE"),
        (Error::data_loss, "DATA_LOSS"),
        (Error::unauthenticated, "UNAUTHENTICATED"),
    ];

    #[test]
    fn there_is_a_constructor_for_each_code_but_ok() {
        for (number, (constructor, status_string)) in (1..).zip(CONSTRUCTORS) {
            let error = constructor("why");
            assert_eq!(error.code(), Code::from(number));
            assert_eq!(error.details(), "why");
            assert_eq!(error.status_string(), status_string);
            let default = Error::new(Code::from(number));
            assert_eq!(default.details(), Code::from(number).description());
        }
    }

    #[test]
    fn ok_is_refused() {
        let error = Error::new(Code::Ok);
        assert_eq!((error.code(), error.details()), (Code::Unknown, "Unknown error"));

        let mut status = Status::with_details(Code::Ok, "why", Bytes::from_static(b"binary"));
        status.metadata_mut().insert("key", "value".parse().unwrap());
        status.set_source(std::sync::Arc::new(fmt::Error));
        let error = Error::from(status);
        assert_eq!((error.code(), error.details()), (Code::Unknown, "why"));
        assert_eq!(error.metadata().get("key").unwrap(), "value");
        assert_eq!(error.status().details(), b"binary");
        assert!(error.source().unwrap().source().unwrap().is::<fmt::Error>());
    }

    #[test]
    fn repr_and_status_string() {
        let error = Error::not_found("a \"thing\"");
        assert_eq!(error.status_string(), "NOT_FOUND");
        assert_eq!(error.to_string(), "NOT_FOUND: a \"thing\"");
        assert_eq!(format!("{error:?}"), r#"Error { code: NOT_FOUND, details: "a \"thing\"" }"#);
        let error = error.with_source(fmt::Error);
        assert_eq!(
            format!("{error:?}"),
            r#"Error { code: NOT_FOUND, details: "a \"thing\"", source: Error }"#
        );
    }

    #[test]
    fn nothing_is_lost_between_an_error_and_a_status() {
        let mut metadata = MetadataMap::new();
        metadata.insert("key", "value".parse().unwrap());
        let error = Error::aborted("why").with_source(fmt::Error).with_metadata(metadata);
        let status = Status::from(error);
        let error = Error::from(status);
        assert!(error.source().unwrap().is::<fmt::Error>());
        let status = Status::from(error);
        assert_eq!((status.code(), status.message()), (Code::Aborted, "why"));
        assert_eq!(status.metadata().get("key").unwrap(), "value");
        assert!(status.source().unwrap().is::<fmt::Error>());

        let status = Status::with_details(Code::Aborted, "why", Bytes::from_static(b"binary"));
        assert_eq!(Status::from(Error::from(status)).details(), b"binary");
    }

    #[test]
    fn an_error_is_two_pointers_and_may_go_anywhere() {
        fn anywhere<E: std::error::Error + Send + Sync + 'static>() -> usize {
            size_of::<E>()
        }
        assert_eq!(anywhere::<Error>(), 2 * size_of::<usize>());
        assert_eq!(size_of::<Option<Error>>(), 2 * size_of::<usize>());
    }

    #[test]
    fn a_source_may_be_text_or_an_anyhow_error() {
        let error = Error::internal("why").with_source("a text");
        assert_eq!(error.source().unwrap().to_string(), "a text");
        let error = Error::internal("why").with_source(anyhow::Error::new(fmt::Error));
        assert!(error.source().unwrap().is::<fmt::Error>());
    }

    #[cfg(feature = "tonic-types")]
    #[test]
    fn rich_details_keep_all_the_rest_and_reach_the_status() {
        use tonic_types::{ErrorDetails, StatusExt as _};

        let mut metadata = MetadataMap::new();
        metadata.insert("key", "value".parse().unwrap());
        let error = Error::invalid_argument("why")
            .with_source(fmt::Error)
            .with_metadata(metadata)
            .with_error_details(ErrorDetails::with_bad_request_violation("name", "it is empty"));
        let violations = &error.error_details().bad_request().unwrap().field_violations.clone();
        assert_eq!(violations[0].field, "name");
        assert!(error.source().unwrap().is::<fmt::Error>());

        let status = Status::from(error);
        assert_eq!((status.code(), status.message()), (Code::InvalidArgument, "why"));
        assert_eq!(status.metadata().get("key").unwrap(), "value");
        assert!(status.source().unwrap().is::<fmt::Error>());
        assert!(status.get_error_details().bad_request().is_some());
        assert!(Error::not_found("why").error_details().bad_request().is_none());
    }
}
