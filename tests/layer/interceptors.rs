//! Typical interceptors for a layer: a log and a token check.

use std::sync::{Arc, Mutex};

use grpc_interceptor::{CallEnd, Context, Interceptor, Next, Outcome};
use tonic::{Request, Status};

/// One line per ended call: its name and kind, its code, and the number of messages in each
/// direction.
#[derive(Clone, Default)]
pub struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    /// Takes the lines since the last time.
    pub fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().unwrap())
    }

    fn write(&self, context: &Context, end: &CallEnd<'_>) {
        let line = format!(
            "{} {:?}: {:?}, {} in, {} out",
            context.method_name(),
            context.kind(),
            end.code(),
            end.request_messages(),
            end.response_messages()
        );
        self.0.lock().unwrap().push(line);
    }
}

impl<N: Next> Interceptor<N> for Log {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let log = self.clone();
        next.on_call_end(move |end| log.write(&context, end)).run(request).await
    }
}

/// Accepts calls with the token.
pub struct Auth;

pub const TOKEN: &str = "Bearer secret";

impl<N: Next> Interceptor<N> for Auth {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        match request.metadata().get("authorization") {
            Some(token) if token == TOKEN => next.run(request).await,
            _ => Err(Status::unauthenticated("who is there?")),
        }
    }
}

/// Refuses every call.
pub struct Refuse;

impl<N: Next> Interceptor<N> for Refuse {
    async fn intercept(&self, _: Request<N::Request>, _: Context, _: N) -> Outcome<N> {
        Err(Status::permission_denied("nobody"))
    }
}
