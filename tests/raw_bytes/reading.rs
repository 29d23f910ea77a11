//! The ways to read a stream that came over the wire: a handler reads requests, a caller reads
//! responses.

use std::fmt::Debug;

use tonic::{Status, Streaming};

use crate::text::{self, Lines};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One message, the end, or an error.
    Message,
    /// Messages, until there are none.
    End,
    Trailers,
    /// Messages as for `End`. A handler that sends a stream sends one for each message it reads.
    Echo,
}

pub type Steps = &'static [Step];

/// What most handlers do.
pub const TO_THE_END: Steps = &[Step::End];

/// The ways in which a handler can read. A request has no trailers, so it doesn't ask for them:
/// tonic would poll the body once more.
pub const OF_REQUESTS: &[Steps] = &[TO_THE_END, &[], &[Step::Message], &[Step::Echo]];

/// The ways in which a caller can read. None continues after the end or the trailers: there tonic
/// parses what it has left, and sometimes reports that the trailers it just returned are missing.
pub const OF_RESPONSES: &[Steps] = {
    use Step::{End, Message, Trailers};
    &[TO_THE_END, &[], &[Message], &[Trailers], &[End, Trailers], &[Message, Trailers]]
};

/// The result of one step.
async fn step<M: Debug>(
    step: Step,
    stream: &mut Streaming<M>,
    lines: &mut Lines,
) -> Result<(), Status> {
    match step {
        Step::Message => {
            let message = stream.message().await?;
            lines.push(format!("message: {message:?}"));
        }
        Step::End | Step::Echo => {
            while let Some(message) = stream.message().await? {
                lines.push(format!("message: {message:?}"));
            }
            lines.push("end".to_owned());
        }
        Step::Trailers => {
            let trailers = stream.trailers().await?;
            lines.push(format!("trailers: {:?}", trailers.as_ref().map(text::metadata)));
        }
    }
    Ok(())
}

/// Continues after an error, and returns the first error.
pub async fn read<M: Debug>(
    stream: &mut Streaming<M>,
    steps: Steps,
    lines: &mut Lines,
) -> Result<(), Status> {
    let mut outcome = Ok(());
    for next in steps {
        if let Err(status) = step(*next, stream, lines).await {
            lines.push(format!("{next:?} fails: {}", text::status(&status)));
            outcome = outcome.and(Err(status));
        }
    }
    outcome
}
