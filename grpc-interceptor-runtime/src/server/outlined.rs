//! Has the compiler optimize a future apart from those around it.
//!
//! Without it all of a chain becomes one fn, as each future is polled at one place only. For that the
//! optimizer takes longer the longer the chain is, more than in proportion. When it does little, such as in
//! a debug build, this would be nothing but one more future to compile.

#[cfg(debug_assertions)]
#[inline]
pub fn outlined<F>(future: F) -> F {
    future
}

#[cfg(not(debug_assertions))]
pub use optimized::outlined;

#[cfg(not(debug_assertions))]
mod optimized {
    use std::{
        future::Future,
        pin::Pin,
        task::{Context, Poll},
    };

    use pin_project_lite::pin_project;

    pin_project! {
        pub struct Outlined<F> {
            #[pin]
            future: F,
        }
    }

    impl<F: Future> Future for Outlined<F> {
        type Output = F::Output;

        #[inline(never)]
        fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<F::Output> {
            self.project().future.poll(context)
        }
    }

    #[inline]
    pub fn outlined<F>(future: F) -> Outlined<F> {
        Outlined { future }
    }
}
