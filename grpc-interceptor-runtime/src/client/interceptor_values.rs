/// A generated client whose interceptors are for the RPC `M`. A plain async fn is never one: only with
/// `#[interceptor]` above it is it a value, which fits whatever the lifetime of the call.
///
/// The generated methods are there only for such a client. So what is wrong with the interceptors is one
/// error, in the words below. As a bound of the methods alone, it would be an error for the method's name,
/// one for its call and one for the call's `.await`. Of a plain async fn the compiler doesn't know the whole
/// type: there it shows this trait's name and not its words.
#[diagnostic::on_unimplemented(
    message = "not all of this client's interceptors are for this RPC",
    label = "a client's interceptor is not for this RPC",
    note = "the bounds of an interceptor on `N` have to allow the RPC's messages: to send a request again, ask \
            `next.clone_request(&request)`, which every RPC has, instead of the bound `Next<Request: Clone>`",
    note = "an async fn has `#[interceptor]` above it, and a tuple has up to sixteen interceptors: for more, put one \
            tuple into another"
)]
pub trait InterceptorValuesFor<M> {}

/// Nobody's. When a type may have a trait in two ways and has it in neither, the compiler shows the trait's
/// words. If there were one way, it would show what that asks for.
impl<F: Fn(M), M> InterceptorValuesFor<M> for F {}
