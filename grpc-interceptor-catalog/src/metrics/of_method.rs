use std::time::Duration;

use tonic::Code;

/// The metrics of one RPC, on one side, with one set of labels. Looking them up by their labels is
/// slow, so each set is resolved only once.
pub(super) trait OfMethod: Send + Sync {
    /// Creates all of them, at zero.
    fn register(&self);

    fn start(&self);

    fn request(&self) {}

    fn response(&self) {}

    fn end(&self, code: Code, elapsed: Duration);
}
