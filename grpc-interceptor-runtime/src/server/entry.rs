use std::future::Future;

use tonic::Request;

use crate::{Context, Interceptor, Next, Outcome};

/// An interceptor in a list that may be an async fn, and its `next`: `Entry(&log, next).callable()`
/// is what the macro calls.
///
/// A fn is best called as it is. An [`Interceptor`] is called through two fns more, and the compiler
/// has more to prove: for each place of each chain, that is a fifth of what it takes in all. But the
/// macro sees a path, and not what it names. The compiler knows, and takes the inherent method, which
/// a fn has, before that of [`NotAFunction`].
pub struct Entry<'a, I, N>(pub &'a I, pub N);

impl<'a, F, N, O> Entry<'a, F, N>
where
    N: Next,
    F: Fn(Request<N::Request>, Context, N) -> O,
{
    #[inline]
    pub fn callable(self) -> &'a F {
        self.0
    }
}

/// Anything that is called with what an interceptor is called with.
///
/// Nothing here asks whether a future is `Send`. When it generates code, the compiler would find that
/// out anew for all of the chain that is in the future, and goes only so deep.
pub trait Callable<N: Next>: FnOnce(Request<N::Request>, Context, N) -> Self::Future {
    type Future: Future<Output = Outcome<N>>;
}

impl<N, F, O> Callable<N> for F
where
    N: Next,
    F: FnOnce(Request<N::Request>, Context, N) -> O,
    O: Future<Output = Outcome<N>>,
{
    type Future = O;
}

/// Implemented for every entry, so that an error about one that is no interceptor says just that.
pub trait NotAFunction<I, N: Next> {
    fn callable(self) -> impl Callable<N, Future: Send>
    where
        I: Interceptor<N>;
}

impl<I, N: Next> NotAFunction<I, N> for Entry<'_, I, N> {
    #[inline]
    fn callable(self) -> impl Callable<N, Future: Send>
    where
        I: Interceptor<N>,
    {
        let Entry(interceptor, _) = self;
        move |request, context, next| interceptor.intercept(request, context, next)
    }
}
