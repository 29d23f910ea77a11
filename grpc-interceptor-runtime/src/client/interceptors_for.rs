/// A generated client whose interceptors accept the RPC `M`.
///
/// The generated methods exist only for such a client. So a wrong interceptor is one error, in the words
/// below. As a bound of the methods alone, it would be three: one for the method's name, one for its call,
/// one for the call's `.await`.
///
/// A plain async fn is never accepted, because it fits only one lifetime of a call. The compiler doesn't know
/// its whole type, and then shows only the name of this trait. That's why the name says what to do.
#[diagnostic::on_unimplemented(
    message = "not all of this client's interceptors accept this RPC",
    label = "an interceptor of this client doesn't accept this RPC",
    note = "the bounds of an interceptor on `N` have to allow the RPC's messages: to send a request again, use \
            `next.clone_request(&request)`, which works for every RPC, instead of the bound `Next<Request: Clone>`",
    note = "an async fn needs `#[interceptor]` above it, and a tuple holds up to sixteen interceptors: for more, nest \
            tuples"
)]
pub trait AsyncFnsHaveInterceptorAboveThem<M> {}

/// Implemented for nothing. If a type could have the trait in only one way, the compiler would show what that
/// way requires, and not the words above.
impl<F: Fn(M), M> AsyncFnsHaveInterceptorAboveThem<M> for F {}
