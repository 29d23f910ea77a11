//! How somebody reads a stream that came over the wire: a handler its requests, a caller the
//! responses.

use std::fmt::Debug;

use tonic::{Status, Streaming};

use crate::text::{self, Lines};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// One message, or the end, or an error.
    Message,
    /// Messages, until there is none.
    End,
    Trailers,
    /// Messages as for `End`. A handler that sends a stream sends one for each meanwhile.
    Echo,
}

pub type Steps = &'static [Step];

/// What a handler mostly does.
pub const TO_THE_END: Steps = &[Step::End];

/// How a handler may read. A request has no trailers, so it asks for none: tonic would poll the body
/// once more for them.
pub const OF_REQUESTS: &[Steps] = &[TO_THE_END, &[], &[Step::Message], &[Step::Echo]];

/// How a caller may read. Nobody reads on after the end or the trailers: there tonic goes on with what
/// it has left, and once says that the trailers are missing which it just gave.
pub const OF_RESPONSES: &[Steps] = {
    use Step::{End, Message, Trailers};
    &[TO_THE_END, &[], &[Message], &[Trailers], &[End, Trailers], &[Message, Trailers]]
};

/// What one step came to.
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

/// Goes on after an error, too, and gives back the first there was.
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
