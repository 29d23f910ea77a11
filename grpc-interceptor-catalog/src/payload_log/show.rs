use std::fmt::{self, Debug};

use super::info::MessageInfo;

/// Decides what a [`PayloadLog`](super::PayloadLog) logs of a message of type `M`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't show messages of type `{M}`",
    label = "not implemented for messages of this type",
    note = "`PayloadLog` logs messages that implement `Debug`, or those that your own `impl ShowMessage<…>` covers: \
            see `PayloadLog::show_with`"
)]
#[cfg(feature = "tracing")]
pub trait ShowMessage<M>: Send + Sync + 'static {
    /// Writes the text of a message. Called once for each message that is logged.
    ///
    /// # Errors
    ///
    /// Returns the writer's errors: the writer stops the output when the text is long enough. Any
    /// other error also ends the text.
    fn show(&self, message: &M, info: &MessageInfo, text: &mut dyn fmt::Write) -> fmt::Result;
}

/// Logs the `Debug` text of a message.
#[cfg(feature = "tracing")]
#[derive(Clone, Copy, Debug, Default)]
pub struct AsDebug;

#[diagnostic::do_not_recommend]
impl<M: Debug> ShowMessage<M> for AsDebug {
    fn show(&self, message: &M, _: &MessageInfo, text: &mut dyn fmt::Write) -> fmt::Result {
        write!(text, "{message:?}")
    }
}
