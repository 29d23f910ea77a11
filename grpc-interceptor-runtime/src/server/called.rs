use tonic::Request;

use crate::{Context, Next};

/// A listed function followed by `()`, and the `next` at its position:
/// `Called(&metrics, next).interceptor()`.
///
/// The function returns an interceptor, unless it is an interceptor itself and should be listed
/// without `()`. The compiler can tell: it prefers the inherent method, which an interceptor has,
/// to the one of [`MakesAnInterceptor`].
pub struct Called<'a, F, N>(pub &'a F, pub N);

impl<F, N, O> Called<'_, F, N>
where
    N: Next,
    F: Fn(Request<N::Request>, Context, N) -> O,
{
    /// The bound is on a type parameter, so that it is an error only if this is called. It doesn't
    /// mention the RPC's types, so that the error is reported only once.
    pub fn interceptor<P: MayBeCalled>(self) {}
}

pub trait MakesAnInterceptor<F> {
    fn interceptor<P>(self) -> F::Output
    where
        F: FnMade;
}

impl<F, N> MakesAnInterceptor<F> for Called<'_, F, N> {
    #[inline]
    fn interceptor<P>(self) -> F::Output
    where
        F: FnMade,
    {
        self.0.make()
    }
}

/// A function without arguments.
pub trait FnMade {
    type Output;

    fn make(&self) -> Self::Output;
}

impl<F: Fn() -> I, I> FnMade for F {
    type Output = I;

    #[inline]
    fn make(&self) -> I {
        self()
    }
}

/// The parentheses after a function's name.
pub struct Parentheses;

#[diagnostic::on_unimplemented(
    message = "an interceptor is listed by its name: leave the `()` out",
    label = "the chain calls it, with a request"
)]
pub trait MayBeCalled {}
