use super::{ChainRequest, Link};
use crate::Context;

/// Has the compiler find out how large the future at a place of a chain is.
///
/// That future holds the one behind it, which holds the next. The compiler goes in as deep as they
/// go, and gives up at a depth that some ten interceptors reach (`recursion_limit`). Asked for one
/// in the middle first, it knows that one when it comes by.
pub const fn lay_out<'a, T: 'a, R: Link<T, AT>, const AT: usize>() {
    const fn size_of_output<F: FnOnce(A, B, C) -> O, A, B, C, O>(_: &F) -> usize {
        size_of::<O>()
    }
    size_of_output::<_, &'a T, ChainRequest<R, T>, Context, _>(&R::run);
}
