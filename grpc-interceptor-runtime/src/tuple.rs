//! A tuple of interceptors is an interceptor.
//!
//! What each gets as `next` is a [`TupleNext`]: the tuple, a position in it, and the `N` behind the
//! whole of it. The type of one position doesn't hold that of the next, so that a chain of twelve
//! is no harder on the compiler than twelve of one.

use std::future::Future;

use tonic::Request;

use crate::{Context, Interceptor, Next, Outcome};

/// The interceptors of a tuple from position `AT` on, and then `N`.
pub struct TupleNext<'a, T, N, const AT: usize> {
    tuple: &'a T,
    context: Context,
    next: N,
}

impl<T, N: Copy, const AT: usize> Clone for TupleNext<'_, T, N, AT> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, N: Copy, const AT: usize> Copy for TupleNext<'_, T, N, AT> {}

/// Implements one length. Each type comes with its position and the one behind it.
macro_rules! tuple {
    ($($type:ident $at:tt $behind:tt),+) => {
        /// The first of the tuple is the outermost.
        impl<N, $($type),+> Interceptor<N> for ($($type,)+)
        where
            N: Next,
            $(for<'a> $type: Interceptor<TupleNext<'a, Self, N, $behind>>,)+
        {
            #[inline]
            fn intercept(
                &self,
                request: Request<N::Request>,
                context: Context,
                next: N,
            ) -> impl Future<Output = Outcome<N>> + Send {
                TupleNext::<Self, N, 0> { tuple: self, context, next }.run(request)
            }
        }

        tuple!(@positions ($($type,)+) [] $($type $at $behind),+);
    };
    // One position, and then those behind it. The bounds are those of the positions from here on;
    // the types before need only be there.
    (@positions $tuple:tt [$($before:ident)*]
        $type:ident $at:tt $behind:tt $(, $types:ident $ats:tt $behinds:tt)*
    ) => {
        impl<N, $($before,)* $type $(, $types)*> Next for TupleNext<'_, $tuple, N, $at>
        where
            N: Next,
            $($before: Sync,)*
            for<'a> $type: Interceptor<TupleNext<'a, $tuple, N, $behind>>,
            $(for<'a> $types: Interceptor<TupleNext<'a, $tuple, N, $behinds>>,)*
        {
            type Request = N::Request;
            type Response = N::Response;
            type RequestMessage = N::RequestMessage;
            type ResponseMessage = N::ResponseMessage;

            #[inline]
            fn run(
                self,
                request: Request<N::Request>,
            ) -> impl Future<Output = Outcome<Self>> + Send {
                let TupleNext { tuple, context, next } = self;
                let behind = TupleNext::<$tuple, N, $behind> { tuple, context, next };
                Interceptor::intercept(&tuple.$at, request, context, behind)
            }
        }

        tuple!(@positions $tuple [$($before)* $type] $($types $ats $behinds),*; $behind);
    };
    (@positions $tuple:tt $before:tt $($rest:ident $at:tt $behind:tt),+; $last:tt) => {
        tuple!(@positions $tuple $before $($rest $at $behind),+);
    };
    // Behind the last one.
    (@positions $tuple:tt [$($type:ident)+] ; $last:tt) => {
        impl<N, $($type),+> Next for TupleNext<'_, $tuple, N, $last>
        where
            N: Next,
            $($type: Sync,)+
        {
            type Request = N::Request;
            type Response = N::Response;
            type RequestMessage = N::RequestMessage;
            type ResponseMessage = N::ResponseMessage;

            #[inline]
            fn run(
                self,
                request: Request<N::Request>,
            ) -> impl Future<Output = Outcome<Self>> + Send {
                self.next.run(request)
            }
        }
    };
}

tuple!(A 0 1);
tuple!(A 0 1, B 1 2);
tuple!(A 0 1, B 1 2, C 2 3);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12);
