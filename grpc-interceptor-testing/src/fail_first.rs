use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tonic::{Request, Status};

use grpc_interceptor_runtime::{Context, Interceptor, Next, Outcome};

/// An interceptor that fails the first calls and lets all others through.
///
/// It works for any RPC on either side. Placed after a retry, it simulates a service that is
/// temporarily unavailable.
///
/// ```
/// use grpc_interceptor::{Context, Next, Outcome, interceptor, testing};
/// use tonic::{Request, Status};
///
/// /// The interceptor under test.
/// #[interceptor]
/// async fn retry<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
///     let again = next.clone_request(&request);
///     match (next.run(request).await, again) {
///         (Err(_), Some(again)) => next.run(again).await,
///         (outcome, _) => outcome,
///     }
/// }
///
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let fail = testing::FailFirst::new(1, Status::unavailable("try again"));
/// let mut client = testing::dummy().client_interceptors((retry, fail)).start().await?;
/// assert_eq!(client.execute("foo").await?, "foo");
/// # Ok(())
/// # }
/// ```
///
/// All clones share one count.
#[derive(Clone, Debug)]
pub struct FailFirst {
    remaining: Arc<AtomicUsize>,
    status: Status,
}

impl FailFirst {
    /// Fails this many calls with this status. The rest of the chain doesn't run for them.
    #[must_use]
    pub fn new(calls: usize, status: Status) -> Self {
        FailFirst { remaining: Arc::new(AtomicUsize::new(calls)), status }
    }

    /// Returns how many more calls will fail.
    ///
    /// ```
    /// use grpc_interceptor::testing::FailFirst;
    /// use tonic::Status;
    ///
    /// assert_eq!(FailFirst::new(2, Status::unavailable("try again")).remaining(), 2);
    /// ```
    #[must_use]
    pub fn remaining(&self) -> usize {
        self.remaining.load(Ordering::SeqCst)
    }
}

impl<N: Next> Interceptor<N> for FailFirst {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        let one_less = |remaining: usize| remaining.checked_sub(1);
        match self.remaining.fetch_update(Ordering::SeqCst, Ordering::SeqCst, one_less) {
            Ok(_) => Err(self.status.clone()),
            Err(_) => next.run(request).await,
        }
    }
}
