//! The handler of every form of the service.

use std::{
    fmt::Debug,
    sync::{Arc, Mutex},
};

use grpc_interceptor_proto::greeter::{GreetManyTimesRequest, HelloReply, HelloRequest};
use tokio_stream::StreamExt as _;
use tonic::{Request, Response, Status, Streaming, codegen::BoxStream, metadata::MetadataMap};

use crate::{
    reading::{Step, Steps, read},
    slowly::Slowly,
    text::{self, Lines, Mark},
};

#[derive(Clone, Default)]
pub struct Answer {
    pub metadata: MetadataMap,
    /// If set, there is no response.
    pub refusal: Option<Status>,
    /// Only the first one if the response isn't a stream.
    pub items: Vec<Item>,
    pub is_never_compressed: bool,
}

#[derive(Clone)]
pub enum Item {
    Reply(String),
    Fail(Status),
    /// Nothing yet: the reader has to poll again.
    Wait,
}

impl Answer {
    fn stream(&self) -> Slowly<Result<HelloReply, Status>> {
        Slowly::new(self.items.clone().into_iter().map(|item| match item {
            Item::Reply(message) => Some(Ok(HelloReply { message })),
            Item::Fail(status) => Some(Err(status)),
            Item::Wait => None,
        }))
    }
}

/// Answers as configured, and records what it saw.
#[derive(Clone)]
pub struct Handler {
    answer: Answer,
    steps: Steps,
    seen: Arc<Mutex<Lines>>,
}

impl Handler {
    pub fn new(answer: Answer, steps: Steps) -> Self {
        Handler { answer, steps, seen: Arc::default() }
    }

    pub fn seen(&self) -> Lines {
        self.seen.lock().unwrap().clone()
    }

    fn saw(&self, line: String) {
        self.seen.lock().unwrap().push(line);
    }

    fn saw_head<M>(&self, request: &Request<M>) {
        self.saw(format!("handler: {}", text::metadata(request.metadata())));
        self.saw(text::mark(request.extensions()));
    }

    fn saw_message(&self, request: Request<impl Debug>) {
        self.saw_head(&request);
        self.saw(format!("message: {:?}", request.get_ref()));
    }

    async fn read(&self, request: Request<Streaming<HelloRequest>>) -> Result<(), Status> {
        self.saw_head(&request);
        let mut lines = Lines::new();
        let outcome = read(&mut request.into_inner(), self.steps, &mut lines).await;
        lines.into_iter().for_each(|line| self.saw(line));
        outcome
    }

    fn respond<B>(&self, content: B) -> Result<Response<B>, Status> {
        if let Some(status) = &self.answer.refusal {
            return Err(status.clone());
        }
        let mut response = Response::new(content);
        *response.metadata_mut() = self.answer.metadata.clone();
        response.extensions_mut().insert(Mark("on the response"));
        if self.answer.is_never_compressed {
            response.disable_compression();
        }
        Ok(response)
    }

    fn one(&self) -> Result<Response<HelloReply>, Status> {
        let first = self.answer.items.iter().find(|item| !matches!(item, Item::Wait));
        match first {
            Some(Item::Fail(status)) => Err(status.clone()),
            Some(Item::Reply(message)) => self.respond(HelloReply { message: message.clone() }),
            Some(Item::Wait) | None => self.respond(HelloReply::default()),
        }
    }

    fn many(&self) -> Result<Response<BoxStream<HelloReply>>, Status> {
        self.respond(Box::pin(self.answer.stream()))
    }

    /// A reply to each request, then the items.
    fn echo(
        self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        self.saw_head(&request);
        let this = self.clone();
        let replies = request.into_inner().map(move |message| {
            this.saw(format!("message: {:?}", message.as_ref().map_err(text::status)));
            message.map(|HelloRequest { name }| HelloReply { message: name })
        });
        self.respond(Box::pin(replies.chain(self.answer.stream())))
    }

    pub async fn say_hello(
        self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.saw_message(request);
        self.one()
    }

    pub async fn greet_everybody(
        self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<HelloReply>, Status> {
        self.read(request).await?;
        self.one()
    }

    pub async fn greet_many_times(
        self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        self.saw_message(request);
        self.many()
    }

    pub async fn chat(
        self,
        request: Request<Streaming<HelloRequest>>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        if self.steps == [Step::Echo] {
            return self.echo(request);
        }
        self.read(request).await?;
        self.many()
    }
}
