//! The calls that run alongside a case on the same connection.

use tokio::{sync::mpsc::UnboundedSender, task::JoinHandle};
use tokio_stream::wrappers::UnboundedReceiverStream;
use tonic::{Response, Status, Streaming};

use crate::support::{Client, HelloReply, HelloRequest, events, hello, reply, tell};

/// One call whose response has started, and one whose response hasn't.
pub(crate) struct Beside {
    names: UnboundedSender<HelloRequest>,
    replies: Streaming<HelloReply>,
    everybody: UnboundedSender<HelloRequest>,
    greeting: JoinHandle<Result<Response<HelloReply>, Status>>,
}

impl Beside {
    pub(crate) async fn start(client: &Client) -> Result<Self, Status> {
        let (everybody, outgoing) = events();
        let mut greeter = (*client).clone();
        let greeting = tokio::spawn(async move {
            greeter.greet_everybody(UnboundedReceiverStream::new(outgoing)).await
        });
        let (names, outgoing) = events();
        let mut greeter = (*client).clone();
        let replies = greeter.chat(UnboundedReceiverStream::new(outgoing)).await?.into_inner();
        let mut beside = Beside { names, replies, everybody, greeting };
        beside.chat("before").await?;
        Ok(beside)
    }

    async fn chat(&mut self, name: &str) -> Result<(), Status> {
        tell(&self.names, hello(name));
        match self.replies.message().await? {
            Some(answer) if answer == reply(name) => Ok(()),
            other => Err(Status::unknown(format!("the answer to {name:?} is {other:?}"))),
        }
    }

    pub(crate) async fn finish(mut self) -> Result<(), Status> {
        self.chat("after").await?;
        drop(self.names);
        if let Some(reply) = self.replies.message().await? {
            return Err(Status::unknown(format!("{reply:?} comes behind the last request")));
        }
        tell(&self.everybody, hello("after"));
        drop(self.everybody);
        let joined = self.greeting.await;
        joined.unwrap_or_else(|error| Err(Status::unknown(error.to_string()))).map(|_| ())
    }
}
