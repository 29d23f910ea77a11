use std::{
    any::Any,
    panic::{AssertUnwindSafe, catch_unwind},
};

use grpc_interceptor_runtime::{
    __private::{drop_payload, ignoring_panics},
    Context, Error, Interceptor, Next, Outcome, Panicked, Scope,
};
use tonic::{Code, Request, Status};

/// Answers `INTERNAL` when a handler, an interceptor or a stream panics.
///
/// The connection and the other calls on it survive. The caller sees the code's default message and
/// nothing about the panic. Rust still prints the panic to stderr through the process's panic hook.
/// Without this interceptor, tonic resets the call's stream, and the caller gets a status made up
/// by its own HTTP/2 library.
///
/// It catches panics in everything inside it. Put it outside anything that can panic, and inside
/// interceptors that observe calls: the status's source is [`Panicked`], which lets a
/// [`CallEnd`](grpc_interceptor_runtime::CallEnd) tell a panic from other `INTERNAL` errors. On a
/// client it also turns a panic in the caller's own request stream into `INTERNAL`. Without it, the
/// call itself would panic.
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
/// A panic can leave state that the call shares with others half updated, which is why std's locks
/// become poisoned. With `panic = "abort"` in the profile there is nothing to catch: the process
/// exits.
#[derive(Clone, Copy, Debug, Default)]
pub struct CatchPanic<P = ()> {
    on_panic: P,
}

impl CatchPanic {
    /// Catches panics without reporting them.
    #[must_use]
    pub const fn new() -> Self {
        CatchPanic { on_panic: () }
    }

    /// Calls this closure with the panic payload, usually a `&'static str` or a `String`.
    ///
    /// It is called once per panic, so twice if the panicking value panics again while it is
    /// dropped. If the closure itself panics, that panic is caught and discarded.
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

/// Runs code that can panic.
#[derive(Clone)]
struct Catch<P> {
    on_panic: P,
    context: Context,
}

impl<P: OnPanic> Scope for Catch<P> {
    fn enter(&self, run: &mut dyn FnMut()) -> Result<(), Status> {
        // No one sees the half-updated state: everything that ran is dropped.
        let Err(payload) = catch_unwind(AssertUnwindSafe(run)) else { return Ok(()) };
        ignoring_panics(|| self.on_panic.on_panic(&*payload, &self.context));
        drop_payload(payload);
        Err(Error::new(Code::Internal).with_source(Panicked).into())
    }
}

/// The callback of a [`CatchPanic`]: a closure, or `()` for none.
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
