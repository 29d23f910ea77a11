//! `#[intercepted]` alone is enough on nearly every impl, with the right names: each module is written as
//! people write one.

#![allow(dead_code, unused_imports, reason = "some styles import more than they use")]

mod attributed;
mod plain;

use grpc_interceptor::{Context, Next, Outcome};
use tonic::Request;

/// As others have the generated code.
mod reexports {
    /// The trait without the server.
    pub(crate) use grpc_interceptor_proto::bare::bare_server::Bare as Words;

    pub(crate) mod plain {
        pub(crate) use grpc_interceptor_proto::plain::bare::{
            bare_server,
            bare_server::{Bare, BareServer},
        };
    }

    pub(crate) mod attributed {
        pub(crate) use grpc_interceptor_proto::bare::{
            bare_server,
            bare_server::{Bare, BareServer},
        };
    }
}

mod plain_in_scope {
    pub(crate) use grpc_interceptor_proto::plain::bare::bare_server::{Bare, BareServer};
}

mod attributed_in_scope {
    pub(crate) use grpc_interceptor_proto::bare::bare_server::{Bare, BareServer};
}

/// Tells the name that it sees.
async fn tell<N: Next>(request: Request<N::Request>, context: Context, next: N) -> Outcome<N> {
    let mut outcome = next.run(request).await;
    if let Ok(response) = &mut outcome {
        let name = context.method_name().path().parse().expect("it is ASCII");
        response.metadata_mut().insert("name", name);
    }
    outcome
}

/// Calls the RPC of each of these services.
macro_rules! names {
    ($service_trait:path, $($service:path,)*) => {
        vec![$({
            let request = tonic::Request::new(Default::default());
            let response = <$service as $service_trait>::call(&$service, request).await;
            let metadata = response.expect("it answers").into_parts().0;
            let name = metadata.get("name").expect("it is told").to_str().expect("it is ASCII");
            (stringify!($service), name.to_owned())
        }),*]
    };
}
use names;

fn assert_right(names: Vec<(&str, String)>, count: usize) {
    assert_eq!(names.len(), count);
    for (service, name) in names {
        assert_eq!(name, "/Bare/Call", "{service}");
    }
}

#[tokio::test]
async fn of_a_service_without_the_attribute() {
    assert_right(plain::names().await, 22);
}

#[tokio::test]
async fn of_a_service_with_the_attribute() {
    assert_right(attributed::names().await, 25);
}
