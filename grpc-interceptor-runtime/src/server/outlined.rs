//! Makes the compiler optimize a future separately from the ones around it.
//!
//! Otherwise a whole chain becomes one function, because each future is polled in only one place.
//! The time to optimize that function grows faster than the length of the chain. A debug build
//! optimizes so little that this would only add another future to compile.

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
