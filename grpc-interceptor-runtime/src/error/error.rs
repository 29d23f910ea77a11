use std::{error::Error as StdError, fmt, sync::Arc};

use tonic::{Code, Status, metadata::MetadataMap};

use super::{
    boxed::{BoxError, into_box},
    code_name::code_name,
    not_ok::with_code,
};

/// An error with a gRPC code: raise it anywhere, and the caller of the RPC gets that status.
///
/// A handler may return it, and so may any fn below the handler: if it is the
/// [source](StdError::source) of other errors, however deep, it still decides the status.
///
/// ```
/// use grpc_interceptor::Error;
/// use tonic::Code;
///
/// fn find(id: u32) -> Result<&'static str, Error> {
///     match id {
///         1 => Ok("one"),
///         _ => Err(Error::not_found("your thing is missing")),
///     }
/// }
///
/// let error = find(2).unwrap_err();
/// assert_eq!(error.code(), Code::NotFound);
/// assert_eq!(error.details(), "your thing is missing");
/// assert_eq!(error.to_string(), "NOT_FOUND: your thing is missing");
/// ```
///
/// There is a constructor for each code, which says when to use it, and [`Error::new`] for the
/// code's default details. The caller reads the details, the metadata and, with the feature
/// `tonic-types`, the rich details. The [source](Error::with_source) stays on this side, for
/// interceptors and logs.
///
/// # In an error of your own
///
/// If an `Error` or a `Status` is in a variant of `thiserror`'s, give the variant a text, and
/// `#[from]` or `#[source]`. With `#[error(transparent)]` it isn't in the chain of sources, and
/// can't be found there.
///
/// # Never OK
///
/// An error can't be made a success: if `Code::Ok` is asked for, it is `Code::Unknown`, in
/// [`Error::new`] and in `Error::from(Status)`, which keeps all the rest.
///
/// # To and from `Status`
///
/// `From` goes both ways, and loses neither the source, the metadata nor the binary details. So `?`
/// turns either into the other.
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
    /// Kept beside the status, from which it couldn't be taken again: whatever is changed later,
    /// the source is what was given. In a box of its own, so that an error is two pointers.
    source: Option<Box<BoxError>>,
}

/// A constructor for each code.
macro_rules! constructors {
    ($($(#[doc = $doc:literal])+ $name:ident $code:ident)+) => {
        /// One for each code, by its number.
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
    /// `CANCELLED`: the call was given up, mostly by its caller.
    ///
    /// If its time ran out, it is [`deadline_exceeded`](Error::deadline_exceeded). If the
    /// server gives up, it is [`aborted`](Error::aborted) or [`unavailable`](Error::unavailable).
    cancelled Cancelled
    /// `UNKNOWN`: nothing better is known, such as for an error from elsewhere.
    ///
    /// It is what an error without a code becomes. If it is known that this server is to blame,
    /// it is [`internal`](Error::internal).
    unknown Unknown
    /// `INVALID_ARGUMENT`: the request is wrong, whatever the state of the system.
    ///
    /// If it would be right in another state, it is
    /// [`failed_precondition`](Error::failed_precondition), or
    /// [`out_of_range`](Error::out_of_range) for a range that may grow.
    invalid_argument InvalidArgument
    /// `DEADLINE_EXCEEDED`: the time ran out before the operation was done. It may yet have changed
    /// the system.
    ///
    /// If the caller gave up for another reason, it is [`cancelled`](Error::cancelled).
    deadline_exceeded DeadlineExceeded
    /// `NOT_FOUND`: what was asked for isn't there, for any caller or for a whole class of them.
    ///
    /// If it is there, but this caller may not have it, it is
    /// [`permission_denied`](Error::permission_denied).
    not_found NotFound
    /// `ALREADY_EXISTS`: what should be created is there.
    ///
    /// If somebody else was faster and trying again from the start may help, it is
    /// [`aborted`](Error::aborted).
    already_exists AlreadyExists
    /// `PERMISSION_DENIED`: it is known who the caller is, and that caller may not do this.
    ///
    /// If it isn't known who the caller is, it is [`unauthenticated`](Error::unauthenticated).
    /// If a quota is used up, it is [`resource_exhausted`](Error::resource_exhausted).
    permission_denied PermissionDenied
    /// `RESOURCE_EXHAUSTED`: a quota, a rate limit or a disk is used up.
    ///
    /// If the server as a whole can't keep up, and another may, it is
    /// [`unavailable`](Error::unavailable).
    resource_exhausted ResourceExhausted
    /// `FAILED_PRECONDITION`: the system isn't in the state that the operation needs, such as when a
    /// directory to be removed isn't empty. The caller should not try again until somebody has
    /// changed that state.
    ///
    /// If trying this very call again may help, it is [`unavailable`](Error::unavailable). If
    /// the caller should try again from further up, such as reading before it writes, it is
    /// [`aborted`](Error::aborted). If the request is wrong in any state, it is
    /// [`invalid_argument`](Error::invalid_argument).
    failed_precondition FailedPrecondition
    /// `ABORTED`: something happened at the same time, such as when a transaction lost or a version is
    /// no longer the current one. The caller should try again from further up: read, change, write.
    ///
    /// If trying this very call again may help, it is [`unavailable`](Error::unavailable). If
    /// trying again doesn't help until the state is changed, it is
    /// [`failed_precondition`](Error::failed_precondition).
    aborted Aborted
    /// `OUT_OF_RANGE`: past the valid range, such as reading beyond the end of a file. It tells a
    /// caller that walks through a range that it is done.
    ///
    /// If the range can't ever grow to there, it is
    /// [`invalid_argument`](Error::invalid_argument).
    out_of_range OutOfRange
    /// `UNIMPLEMENTED`: this server doesn't do that, for anybody.
    ///
    /// If it does, but not now, it is [`unavailable`](Error::unavailable); if it does, but not for this
    /// caller, [`permission_denied`](Error::permission_denied).
    unimplemented Unimplemented
    /// `INTERNAL`: something is broken that should never be, in the server.
    ///
    /// If it isn't known what happened, it is [`unknown`](Error::unknown). If data is lost for
    /// good, it is [`data_loss`](Error::data_loss).
    internal Internal
    /// `UNAVAILABLE`: the server can't do it now. The caller should try this very call again, after
    /// a pause, if that is safe to do twice.
    ///
    /// If it should try again from further up, it is [`aborted`](Error::aborted). If trying
    /// again doesn't help until the state is changed, it is
    /// [`failed_precondition`](Error::failed_precondition).
    unavailable Unavailable
    /// `DATA_LOSS`: data is lost or corrupt, and stays so.
    ///
    /// If nothing is lost, but something is broken, it is [`internal`](Error::internal).
    data_loss DataLoss
    /// `UNAUTHENTICATED`: it isn't known who the caller is, as the credentials are missing or wrong.
    ///
    /// If that is known, and that caller may not, it is
    /// [`permission_denied`](Error::permission_denied).
    unauthenticated Unauthenticated
}

impl Error {
    /// An error with the code's default details. `Code::Ok` becomes `Code::Unknown`.
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

    /// Adds the error that this one comes from. The caller doesn't see it; interceptors get it by
    /// [`source`](StdError::source), of this error and of the status that it becomes.
    ///
    /// ```
    /// use grpc_interceptor::Error;
    /// use std::error::Error as _;
    ///
    /// let parsed = "seven".parse::<u32>();
    /// let error = parsed.map_err(|error| Error::invalid_argument("no number").with_source(error));
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

    /// Sends this metadata to the caller. It replaces any that was set before.
    ///
    /// ```
    /// use grpc_interceptor::Error;
    /// use tonic::metadata::MetadataMap;
    ///
    /// let mut metadata = MetadataMap::new();
    /// metadata.insert("retry-after", "30".parse().unwrap());
    /// let error = Error::unavailable("the database is away").with_metadata(metadata);
    /// assert_eq!(error.metadata().get("retry-after").unwrap(), "30");
    /// ```
    #[must_use]
    pub fn with_metadata(mut self, metadata: MetadataMap) -> Self {
        *self.metadata_mut() = metadata;
        self
    }

    /// The code. It is never `Code::Ok`.
    #[must_use]
    pub fn code(&self) -> Code {
        self.status.code()
    }

    /// The text that the caller reads. `Status` calls it the message.
    #[must_use]
    pub fn details(&self) -> &str {
        self.status.message()
    }

    /// The code as gRPC writes it.
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

    /// The metadata that goes to the caller.
    #[must_use]
    pub fn metadata(&self) -> &MetadataMap {
        self.status.metadata()
    }

    /// The metadata that goes to the caller, to be changed in place.
    pub fn metadata_mut(&mut self) -> &mut MetadataMap {
        self.status.metadata_mut()
    }

    /// What the caller gets.
    pub(crate) fn status(&self) -> &Status {
        &self.status
    }
}

/// Rich error details, as google.rpc's `error_details.proto` has them.
#[cfg(feature = "tonic-types")]
impl Error {
    /// Sends these rich details to the caller. They replace any that were set before. This is with the feature
    /// `tonic-types`.
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

    /// The rich details: empty if there are none. This is with the feature `tonic-types`.
    #[must_use]
    pub fn error_details(&self) -> tonic_types::ErrorDetails {
        tonic_types::StatusExt::get_error_details(&self.status)
    }
}

/// Loses nothing.
impl From<Error> for Status {
    fn from(Error { mut status, source }: Error) -> Self {
        if let Some(source) = source {
            status.set_source(Arc::from(*source));
        }
        status
    }
}

/// Loses nothing, but `Code::Ok` becomes `Code::Unknown`.
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

/// As in `NOT_FOUND: your thing is missing`.
impl fmt::Display for Error {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}: {}", self.status_string(), self.details())
    }
}

/// As in `Error { code: NOT_FOUND, details: "your thing is missing" }`, and what else there is.
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
