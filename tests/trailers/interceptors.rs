//! What interceptors do with a stream and its trailing metadata. Each supports any RPC on either
//! side.

use std::time::{Duration, Instant};

use grpc_interceptor::{
    Context, Interceptor, MessageStream, Next, Outcome, Payload as _, StreamEnd, trailers,
};
use tokio::sync::mpsc::UnboundedSender;
use tokio_stream::StreamExt as _;
use tonic::{Code, Request, metadata::MetadataMap};

use crate::{
    greeter::metadata,
    support::{tell, values},
};

/// Looks at each message.
#[derive(Clone)]
pub(crate) struct Look;

impl<N: Next> Interceptor<N> for Look {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        Ok(next.run(request).await?.map(|payload| payload.inspect_messages(|_| {})))
    }
}

/// Adds a value to the trailing metadata, after the existing ones.
#[derive(Clone)]
pub(crate) struct Add(pub(crate) &'static str);

impl<N: Next> Interceptor<N> for Add {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let value = self.0.parse().expect("it is ASCII");
        Ok(next.run(request).await?.map(|payload| {
            payload.map_trailers(|trailers| {
                trailers.append("from", value);
            })
        }))
    }
}

/// Replaces the existing value.
#[derive(Clone)]
pub(crate) struct Replace(pub(crate) &'static str);

impl<N: Next> Interceptor<N> for Replace {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let metadata = metadata("from", self.0);
        Ok(next
            .run(request)
            .await?
            .map(|payload| payload.map_trailers(|trailers| *trailers = metadata)))
    }
}

/// Drops the first message, with a stream that is derived from the original.
#[derive(Clone)]
pub(crate) struct Filter;

impl<N: Next> Interceptor<N> for Filter {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        Ok(next.run(request).await?.map(|payload| {
            payload.map_stream(|messages| {
                let mut number = 0;
                MessageStream::new(messages.filter(move |_| {
                    number += 1;
                    number != 1
                }))
            })
        }))
    }
}

/// Lets the first message pass, and reads no more.
#[derive(Clone)]
pub(crate) struct First;

impl<N: Next> Interceptor<N> for First {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        Ok(next
            .run(request)
            .await?
            .map(|payload| payload.map_stream(|messages| MessageStream::new(messages.take(1)))))
    }
}

/// Replaces the stream with one that only has trailing metadata, either reading the original first
/// or not.
#[derive(Clone)]
pub(crate) struct Anew {
    pub(crate) reads: bool,
}

impl<N: Next> Interceptor<N> for Anew {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let end = tokio_stream::once(Err(trailers(metadata("from", "anew"))));
        Ok(next.run(request).await?.map(|payload| {
            payload.map_stream(|messages| match self.reads {
                true => MessageStream::new(messages.chain(end)),
                false => MessageStream::new(end),
            })
        }))
    }
}

/// Gives the rest of the call an hour.
#[derive(Clone)]
pub(crate) struct InTime;

impl<N: Next> Interceptor<N> for InTime {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let deadline = Instant::now() + Duration::from_secs(3600);
        next.with_context(context.with_deadline(deadline)).run_in_time(request).await
    }
}

/// How a stream ended, and the values of `from`.
#[derive(Debug, PartialEq)]
pub(crate) struct End {
    pub(crate) code: Code,
    /// `None` if there is no trailing metadata.
    pub(crate) from: Option<Vec<String>>,
}

impl End {
    pub(crate) fn of(code: Code, from: &[&str]) -> Self {
        End { code, from: Some(from.iter().map(ToString::to_string).collect()) }
    }
}

/// Reports the end of each response.
#[derive(Clone)]
pub(crate) struct Ends(pub(crate) UnboundedSender<End>);

impl<N: Next> Interceptor<N> for Ends {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let events = self.0.clone();
        Ok(next.run(request).await?.map(|payload| {
            payload.on_end(move |end| {
                let metadata: Option<&MetadataMap> = match end {
                    StreamEnd::Complete { trailers } => trailers,
                    StreamEnd::Failed(status) => Some(status.metadata()),
                    _ => None,
                };
                let from = metadata.map(|metadata| {
                    values(metadata, "from").into_iter().map(str::to_owned).collect()
                });
                tell(&events, End { code: end.code(), from });
            })
        }))
    }
}
