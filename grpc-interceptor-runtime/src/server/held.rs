//! Where a handler's future is held: in the chain's own, or in a box if it is large.
//!
//! In a debug build each interceptor takes a few times the size of what is inside of it from the
//! thread's stack. Under a bare tonic service a large handler is in a box already.

use std::{future::Future, pin::Pin};

/// A future of this size or more goes into a box. In an optimized build tokio does so, too, with its tasks.
const LARGE_FROM: usize = 16 * 1024;

/// Whether the future that a handler returns is large. For a handler that takes no context.
pub const fn is_large<F: FnOnce(S, Q) -> O, S, Q, O>(_: &F) -> bool {
    size_of::<O>() >= LARGE_FROM
}

/// The same for a handler that takes the context.
pub const fn is_large_with_context<F: FnOnce(S, Q, C) -> O, S, Q, C, O>(_: &F) -> bool {
    size_of::<O>() >= LARGE_FROM
}

/// What a handler of a generic impl is taken for: in an optimized build it does no harm.
pub const GENERIC_IS_LARGE: bool = cfg!(debug_assertions);

/// How a future is held.
pub trait Hold<F> {
    type Held: Future;

    fn hold(future: F) -> Self::Held;
}

/// By whether it is large: a future's size decides on a type, so the macro asks for it.
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
