//! Boxing errors, and getting them back out.

use std::{any::Any, error::Error as StdError};

/// The type that any error can be converted to.
pub(crate) type BoxError = Box<dyn StdError + Send + Sync>;

/// Boxes an error so that it can be recovered by a downcast.
pub(crate) fn into_box<E: Into<BoxError> + 'static>(error: E) -> BoxError {
    match downcast::<anyhow::Error, E>(error) {
        // Its `Into` returns a box of a private type, which hides the error inside it.
        Ok(error) => error.reallocate_into_boxed_dyn_error_without_backtrace(),
        Err(error) => error.into(),
    }
}

/// Compares two types at no cost: only one branch is left after compilation.
#[inline]
pub(super) fn downcast<T: 'static, E: 'static>(error: E) -> Result<T, E> {
    let mut error = Some(error);
    if let Some(found) =
        (&mut error as &mut dyn Any).downcast_mut::<Option<T>>().and_then(Option::take)
    {
        return Ok(found);
    }
    Err(error.expect("taken only when returned"))
}
