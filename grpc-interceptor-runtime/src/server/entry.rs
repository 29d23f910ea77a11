use std::future::Future;

use tonic::Request;

use crate::{Context, Interceptor, Next, Outcome};

/// A listed interceptor that may be an async fn, and its `next`. The macro calls
/// `Entry(&log, next).run(request, context)`.
///
/// An async fn is best called directly. Calling it as an [`Interceptor`] adds two functions and
/// gives the compiler more to prove: at each position of each chain, that is a fifth of the total
/// compile time. The macro sees only a path, not what it refers to. The compiler knows, and prefers
/// the inherent method, which a function has, to the one of [`NotAFunction`].
pub struct Entry<'a, I, N>(pub &'a I, pub N);

// Nothing here requires the future to be `Send`. During code generation, the compiler would prove
// that again for the whole chain inside the future, and its recursion depth is limited.
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

/// Implemented for every entry, so that the error for an entry that isn't an interceptor says
/// exactly that.
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
