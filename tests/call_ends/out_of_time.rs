//! A deadline that an interceptor sets is known to the observers outside it, and to the interceptor
//! itself.

use std::time::Duration;

use grpc_interceptor::{
    CallEnd, Context,
    EndCause::TimedOut,
    Interceptor, Next, Outcome, Side,
    interceptors::List,
    testing::{self, Dummy, DummyClient, dummy_service_client::DummyServiceInterceptors},
};
use tokio::time::Instant;
use tonic::{Code, Request, transport::Channel};

use crate::{
    noting::{Ends, Noting, SLOW, input, inputs},
    observers::Told,
};

const TIME: Duration = Duration::from_millis(100);

/// How a deadline is set.
#[derive(Clone, Copy, Debug)]
enum How {
    Context,
    /// On a client.
    Metadata,
}

/// Sets a deadline, and records how its own call ends.
#[derive(Clone)]
struct Sets(How, Ends);

impl<N: Next> Interceptor<N> for Sets {
    async fn intercept(
        &self,
        mut request: Request<N::Request>,
        context: Context,
        next: N,
    ) -> Outcome<N> {
        let next = match self.0 {
            How::Context => {
                next.with_context(context.with_deadline((Instant::now() + TIME).into_std()))
            }
            How::Metadata => {
                request.set_timeout(TIME);
                next
            }
        };
        let ends = self.1.clone();
        let note = move |end: &CallEnd<'_>| ends.note(context.side(), Told::of(end), end.elapsed());
        next.on_call_end(note).run(request).await
    }
}

/// Ends calls that run out of time.
#[derive(Clone)]
struct InTime;

impl<N: Next> Interceptor<N> for InTime {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        next.run_in_time(request).await
    }
}

fn slow_dummy() -> Dummy {
    testing::dummy().special_case_async("slow", |_| async {
        tokio::time::sleep(SLOW).await;
        "at last"
    })
}

/// Makes a call of each kind, which is out of time for both observers.
async fn assert_out_of_time<C: DummyServiceInterceptors<Channel>>(
    mut client: DummyClient<C>,
    side: Side,
    ends: &Ends,
    how: How,
) {
    let client = client.get_mut();
    let mut codes = vec![
        client.execute(input("slow")).await.map(drop),
        client.execute_client_stream(inputs(["slow"])).await.map(drop),
    ];
    for response in [
        client.execute_server_stream(input("slow")).await,
        client.execute_client_server_stream(inputs(["slow"])).await,
    ] {
        codes.push(match response {
            Ok(response) => response.into_inner().message().await.map(drop),
            Err(status) => Err(status),
        });
    }
    for code in codes {
        assert_eq!(code.unwrap_err().code(), Code::DeadlineExceeded, "{side:?}, {how:?}");
    }
    let told = ends.take(side);
    assert_eq!(told.len(), 8, "{side:?}, {how:?}: {told:?}");
    for (Told { code, cause, .. }, after) in told {
        assert_eq!(
            (code, cause, after),
            (Code::DeadlineExceeded, TimedOut, TIME),
            "{side:?}, {how:?}"
        );
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_client() {
    for how in [How::Context, How::Metadata] {
        let ends = Ends::default();
        let chain = (Noting(ends.clone()), Sets(how, ends.clone()));
        let client = slow_dummy().client_interceptors(chain.clone()).start().await;
        assert_out_of_time(client.expect("it starts"), Side::Client, &ends, how).await;

        let list = List::new().with(chain.0).with(chain.1);
        let client = slow_dummy().client_interceptors(list).start().await;
        assert_out_of_time(client.expect("it starts"), Side::Client, &ends, how).await;
    }
}

#[tokio::test(start_paused = true)]
async fn on_a_server() {
    let ends = Ends::default();
    let chain = (Noting(ends.clone()), Sets(How::Context, ends.clone()), InTime);
    let client = slow_dummy().server_interceptors(chain.clone()).start().await;
    assert_out_of_time(client.expect("it starts"), Side::Server, &ends, How::Context).await;

    let list = List::new().with(chain.0).with(chain.1).with(chain.2);
    let client = slow_dummy().server_interceptors(list).start().await;
    assert_out_of_time(client.expect("it starts"), Side::Server, &ends, How::Context).await;
}
