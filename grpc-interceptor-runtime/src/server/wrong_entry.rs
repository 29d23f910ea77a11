//! An entry that isn't an interceptor is one error, no matter how many RPCs have it in their lists.
//!
//! For each kind of mistake there is a trait with a method `run` for an [`Entry`] with that mistake. Calling it
//! is an error, because [`ThisFn`] doesn't satisfy the bound on its type parameter. The error doesn't mention the
//! RPC, so it is the same for each RPC, and the compiler shows it once.

use std::future::{Pending, pending};

use tonic::Request;

use super::Entry;
use crate::{Context, Next, Outcome};

/// Stands for the listed fn.
pub struct ThisFn;

#[diagnostic::on_unimplemented(
    message = "an interceptor takes three arguments, and this fn takes none",
    label = "not an interceptor",
    note = "if this fn returns an interceptor, call it in the list: write `()` after its name"
)]
pub trait TakesArguments {}

pub trait WithoutArguments<N: Next, F>: Sized {
    fn run<P: TakesArguments>(self, _: Request<N::Request>, _: Context) -> Pending<Outcome<N>> {
        pending()
    }
}

impl<F: Fn() -> O, N: Next, O> WithoutArguments<N, fn() -> O> for Entry<'_, F, N> {}

#[diagnostic::on_unimplemented(
    message = "an interceptor takes three arguments, and this fn takes one",
    label = "not an interceptor",
    note = "write `async fn name<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>`",
    note = "tonic's own interceptors, `fn(Request<()>) -> Result<Request<()>, Status>`, go into the generated server's \
            `with_interceptor(service, name)`"
)]
pub trait TakesMoreThanARequest {}

pub trait WithOneArgument<N: Next, F>: Sized {
    fn run<P: TakesMoreThanARequest>(
        self,
        _: Request<N::Request>,
        _: Context,
    ) -> Pending<Outcome<N>> {
        pending()
    }
}

impl<F: Fn(A) -> O, N: Next, O, A> WithOneArgument<N, fn(A) -> O> for Entry<'_, F, N> {}

#[diagnostic::on_unimplemented(
    message = "an interceptor takes three arguments: the request, the context and the rest of the chain",
    label = "this fn takes a different number of arguments",
    note = "write `async fn name<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>`"
)]
pub trait TakesThreeArguments {}

pub trait WithOtherArguments<N: Next, F>: Sized {
    fn run<P: TakesThreeArguments>(
        self,
        _: Request<N::Request>,
        _: Context,
    ) -> Pending<Outcome<N>> {
        pending()
    }
}

impl<F, N: Next, O, A, B> WithOtherArguments<N, fn(A, B) -> O> for Entry<'_, F, N> where
    F: Fn(A, B) -> O
{
}

impl<F, N: Next, O, A, B, C, D> WithOtherArguments<N, fn(A, B, C, D) -> O> for Entry<'_, F, N> where
    F: Fn(A, B, C, D) -> O
{
}

#[diagnostic::on_unimplemented(
    message = "an interceptor is an async fn that returns the RPC's outcome",
    label = "this fn isn't async, or returns something else",
    note = "write `async fn name<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>`; \
            `Outcome<N>` is `Result<tonic::Response<N::Response>, tonic::Status>`"
)]
pub trait ReturnsAnOutcome {}

pub trait WithoutAnOutcome<N: Next, F>: Sized {
    fn run<P: ReturnsAnOutcome>(self, _: Request<N::Request>, _: Context) -> Pending<Outcome<N>> {
        pending()
    }
}

impl<F, N: Next, O> WithoutAnOutcome<N, fn() -> O> for Entry<'_, F, N> where
    F: Fn(Request<N::Request>, Context, N) -> O
{
}

#[diagnostic::on_unimplemented(
    message = "this fn is not an interceptor for every RPC that has it in its chain",
    label = "an RPC has different messages, or the arguments are in a different order",
    note = "an interceptor for any RPC is \
            `async fn name<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N>`",
    note = "if it is only for some RPCs, leave it out of this list, and write `#[rpc(with(name))]` on their methods"
)]
pub trait TakesWhatTheRpcHas {}

pub trait ForOtherMessages<N: Next, F> {
    // By `&self`, which the compiler tries later: the fns of `WithoutAnOutcome` have three arguments, too.
    fn run<P: TakesWhatTheRpcHas>(
        &self,
        _: Request<N::Request>,
        _: Context,
    ) -> Pending<Outcome<N>> {
        pending()
    }
}

impl<F, N: Next, O, A, B, C> ForOtherMessages<N, fn(A, B, C) -> O> for Entry<'_, F, N> where
    F: Fn(A, B, C) -> O
{
}

#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an interceptor for every RPC that has it in its chain",
    label = "not an interceptor for one of its RPCs",
    note = "an interceptor is a type with `impl<N: Next> Interceptor<N>`, or an `async fn name<N: Next>(request: \
            Request<N::Request>, context: Context, next: N) -> Outcome<N>`",
    note = "if its bounds on `N` allow only some RPCs, leave it out of this list, and write `#[rpc(with(…))]` on their \
            methods; with the bound `N: Detach`, use the generated server's `with_interceptors(service, (interceptor,))`"
)]
pub trait InterceptorOfTheRpc {}

/// Neither a fn nor an interceptor.
pub trait NoInterceptor<I, N: Next> {
    // By `&mut self`, which the compiler tries last.
    fn run<P>(&mut self, _: Request<N::Request>, _: Context) -> Pending<Outcome<N>>
    where
        I: InterceptorOfTheRpc,
    {
        pending()
    }
}

impl<I, N: Next> NoInterceptor<I, N> for Entry<'_, I, N> {}
