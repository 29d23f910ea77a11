use std::error::Error;

use tonic::Status;

use grpc_interceptor_runtime::__private::into_status;

/// The answer of a special case of the [dummy service](crate::DummyService).
///
/// It is a `String` or a `&'static str`, or a `Result` of a `String` and any error.
///
/// An error is converted to a status in the same way as a handler's under
/// [`#[intercepted]`](https://docs.rs/grpc-interceptor/latest/grpc_interceptor/attr.intercepted.html#handlers).
/// A `Status` or an [`Error`](grpc_interceptor_runtime::Error) in its chain of sources decides. Any
/// other error becomes `UNKNOWN`, with the error as the status's source.
///
/// ```
/// use grpc_interceptor::{Error, testing};
///
/// let service = testing::DummyService::new()
///     .special_case("greeting", |_| "hello")
///     .special_case("shout", |request| request.into_inner().to_uppercase())
///     .special_case("error", |_| Err(Error::not_found("gone")))
///     .special_case("parse", |_| "seven".parse::<u32>().map(|number| number.to_string()));
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not what a special case answers",
    note = "it answers a `String`, a `&'static str`, or a `Result<String, E>` of any error; one that \
            panics says so by its type, `|_| -> String {{ panic!() }}`, and one that is async goes into \
            `special_case_async`"
)]
pub trait Answer: Send + 'static {
    #[doc(hidden)]
    fn into_answer(self) -> Result<String, Status>;
}

impl Answer for String {
    fn into_answer(self) -> Result<String, Status> {
        Ok(self)
    }
}

impl Answer for &'static str {
    fn into_answer(self) -> Result<String, Status> {
        Ok(self.to_owned())
    }
}

/// The only impl for a `Result`, so that the answer type of a closure that always fails can be
/// inferred.
impl<E> Answer for Result<String, E>
where
    E: Into<Box<dyn Error + Send + Sync>> + Send + 'static,
{
    fn into_answer(self) -> Result<String, Status> {
        self.map_err(into_status)
    }
}
