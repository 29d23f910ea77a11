use super::{ChainRequest, Link};
use crate::Context;

/// Makes the compiler compute the size of the future at one position of a chain.
///
/// That future contains the next one, which contains the one after it, and so on. The compiler
/// recurses through all of them, and some ten interceptors reach its depth limit
/// (`recursion_limit`). If it is asked for a future in the middle first, it already knows the size
/// when it gets there.
pub const fn lay_out<'a, T: 'a, R: Link<T, AT>, const AT: usize>() {
    const fn size_of_output<F: FnOnce(A, B, C) -> O, A, B, C, O>(_: &F) -> usize {
        size_of::<O>()
    }
    size_of_output::<_, &'a T, ChainRequest<R, T>, Context, _>(&R::run);
}
