//! Stores a handler's future: inside the chain's future, or in a box if it is large.
//!
//! In a debug build, each interceptor uses several times the size of the futures inside it on the
//! thread's stack. With a plain tonic service, a large handler is boxed anyway.

use std::{future::Future, pin::Pin};

/// The size from which a future is boxed. In an optimized build, tokio uses the same threshold for
/// its tasks.
const LARGE_FROM: usize = 16 * 1024;

/// Returns whether the future of a handler is large, for a handler that doesn't take the context.
pub const fn is_large<F: FnOnce(S, Q) -> O, S, Q, O>(_: &F) -> bool {
    size_of::<O>() >= LARGE_FROM
}

/// Does the same for a handler that takes the context.
pub const fn is_large_with_context<F: FnOnce(S, Q, C) -> O, S, Q, C, O>(_: &F) -> bool {
    size_of::<O>() >= LARGE_FROM
}

/// Whether to treat a handler of a generic impl as large, since its size isn't known. In an
/// optimized build, an unboxed large future does no harm.
pub const GENERIC_IS_LARGE: bool = cfg!(debug_assertions);

/// A way to hold a future.
pub trait Hold<F> {
    type Held: Future;

    fn hold(future: F) -> Self::Held;
}

/// Holds a future according to its size. The size determines the type, so the macro queries it.
pub struct Held<const LARGE: bool>;

impl<F: Future> Hold<F> for Held<false> {
    type Held = F;

    #[inline]
    fn hold(future: F) -> F {
        future
    }
}

impl<F: Future> Hold<F> for Held<true> {
    type Held = Pin<Box<F>>;

    fn hold(future: F) -> Pin<Box<F>> {
        Box::pin(future)
    }
}
