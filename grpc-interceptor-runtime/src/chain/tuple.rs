//! A tuple of interceptors is an interceptor.
//!
//! Each one's `next` is a [`TupleNext`]: the tuple, a position in it, and the `N` that was passed
//! to the tuple. The type for one position doesn't contain the type for the next, so a chain of
//! sixteen is no harder on the compiler than sixteen chains of one.

use std::{future::Future, sync::Arc};

use tonic::{Request, metadata::MetadataMap};

use super::{
    detach::Detach,
    interceptor::Interceptor,
    next::{Next, Outcome, Sealed},
};
use crate::Context;

/// The interceptors of a tuple from position `AT` onward, followed by `N`.
pub struct TupleNext<'a, T, N, const AT: usize> {
    tuple: &'a T,
    next: N,
}

impl<T, N: Copy, const AT: usize> Clone for TupleNext<'_, T, N, AT> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T, N: Copy, const AT: usize> Copy for TupleNext<'_, T, N, AT> {}

/// A tuple with an interceptor at position `AT` and at every later position.
///
/// One bound covers all later positions, so a proof takes one step per position rather than one per
/// pair of positions.
pub trait TupleFrom<N: Next, const AT: usize>: Send + Sync + Sized {
    fn run(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send;
}

impl<T, N, const AT: usize> Sealed for TupleNext<'_, T, N, AT> {}

impl<T, N, const AT: usize> Detach for TupleNext<'_, T, N, AT>
where
    T: TupleFrom<N, AT> + for<'b> TupleFrom<N::Borrowed<'b>, AT> + Clone + 'static,
    N: Detach,
{
    type Owned = (Arc<T>, N::Owned);
    type Borrowed<'b> = TupleNext<'b, T, N::Borrowed<'b>, AT>;

    fn into_owned(self) -> Self::Owned {
        (Arc::new(self.tuple.clone()), self.next.into_owned())
    }

    fn borrow((tuple, next): &Self::Owned) -> Self::Borrowed<'_> {
        TupleNext { tuple, next: N::borrow(next) }
    }
}

#[diagnostic::do_not_recommend]
impl<T, N, const AT: usize> Next for TupleNext<'_, T, N, AT>
where
    T: TupleFrom<N, AT>,
    N: Next,
{
    type Request = N::Request;
    type Response = N::Response;
    type RequestMessage = N::RequestMessage;
    type ResponseMessage = N::ResponseMessage;

    #[inline]
    fn run(self, request: Request<N::Request>) -> impl Future<Output = Outcome<Self>> + Send {
        let TupleNext { tuple, mut next } = self;
        let context = next.note_timeout_in(request.metadata());
        tuple.run(request, context, next)
    }

    #[inline]
    fn context(&self) -> Context {
        self.next.context()
    }

    fn with_context(self, context: Context) -> Self {
        TupleNext { next: self.next.with_context(context), ..self }
    }

    fn clone_payload(&self, payload: &Self::Request) -> Option<Self::Request> {
        self.next.clone_payload(payload)
    }

    #[inline]
    fn note_timeout_in(&mut self, metadata: &MetadataMap) -> Context {
        self.next.note_timeout_in(metadata)
    }
}

/// Implements one length. Each type comes with its position and the next position.
macro_rules! tuple {
    ($($type:ident $at:tt $behind:tt),+) => {
        /// The first interceptor is the outermost.
        impl<N, $($type),+> Interceptor<N> for ($($type,)+)
        where
            N: Next,
            Self: TupleFrom<N, 0>,
        {
            #[inline]
            fn intercept(
                &self,
                request: Request<N::Request>,
                _: Context,
                next: N,
            ) -> impl Future<Output = Outcome<N>> + Send {
                TupleFrom::<N, 0>::run(self, request, next.context(), next)
            }
        }

        tuple!(@positions ($($type,)+) [$($type)+] $($type $at $behind),+);
    };
    (@positions $tuple:tt [$($types:ident)+]
        $type:ident $at:tt $behind:tt $(, $rest:ident $ats:tt $behinds:tt)*
    ) => {
        impl<N, $($types),+> TupleFrom<N, $at> for $tuple
        where
            N: Next,
            $type: for<'a> Interceptor<TupleNext<'a, Self, N, $behind>>,
            Self: TupleFrom<N, $behind>,
        {
            #[inline]
            fn run(
                &self,
                request: Request<N::Request>,
                context: Context,
                next: N,
            ) -> impl Future<Output = Outcome<N>> + Send {
                let behind = TupleNext::<Self, N, $behind> { tuple: self, next };
                self.$at.intercept(request, context, behind)
            }
        }

        tuple!(@positions $tuple [$($types)+] $($rest $ats $behinds),*; $behind);
    };
    (@positions $tuple:tt $types:tt $($rest:ident $at:tt $behind:tt),+; $last:tt) => {
        tuple!(@positions $tuple $types $($rest $at $behind),+);
    };
    // After the last one.
    (@positions $tuple:tt [$($types:ident)+] ; $last:tt) => {
        impl<N, $($types),+> TupleFrom<N, $last> for $tuple
        where
            N: Next,
            $($types: Send + Sync,)+
        {
            #[inline]
            fn run(
                &self,
                request: Request<N::Request>,
                _: Context,
                next: N,
            ) -> impl Future<Output = Outcome<N>> + Send {
                next.run(request)
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
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12, M 12 13);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12, M 12 13, O 13 14);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12, M 12 13, O 13 14, P 14 15);
tuple!(A 0 1, B 1 2, C 2 3, D 3 4, E 4 5, F 5 6, G 6 7, H 7 8, I 8 9, J 9 10, K 10 11, L 11 12, M 12 13, O 13 14, P 14 15, Q 15 16);
