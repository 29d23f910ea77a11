use std::time::Duration;

use tonic::Code;

/// The metrics of one RPC, on one side, with one set of labels. To find one by its labels takes a while, so that each is
/// found once.
pub(super) trait OfMethod: Send + Sync {
    /// Has all of them there, at zero.
    fn register(&self);

    fn start(&self);

    fn request(&self) {}

    fn response(&self) {}

    fn end(&self, code: Code, elapsed: Duration);
}
