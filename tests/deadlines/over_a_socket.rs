//! A plain tonic server, on a real socket and with a real clock, sees the remaining time.

use std::time::Duration;

use grpc_interceptor_proto::default_stubs::greeter_server as stubs;
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender};
use tonic::{Request, Response, Status, metadata::MetadataMap};

use crate::{
    interceptors::Retry,
    kinds::{ms, with_timeout},
    support::{
        BoxStream, GreetManyTimesRequest, HelloReply, HelloRequest, connect, events, hello, many,
        soon, tell, values,
    },
};

/// Records the `grpc-timeout` that it received, and is unavailable.
struct Away(UnboundedSender<Duration>);

impl Away {
    fn refuse<T>(&self, metadata: &MetadataMap) -> Result<T, Status> {
        let value = values(metadata, "grpc-timeout").concat();
        let (number, unit) = value.split_at(value.len() - 1);
        let number = number.parse().expect("tonic wrote a number");
        let timeout = match unit {
            "m" => Duration::from_millis(number),
            "u" => Duration::from_micros(number),
            "n" => Duration::from_nanos(number),
            other => panic!("of some seconds, {other} is not exact"),
        };
        tell(&self.0, timeout);
        Err(Status::unavailable("away"))
    }
}

#[tonic::async_trait]
impl stubs::Greeter for Away {
    async fn say_hello(
        &self,
        request: Request<HelloRequest>,
    ) -> Result<Response<HelloReply>, Status> {
        self.refuse(request.metadata())
    }

    async fn greet_many_times(
        &self,
        request: Request<GreetManyTimesRequest>,
    ) -> Result<Response<BoxStream<HelloReply>>, Status> {
        self.refuse(request.metadata())
    }
}

const WHOLE: Duration = Duration::from_secs(20);
const WAIT: Duration = ms(50);

#[tokio::test]
async fn each_attempt_has_less_time_than_the_one_before() {
    let (sender, mut told) = events();
    let server = connect(stubs::GreeterServer::new(Away(sender))).await;
    let retry = Retry { attempts: 3, wait: WAIT };
    assert_told!(server.through((retry,)), &mut told);
    assert_told!(server.in_layer((retry,)), &mut told);
}

/// Both kinds of client have the same methods.
macro_rules! assert_told {
    ($client:expr, $told:expr) => {
        let mut client = $client;
        let request = with_timeout(hello("you"), Some(WHOLE));
        soon(client.say_hello(request)).await.expect_err("it is unavailable");
        let request = with_timeout(many("you", 1), Some(WHOLE));
        soon(client.greet_many_times(request)).await.expect_err("it is unavailable");
        assert_less_and_less($told).await;
    };
}
use assert_told;

async fn assert_less_and_less(told: &mut UnboundedReceiver<Duration>) {
    for kind in ["unary", "server streaming"] {
        let mut most = WHOLE;
        for attempt in 1..=3 {
            let timeout = crate::support::next(told).await;
            assert!(timeout <= most, "{kind}: attempt {attempt} has {timeout:?} of {most:?}");
            // The next one starts after the pause.
            most = timeout - WAIT;
        }
    }
    told.try_recv().expect_err("there are three attempts each");
}
