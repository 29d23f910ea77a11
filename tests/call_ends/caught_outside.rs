//! A panic is reported as a panic even if the `CatchPanic` is outside the observers. A call that is
//! merely dropped by a panicking caller is cancelled.

use grpc_interceptor::{
    Context,
    EndCause::{Cancelled, Panicked},
    Interceptor, Next, Outcome, Payload as _, Side,
    interceptors::{AnyNext, CatchPanic, List},
    testing::{self, DummyClient, dummy_service_client::DummyServiceInterceptors},
};
use tonic::{Code, Request, transport::Channel};

use crate::{
    noting::{Ends, Noting, dummy, input, inputs},
    plan::{be_silent, raise},
};

/// Where it panics.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Place {
    BeforeNext,
    AfterNext,
    /// At the first response message.
    Message,
}

const PLACES: [Place; 3] = [Place::BeforeNext, Place::AfterNext, Place::Message];

#[derive(Clone, Copy)]
struct Panics(Place);

impl<N: Next> Interceptor<N> for Panics {
    async fn intercept(&self, request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
        if self.0 == Place::BeforeNext {
            raise();
        }
        let response = next.run(request).await?;
        match self.0 {
            Place::AfterNext => raise(),
            _ => Ok(response.map(|payload| payload.inspect_messages(|_| raise()))),
        }
    }
}

/// The chain of each form.
fn tuple(ends: &Ends, place: Place) -> (CatchPanic, Noting, Panics) {
    (CatchPanic::new(), Noting(ends.clone()), Panics(place))
}

fn list(ends: &Ends, place: Place) -> List {
    List::new().with(CatchPanic::new()).with(Noting(ends.clone())).with(Panics(place))
}

/// Calls each RPC and reads its responses.
async fn call_each<C: DummyServiceInterceptors<Channel>>(client: &mut DummyClient<C>) -> [Code; 4] {
    let client = client.get_mut();
    let mut codes = [Code::Ok; 4];
    codes[0] = client.execute(input("a")).await.map_or_else(|status| status.code(), |_| Code::Ok);
    let answer = client.execute_client_stream(inputs(["a"])).await;
    codes[1] = answer.map_or_else(|status| status.code(), |_| Code::Ok);
    let streams = [
        client.execute_server_stream(input("a")).await,
        client.execute_client_server_stream(inputs(["a"])).await,
    ];
    for (code, stream) in codes[2..].iter_mut().zip(streams) {
        *code = match stream {
            Err(status) => status.code(),
            Ok(response) => {
                let outcome = response.into_inner().message().await;
                outcome.map_or_else(|status| status.code(), |_| Code::Ok)
            }
        };
    }
    codes
}

async fn assert_told<C: DummyServiceInterceptors<Channel>>(
    mut client: DummyClient<C>,
    ends: Ends,
    side: Side,
    place: Place,
) {
    assert_eq!(call_each(&mut client).await, [Code::Internal; 4], "{side:?}, {place:?}");
    client.shutdown().await;
    let told: Vec<_> =
        ends.take(side).into_iter().map(|(told, _)| (told.code, told.cause)).collect();
    assert_eq!(told, [(Code::Unknown, Panicked); 4], "{side:?}, {place:?}");
}

async fn on_a_server(
    place: Place,
    chain: impl for<'a> Interceptor<AnyNext<'a>> + 'static,
    ends: Ends,
) {
    let dummy = testing::dummy().server_interceptors(List::new().with(chain));
    assert_told(dummy.start().await.expect("it starts"), ends, Side::Server, place).await;
}

#[tokio::test]
async fn on_each_side_in_each_form_and_place() {
    be_silent();
    for place in PLACES {
        let ends = Ends::default();
        on_a_server(place, list(&ends, place), ends).await;

        let ends = Ends::default();
        on_a_server(place, tuple(&ends, place), ends).await;

        let ends = Ends::default();
        let dummy = testing::dummy().server_interceptors(tuple(&ends, place));
        assert_told(dummy.start().await.expect("it starts"), ends, Side::Server, place).await;

        let ends = Ends::default();
        let dummy = testing::dummy().client_interceptors(tuple(&ends, place));
        assert_told(dummy.start().await.expect("it starts"), ends, Side::Client, place).await;

        let ends = Ends::default();
        let dummy = testing::dummy().client_interceptors(list(&ends, place));
        assert_told(dummy.start().await.expect("it starts"), ends, Side::Client, place).await;
    }
}

/// A task that panics for an unrelated reason drops a healthy call.
#[tokio::test]
async fn a_call_that_is_dropped_while_its_caller_panics_is_cancelled() {
    be_silent();
    let (mut dummy, ends) = dummy().await;

    let mut client = dummy.get_mut().clone();
    let holding_a_stream = tokio::spawn(async move {
        let _stream = client.execute_server_stream(input("ab")).await.expect("it starts");
        raise();
    });
    assert!(holding_a_stream.await.is_err());
    assert_eq!(ends.one(Side::Client).0.cause, Cancelled);

    let mut client = dummy.get_mut().clone();
    let waiting = tokio::spawn(async move {
        let call = client.execute(input("slow"));
        let panics = async {
            tokio::task::yield_now().await;
            raise()
        };
        tokio::select! {
            _ = call => {}
            () = panics => {}
        }
    });
    assert!(waiting.await.is_err());
    assert_eq!(ends.one(Side::Client).0.cause, Cancelled);
}
