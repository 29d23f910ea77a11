//! Errors in a box, and out of it again.

use std::{any::Any, error::Error as StdError};

/// What every error can be made.
pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// An error in a box, from which it can be had again by a downcast.
pub(crate) fn into_box<E: Into<BoxError> + 'static>(error: E) -> BoxError {
    match downcast::<anyhow::Error, E>(error) {
        // Its `Into` gives a box of a private type, which hides the error that is in it.
        Ok(error) => error.reallocate_into_boxed_dyn_error_without_backtrace(),
        Err(error) => error.into(),
    }
}

/// Compares two types, at no cost: once compiled, one of the two ways is left.
#[inline]
pub(super) fn downcast<T: 'static, E: 'static>(error: E) -> Result<T, E> {
    let mut error = Some(error);
    if let Some(found) =
        (&mut error as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take)
    {
        return Ok(found);
    }
    Err(error.expect("it is taken only where it is returned"))
}
