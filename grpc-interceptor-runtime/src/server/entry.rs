use std::future::Future;

use tonic::Request;

use crate::{Context, Interceptor, Next, Outcome};

/// An interceptor in a list that may be an async fn, and its `next`: `Entry(&log, next).run(request, context)`
/// is what the macro calls.
///
/// A fn is best called as it is. An [`Interceptor`] is called through two fns more, and the compiler
/// has more to prove: for each place of each chain, that is a fifth of what it takes in all. But the
/// macro sees a path, and not what it names. The compiler knows, and takes the inherent method, which
/// a fn has, before that of [`NotAFunction`].
pub struct Entry<'a, I, N>(pub &'a I, pub N);

// Nothing here asks whether a future is `Send`. When it generates code, the compiler would find that
// out anew for all of the chain that is in the future, and goes only so deep.
impl<F, N, O> Entry<'_, F, N>
where
    N: Next,
    F: Fn(Request<N::Request>, Context, N) -> O,
{
    #[inline]
    pub fn run(self, request: Request<N::Request>, context: Context) -> O {
        let Entry(function, next) = self;
        function(request, context, next)
    }
}

/// Implemented for every entry, so that an error about one that is no interceptor says just that.
pub trait NotAFunction<'a, I, N: Next> {
    fn run(
        self,
        request: Request<N::Request>,
        context: Context,
    ) -> impl Future<Output = Outcome<N>> + Send
    where
        I: Interceptor<N> + 'a;
}

impl<'a, I, N: Next> NotAFunction<'a, I, N> for Entry<'a, I, N> {
    #[inline]
    fn run(
        self,
        request: Request<N::Request>,
        context: Context,
    ) -> impl Future<Output = Outcome<N>> + Send
    where
        I: Interceptor<N> + 'a,
    {
        let Entry(interceptor, next) = self;
        interceptor.intercept(request, context, next)
    }
}
