use tonic::Request;

use crate::{Context, Next};

/// A fn that is listed with `()` after it, and the `next` of its place: `Called(&metrics, next).interceptor()`.
///
/// It makes an interceptor, unless it is one itself: then it is to be listed by its name. The compiler knows, and
/// takes the inherent method, which an interceptor has, before that of [`MakesAnInterceptor`].
pub struct Called<'a, F, N>(pub &'a F, pub N);

impl<F, N, O> Called<'_, F, N>
where
    N: Next,
    F: Fn(Request<N::Request>, Context, N) -> O,
{
    /// The bound is a parameter's, so that it is an error only if this is called, and one without the RPC's
    /// types in it, so that it is told once for all of them.
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

/// A fn without arguments.
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

/// The parentheses after a fn's name.
pub struct Parentheses;

#[diagnostic::on_unimplemented(
    message = "an interceptor is listed by its name: leave the `()` out",
    label = "the chain calls it, with a request"
)]
pub trait MayBeCalled {}
