//! Converts an error to the status that the caller gets.

use std::{error::Error as StdError, iter::successors, sync::Arc};

use tonic::{Code, Status};

use super::{
    boxed::{BoxError, downcast, into_box},
    error::Error,
    not_ok::not_ok,
};

/// Converts the error that a handler returned to a status.
///
/// If the error is a [`Status`] or an [`Error`], or has one in its chain of sources, that decides
/// the status. Otherwise the caller learns only that the error is `UNKNOWN`, since an error's own
/// text may reveal internals. Either way, the whole error becomes the status's source.
#[inline]
pub fn into_status<E: Into<BoxError> + 'static>(error: E) -> Status {
    not_ok(into_item_status(error))
}

/// Does the same for an error from a handler's stream. There, a plain status with the code OK stays
/// OK: that is how a stream ends with trailing metadata.
#[inline]
pub(crate) fn into_item_status<E: Into<BoxError> + 'static>(error: E) -> Status {
    // The common types need no box.
    let error = match downcast::<Status, E>(error) {
        Ok(status) => return status,
        Err(error) => error,
    };
    match downcast::<Error, E>(error) {
        Ok(error) => error.into(),
        Err(error) => of_boxed(into_box(error)),
    }
}

fn of_boxed(error: BoxError) -> Status {
    let error = match error.downcast::<Status>() {
        Ok(status) => return *status,
        Err(error) => error,
    };
    let error = match error.downcast::<Error>() {
        Ok(error) => return Status::from(*error),
        Err(error) => error,
    };
    let mut status = sources(&*error)
        .find_map(status_of)
        .map_or_else(|| Error::new(Code::Unknown).into(), |status| not_ok(status.clone()));
    status.set_source(Arc::from(error));
    status
}

/// Returns the error, its source, that error's source, and so on.
pub fn sources<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> + Clone {
    successors(Some(error), |&error| error.source())
}

/// Returns the status in this error, ignoring its sources.
fn status_of<'a>(error: &'a (dyn StdError + 'static)) -> Option<&'a Status> {
    let boxed = error.downcast_ref::<Box<Status>>().map(|status| &**status);
    let ours = error.downcast_ref::<Error>().or_else(|| Some(error.downcast_ref::<Box<Error>>()?));
    error.downcast_ref::<Status>().or(boxed).or_else(|| ours.map(Error::status))
}

#[cfg(test)]
mod tests {
    use std::{error::Error as StdError, fmt};

    use tonic::{Code, Status};

    use super::into_status;
    use crate::Error;

    /// Reveals more than a caller should see.
    #[derive(Debug, thiserror::Error)]
    #[error("the password is {password}")]
    struct Leaky<S: StdError + 'static> {
        password: &'static str,
        source: S,
    }

    fn leaky<S: StdError + 'static>(source: S) -> Leaky<S> {
        Leaky { password: "swordfish", source }
    }

    #[test]
    fn a_status_and_an_error_are_themselves() {
        let text = |status: Status| (status.code(), status.message().to_owned());
        let expected = (Code::NotFound, "why".to_owned());
        assert_eq!(text(into_status(Status::not_found("why"))), expected);
        assert_eq!(text(into_status(Error::not_found("why"))), expected);
        let boxed: crate::error::BoxError = Status::not_found("why").into();
        assert_eq!(text(into_status(boxed)), expected);
        let boxed: crate::error::BoxError = Error::not_found("why").into();
        assert_eq!(text(into_status(boxed)), expected);
        assert_eq!(text(into_status(Box::new(Status::not_found("why")))), expected);
        assert_eq!(text(into_status(Box::new(Error::not_found("why")))), expected);
        assert_eq!(text(into_status(anyhow::Error::from(Status::not_found("why")))), expected);
        assert_eq!(text(into_status(anyhow::Error::from(Error::not_found("why")))), expected);
    }

    #[test]
    fn any_other_error_is_unknown_and_says_nothing() {
        let status = into_status(leaky(fmt::Error));
        assert_eq!((status.code(), status.message()), (Code::Unknown, "Unknown error"));
        let source = status.source().unwrap().downcast_ref::<Leaky<fmt::Error>>().unwrap();
        assert_eq!(source.password, "swordfish");

        let status = into_status("the password is swordfish".to_owned());
        assert_eq!((status.code(), status.message()), (Code::Unknown, "Unknown error"));
        assert_eq!(status.source().unwrap().to_string(), "the password is swordfish");

        let status = into_status(anyhow::Error::from(leaky(fmt::Error)));
        assert_eq!((status.code(), status.message()), (Code::Unknown, "Unknown error"));
        assert!(status.source().unwrap().is::<Leaky<fmt::Error>>());
    }

    #[test]
    fn the_first_in_the_chain_decides_and_the_whole_is_the_source() {
        let mut inner = Status::not_found("why");
        inner.metadata_mut().insert("key", "value".parse().unwrap());
        inner.set_source(std::sync::Arc::new(fmt::Error));
        let status = into_status(leaky(leaky(inner)));
        assert_eq!((status.code(), status.message()), (Code::NotFound, "why"));
        assert_eq!(status.metadata().get("key").unwrap(), "value");
        assert!(status.source().unwrap().is::<Leaky<Leaky<Status>>>());

        let outer = Error::aborted("first").with_source(Status::not_found("second"));
        let status = into_status(leaky(outer));
        assert_eq!((status.code(), status.message()), (Code::Aborted, "first"));

        let error = anyhow::Error::from(Error::not_found("why")).context("while reading");
        let status = into_status(error.context("while answering"));
        assert_eq!((status.code(), status.message()), (Code::NotFound, "why"));
        assert_eq!(status.source().unwrap().to_string(), "while answering");
    }

    #[test]
    fn ok_is_refused_and_says_so() {
        let status = into_status(Status::ok("all is well"));
        assert_eq!(status.code(), Code::Unknown);
        assert_eq!(status.message(), "the status OK was returned as an error: all is well");
        let status = into_status(leaky(Status::ok("")));
        assert_eq!(status.code(), Code::Unknown);
        assert_eq!(status.message(), "the status OK was returned as an error");
        assert!(status.source().unwrap().is::<Leaky<Status>>());
    }
}
