//! An interceptor changes the request's message and metadata on the way in, and the response's on
//! the way out.

mod support;

use grpc_interceptor::{Context, Next, Outcome, Payload as _};
use support::{
    GreetManyTimesRequest, GreeterServer, HelloReply, HelloRequest, KINDS, NOBODY, call_each,
    call_each_with, connect, greeter, metadata_of,
};
use tonic::{Request, metadata::MetadataValue};

async fn change_metadata<N: Next>(
    mut request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    let metadata = request.metadata_mut();
    metadata.remove("secret");
    metadata.append("to-handler", MetadataValue::from_static("added"));
    let mut outcome = next.run(request).await;
    let metadata = metadata_of(&mut outcome);
    metadata.insert("seen", MetadataValue::from_static("replaced"));
    metadata.insert("added", MetadataValue::from_static("on the way out"));
    metadata.insert_bin("bytes-bin", MetadataValue::from_bytes(&[0, 255]));
    outcome
}

/// The handlers would send back what they see of it.
async fn leak<N: Next>(mut request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    for secret in request.metadata().get_all("secret").iter().cloned().collect::<Vec<_>>() {
        request.metadata_mut().append("to-handler", secret);
    }
    let seen = request.metadata().get_all("to-handler").iter().cloned().collect::<Vec<_>>();
    let mut outcome = next.run(request).await;
    for value in seen {
        metadata_of(&mut outcome).append("got-in", value);
    }
    outcome
}

struct Metadata;

greeter!(Metadata, [change_metadata, leak]);

#[tokio::test]
async fn metadata_is_changed_in_both_directions() {
    let mut client = connect(GreeterServer::new(Metadata)).await;
    let sent = [("secret", "a password"), ("to-handler", "sent")];
    for name in ["you", NOBODY] {
        for answer in call_each_with(&mut client, name, &sent).await {
            let kind = answer.kind;
            assert_eq!(answer.values("got-in"), ["sent", "added"], "{kind:?} of {name}");
            assert_eq!(answer.values("seen"), ["replaced"], "{kind:?} of {name}");
            assert_eq!(answer.values("added"), ["on the way out"], "{kind:?} of {name}");
            let bytes = answer.metadata.get_bin("bytes-bin").expect("it was added");
            assert_eq!(bytes.to_bytes().expect("it is base64"), [0, 255][..], "{kind:?} of {name}");
        }
    }
}

/// Changes the message of RPCs that take a single one.
async fn rename<N>(mut request: Request<HelloRequest>, _: Context, next: N) -> Outcome<N>
where
    N: Next<Request = HelloRequest>,
{
    request.get_mut().name.push_str(" there");
    next.run(request).await
}

async fn once_more<N>(
    mut request: Request<GreetManyTimesRequest>,
    _: Context,
    next: N,
) -> Outcome<N>
where
    N: Next<Request = GreetManyTimesRequest>,
{
    request.get_mut().times += 1;
    next.run(request).await
}

/// Changes every message of RPCs that take one or many.
async fn rename_each<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<RequestMessage = HelloRequest>,
{
    let request = request.map(|payload| {
        payload.map_messages(|HelloRequest { name }| HelloRequest { name: name + " there" })
    });
    next.run(request).await
}

/// Changes every message of the response, for one or many.
async fn exclaim<N>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N>
where
    N: Next<ResponseMessage = HelloReply>,
{
    let response = next.run(request).await?;
    Ok(response.map(|payload| {
        payload.map_messages(|HelloReply { message }| HelloReply { message: message + "!" })
    }))
}

struct Messages;

greeter!(Messages, [exclaim], [rename], [rename_each], [once_more], [rename_each]);

#[tokio::test]
async fn messages_are_changed_in_both_directions() {
    let mut client = connect(GreeterServer::new(Messages)).await;
    let answers = call_each(&mut client, "you").await;
    assert_eq!(answers.each_ref().map(|answer| answer.kind), KINDS);
    let messages: [&[&str]; 4] = [
        &["Hello you there!"],
        &["Hello you there and you there!"],
        &["Hello you 0!", "Hello you 1!", "Hello you 2!"],
        &["Hello you there!", "Hello you there!"],
    ];
    for (answer, messages) in answers.iter().zip(messages) {
        assert_eq!(answer.messages(), messages, "{:?}", answer.kind);
    }
}

/// A value that an interceptor leaves in the extensions for inner interceptors and the handler. It
/// isn't sent over the wire.
#[derive(Clone, Debug, PartialEq)]
struct User(&'static str);

async fn authenticate<N: Next>(
    mut request: Request<N::Request>,
    _: Context,
    next: N,
) -> Outcome<N> {
    request.extensions_mut().insert(User("root"));
    let outcome = next.run(request).await;
    outcome.inspect(|response| assert_eq!(response.extensions().get(), Some(&User("known"))))
}

async fn authorize<N: Next>(request: Request<N::Request>, _: Context, next: N) -> Outcome<N> {
    if request.extensions().get() != Some(&User("root")) {
        return Err(tonic::Status::permission_denied("who is it?"));
    }
    let mut response = next.run(request).await?;
    response.extensions_mut().insert(User("known"));
    Ok(response)
}

struct Extensions;

greeter!(Extensions, [authenticate, authorize]);

#[tokio::test]
async fn extensions_travel_along_the_chain_in_both_directions() {
    let mut client = connect(GreeterServer::new(Extensions)).await;
    for answer in call_each(&mut client, "you").await {
        // A failed assertion in an interceptor would end the call without a response.
        assert_ne!(answer.messages().len(), 0, "{:?}", answer.kind);
    }
}
