/// A message that may be `Clone`. The macros call `TryClone(message).try_clone()`.
///
/// For a message that is `Clone`, the compiler prefers the inherent method to the one of
/// [`NotClone`].
pub struct TryClone<'a, M>(pub &'a M);

impl<M: Clone> TryClone<'_, M> {
    #[inline]
    pub fn try_clone(self) -> Option<M> {
        Some(self.0.clone())
    }
}

pub trait NotClone<M> {
    fn try_clone(self) -> Option<M>;
}

impl<M> NotClone<M> for TryClone<'_, M> {
    #[inline]
    fn try_clone(self) -> Option<M> {
        None
    }
}
