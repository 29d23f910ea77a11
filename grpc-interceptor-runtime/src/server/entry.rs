use std::future::Future;

use tonic::Request;

use crate::{Context, Interceptor, Next, Outcome};

/// A listed interceptor that may be an async fn, and its `next`. The macro calls
/// `Entry(&log, next).run::<ThisFn>(request, context)`.
///
/// An async fn is best called directly. Calling it as an [`Interceptor`] adds two functions and
/// gives the compiler more to prove: at each position of each chain, that is a fifth of the total
/// compile time. The macro sees only a path, not what it refers to. The compiler knows, and takes the
/// first `run` that fits: the inherent one, which a function has, then that of [`NotAFunction`], then
/// those of the wrong entries, in `wrong_entry.rs`.
pub struct Entry<'a, I, N>(pub &'a I, pub N);

// Nothing here requires the future to be `Send`. During code generation, the compiler would prove
// that again for the whole chain inside the future, and its recursion depth is limited.
impl<F, N, O> Entry<'_, F, N>
where
    N: Next,
    F: Fn(Request<N::Request>, Context, N) -> O,
    O: Future<Output = Outcome<N>>,
{
    #[inline]
    pub fn run<P>(self, request: Request<N::Request>, context: Context) -> O {
        let Entry(function, next) = self;
        function(request, context, next)
    }
}

/// An interceptor that isn't a fn.
pub trait NotAFunction<'a, I, N: Next> {
    fn run<P>(
        self,
        request: Request<N::Request>,
        context: Context,
    ) -> impl Future<Output = Outcome<N>> + Send;
}

impl<'a, I: Interceptor<N>, N: Next> NotAFunction<'a, I, N> for Entry<'a, I, N> {
    #[inline]
    fn run<P>(
        self,
        request: Request<N::Request>,
        context: Context,
    ) -> impl Future<Output = Outcome<N>> + Send {
        let Entry(interceptor, next) = self;
        interceptor.intercept(request, context, next)
    }
}
