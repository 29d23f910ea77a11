use std::fmt::{self, Debug};

use super::info::MessageInfo;

/// What a [`PayloadLog`](super::PayloadLog) logs of a message of this type.
#[diagnostic::on_unimplemented(
    message = "`{Self}` doesn't say what is to be logged of a `{M}`",
    label = "not for messages of this type",
    note = "`PayloadLog` logs messages that are `Debug`, or those that your own `impl ShowMessage<…>` is for: see \
            `PayloadLog::show_with`"
)]
pub trait ShowMessage<M>: Send + Sync + 'static {
    /// Writes the text of a message. Called once for each message that passes and is logged.
    ///
    /// # Errors
    ///
    /// Those of the writer: it ends the text when it is long enough. An error of its own does the same.
    fn show(&self, message: &M, info: &MessageInfo, text: &mut dyn fmt::Write) -> fmt::Result;
}

/// Logs the `Debug` text of a message.
#[derive(Clone, Copy, Debug, Default)]
pub struct AsDebug;

#[diagnostic::do_not_recommend]
impl<M: Debug> ShowMessage<M> for AsDebug {
    fn show(&self, message: &M, _: &MessageInfo, text: &mut dyn fmt::Write) -> fmt::Result {
        write!(text, "{message:?}")
    }
}
