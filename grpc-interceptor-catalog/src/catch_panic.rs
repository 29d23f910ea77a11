use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use grpc_interceptor_runtime::{
    __private::{drop_payload, ignoring_panics},
    Context, Error, Interceptor, Next, Outcome, Panicked, Scope,
};
use tonic::{Code, Request, Status};

/// Answers `INTERNAL` if a handler or an interceptor panics, or a stream while it is read. The
/// connection and the other calls on it live on.
///
/// Without it, tonic resets the call's stream, and the caller gets a status that the HTTP/2 library
/// on its side makes up. With it the caller reads the code's default text, and nothing of the panic.
/// Rust still prints the panic to stderr, by the process's panic hook.
///
/// It catches what is inside of it, so put it outside of whatever may panic, and inside of what
/// observes calls: the status's source is [`Panicked`], by which a
/// [`CallEnd`](grpc_interceptor_runtime::CallEnd) tells a panic from other INTERNAL errors. On a client
/// it also makes INTERNAL of a panic in the caller's own request stream. Without it, the call itself
/// would panic.
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
    /// It is called for each panic, so twice if what panicked panics again when it is dropped. If the
    /// closure itself panics, that is caught and dropped.
    #[must_use]
    pub fn on_panic<F>(self, on_panic: F) -> CatchPanic<F>
    where
        F: Fn(&(dyn Any + Send), &Context) + Clone + Send + Sync + 'static,
    {
        CatchPanic { on_panic }
    }
}

impl<N: Next, P: OnPanic> Interceptor<N> for CatchPanic<P> {
    fn intercept(
        &self,
        request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> impl Future<Output = Outcome<N>> + Send {
        next.in_scope(Catch { on_panic: self.on_panic.clone(), context }).run(request)
    }
}

/// Runs what may panic.
#[derive(Clone)]
struct Catch<P> {
    on_panic: P,
    context: Context,
}

impl<P: OnPanic> Scope for Catch<P> {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        // Nobody sees what the panic left half done: what ran is dropped.
        let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else { return Ok(()) };
        ignoring_panics(|| self.on_panic.on_panic(&*payload, &self.context));
        drop_payload(payload);
        Err(Error::new(Code::Internal).with_source(Panicked).into())
    }
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
