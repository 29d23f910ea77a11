use std::{
    any::Any,
    future::poll_fn,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::{Pin, pin},
    task::{Context as TaskContext, Poll},
};

use tokio_stream::Stream as _;
use tonic::{Code, Request, Status, metadata::MetadataMap};

use super::{
    interceptor::Interceptor,
    next::{Next, Outcome},
};
use crate::{Context, Error, MessageStream, Payload as _, payload::Source};

/// Answers `INTERNAL` where a handler or an interceptor panics, or a response stream while it is
/// read. The connection and the other calls on it live on.
///
/// Without it, tonic resets the call's stream, and the caller gets a status that the HTTP/2 library
/// on its side makes up. What the caller reads with it is the code's default text, and nothing of
/// the panic. Rust still prints the panic to stderr, by the process's panic hook.
///
/// Put it first in the list: it catches what is inside of it.
///
/// ```
/// # use grpc_interceptor_proto::default_stubs::greeter_server::{Greeter, GreeterServer};
/// # use grpc_interceptor_proto::greeter::{HelloReply, HelloRequest};
/// # use tonic::{Request, Response, Status};
/// use grpc_interceptor::{Context, intercepted, interceptors::CatchPanic};
/// use std::any::Any;
///
/// fn report(payload: &(dyn Any + Send), context: &Context) {
///     let text = payload.downcast_ref::<&str>().copied();
///     let text = text.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
///     eprintln!("{} panicked: {}", context.method_name(), text.unwrap_or("no text"));
/// }
///
/// struct MyGreeter;
///
/// #[intercepted(CatchPanic::new().on_panic(report))]
/// impl Greeter for MyGreeter {
///     async fn say_hello(
///         &self,
///         request: Request<HelloRequest>,
///     ) -> Result<Response<HelloReply>, Status> {
///         let first = request.into_inner().name.chars().next().expect("a name has a letter");
///         Ok(Response::new(HelloReply { message: format!("Hello, {first}.!") }))
///     }
/// }
/// ```
///
/// What the call shared with others may be left half done by a panic, as std's locks tell by being
/// poisoned. With `panic = "abort"` in the profile there is nothing to catch: the process ends.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatchPanic<P = ()> {
    on_panic: P,
}

impl CatchPanic {
    /// Catches panics, and tells nobody.
    #[must_use]
    pub const fn new() -> Self {
        CatchPanic { on_panic: () }
    }

    /// Calls this with what the panic was raised with, mostly a `&'static str` or a `String`.
    ///
    /// The closure itself should not panic: nothing catches that.
    #[must_use]
    pub fn on_panic<F>(self, on_panic: F) -> CatchPanic<F>
    where
        F: Fn(&(dyn Any + Send), &Context) + Clone + Send + Sync + 'static,
    {
        CatchPanic { on_panic }
    }
}

impl<N: Next, P: OnPanic> Interceptor<N> for CatchPanic<P> {
    async fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        // In an async block, so that all of `run` runs where it is polled.
        let mut outcome = pin!(async move { next.run(request).await });
        // After a panic this is ready, and so the future isn't polled again.
        let response = poll_fn(|task| {
            catch(&self.on_panic, &context, || outcome.as_mut().poll(task))
                .unwrap_or_else(|status| Poll::Ready(Err(status)))
        })
        .await?;
        let on_panic = self.on_panic.clone();
        Ok(response.map(|payload| {
            payload.map_stream(move |messages| {
                MessageStream::from_source(CatchPanicStream { messages, context, on_panic })
            })
        }))
    }
}

/// A stream that panics fails instead. The [`MessageStream`] around it drops it then.
struct CatchPanicStream<M, P> {
    messages: MessageStream<M>,
    context: Context,
    on_panic: P,
}

/// The closure is never pinned.
impl<M, P> Unpin for CatchPanicStream<M, P> {}

impl<M: Send + 'static, P: OnPanic> Source<M> for CatchPanicStream<M, P> {
    fn poll_item(
        self: Pin<&mut Self>,
        task: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<M, Status>>> {
        let CatchPanicStream { messages, context, on_panic } = self.get_mut();
        catch(on_panic, context, || Pin::new(messages).poll_next(task))
            .unwrap_or_else(|status| Poll::Ready(Some(Err(status))))
    }

    /// Nothing is promised: a panic is one more item.
    fn remaining(&self) -> (usize, Option<usize>) {
        (0, None)
    }

    fn trailers(self: Pin<&mut Self>) -> Option<MetadataMap> {
        self.messages.trailers().cloned()
    }
}

/// What `run` returns, or the status of a panic in it.
fn catch<T>(
    on_panic: &impl OnPanic,
    context: &Context,
    run: impl FnOnce() -> T,
) -> Result<T, Status> {
    // Nobody sees what the panic left half done: what ran is dropped.
    catch_unwind(AssertUnwindSafe(run)).map_err(|payload| {
        on_panic.on_panic(&*payload, context);
        Error::new(Code::Internal).into()
    })
}

/// What a [`CatchPanic`] calls: `()`, for nothing, or a closure.
pub trait OnPanic: Clone + Send + Sync + 'static {
    #[doc(hidden)]
    fn on_panic(&self, payload: &(dyn Any + Send), context: &Context);
}

impl OnPanic for () {
    fn on_panic(&self, _: &(dyn Any + Send), _: &Context) {}
}

impl<F> OnPanic for F
where
    F: Fn(&(dyn Any + Send), &Context) + Clone + Send + Sync + 'static,
{
    fn on_panic(&self, payload: &(dyn Any + Send), context: &Context) {
        self(payload, context);
    }
}
