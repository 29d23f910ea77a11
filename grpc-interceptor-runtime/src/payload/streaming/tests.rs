use std::{
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU32, Ordering},
    },
    task::{Context, Poll, Wake, Waker},
};

use tokio::sync::mpsc;
use tokio_stream::{Stream, StreamExt as _};
use tonic::{Code, Status, Streaming, metadata::MetadataMap};

use super::{BLOCK, HEADER, into_streaming};
use crate::{
    MessageStream, StreamEnd,
    payload::{
        source::{FromWire, Source},
        trailers::Trailers,
    },
};

/// The number of messages that one block of headers covers.
const ONE_BLOCK: u32 = (BLOCK / HEADER) as u32;

/// Counts around block boundaries.
const COUNTS: [u32; 9] = [
    0,
    1,
    ONE_BLOCK - 1,
    ONE_BLOCK,
    ONE_BLOCK + 1,
    2 * ONE_BLOCK - 1,
    2 * ONE_BLOCK,
    2 * ONE_BLOCK + 1,
    1000,
];

fn stream(items: Vec<Result<u32, Status>>) -> MessageStream<u32> {
    MessageStream::new(tokio_stream::iter(items))
}

/// A stream that is polled by a closure.
struct Polled<F>(F);

impl<F> Stream for Polled<F>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<Result<u32, Status>>> + Unpin,
{
    type Item = Result<u32, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        (self.0)(context)
    }
}

fn streaming_of<F>(poll: F) -> Streaming<u32>
where
    F: FnMut(&mut Context<'_>) -> Poll<Option<Result<u32, Status>>> + Send + Unpin + 'static,
{
    into_streaming(MessageStream::new(Polled(poll)))
}

fn poll_by(streaming: &mut Streaming<u32>, waker: &Waker) -> Poll<Option<Result<u32, Status>>> {
    Pin::new(streaming).poll_next(&mut Context::from_waker(waker))
}

#[track_caller]
fn assert_message(polled: Poll<Option<Result<u32, Status>>>, expected: u32) {
    assert!(
        matches!(&polled, Poll::Ready(Some(Ok(message))) if *message == expected),
        "{polled:?}"
    );
}

#[tokio::test]
async fn messages_come_through_in_order_and_then_the_end() {
    for count in COUNTS {
        let mut streaming = into_streaming(stream((0..count).map(Ok).collect()));
        for expected in 0..count {
            assert_eq!(streaming.message().await.unwrap(), Some(expected));
        }
        for _ in 0..3 {
            assert_eq!(streaming.message().await.unwrap(), None, "after {count}");
        }
        assert!(streaming.trailers().await.unwrap().is_none());
    }
}

#[tokio::test]
async fn every_code_comes_through_as_an_error_and_ends_the_stream() {
    for code in 1..=16 {
        for count in COUNTS {
            let mut status = Status::new(Code::from(code), "why");
            status.metadata_mut().insert("key", "value".parse().unwrap());
            let items = (0..count).map(Ok).chain([Err(status), Ok(2)]);
            let mut streaming = into_streaming(stream(items.collect()));
            for expected in 0..count {
                assert_eq!(streaming.message().await.unwrap(), Some(expected));
            }
            let status = streaming.message().await.unwrap_err();
            assert_eq!((status.code(), status.message()), (Code::from(code), "why"));
            assert_eq!(status.metadata().get("key").unwrap(), "value");
            for _ in 0..3 {
                assert_eq!(streaming.message().await.unwrap(), None);
            }
        }
    }
}

#[tokio::test]
async fn a_stream_that_nobody_touched_comes_out_as_it_went_in() {
    let original = into_streaming(stream(vec![Ok(7)]));
    let untouched = MessageStream::from(original);
    assert!(untouched.into_source::<FromWire<u32>>().is_ok());

    let original = into_streaming(stream(vec![Ok(7)]));
    let touched = MessageStream::from(original).inspect_messages(|_: &u32| {});
    assert!(touched.into_source::<FromWire<u32>>().is_err());

    let mut read = MessageStream::from(into_streaming(stream(vec![Ok(7), Ok(8)])));
    assert_eq!(read.message().await.unwrap(), Some(7));
    assert!(read.into_source::<FromWire<u32>>().is_err());
}

/// Counts down, then has trailing metadata.
struct CountDown(u32);

impl Source<u32> for CountDown {
    fn poll_item(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<u32, Status>>> {
        let left = self.0.checked_sub(1);
        self.0 = left.unwrap_or_default();
        Poll::Ready(left.map(Ok))
    }

    fn trailers(self: Pin<&mut Self>) -> Option<Trailers> {
        let mut trailers = MetadataMap::new();
        trailers.insert("key", "value".parse().unwrap());
        Some(Trailers::new(trailers))
    }
}

#[tokio::test]
async fn trailing_metadata_comes_through_once() {
    for count in COUNTS {
        for read_messages in [false, true] {
            let mut streaming = into_streaming(MessageStream::from_source(CountDown(count)));
            if read_messages {
                while streaming.message().await.unwrap().is_some() {}
                assert_eq!(streaming.message().await.unwrap(), None);
            }
            let trailers = streaming.trailers().await.unwrap().expect("there are some");
            assert_eq!(trailers.get("key").unwrap(), "value");
            assert!(streaming.trailers().await.unwrap().is_none(), "after {count}");
            assert_eq!(streaming.message().await.unwrap(), None);
        }
    }
}

#[tokio::test]
async fn nothing_is_read_ahead() {
    let read = Arc::new(AtomicU32::new(0));
    let messages = (0..1000).map({
        let read = Arc::clone(&read);
        move |message| {
            read.fetch_add(1, Ordering::Relaxed);
            Ok(message)
        }
    });
    let mut streaming = into_streaming(MessageStream::new(tokio_stream::iter(messages)));
    assert_eq!(read.load(Ordering::Relaxed), 0);
    for message in 0..1000 {
        assert_eq!(streaming.message().await.unwrap(), Some(message));
        assert_eq!(read.load(Ordering::Relaxed), message + 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_may_have_to_wait_anywhere() {
    let slow = tokio_stream::iter((0..200).map(Ok)).throttle(std::time::Duration::from_secs(1));
    // Fails, or has trailing metadata, only after it has been waited for.
    let failing = tokio_stream::iter((0..200).map(Ok).chain([Err(Status::cancelled("enough"))]))
        .throttle(std::time::Duration::from_secs(1));
    let mut slow = into_streaming(MessageStream::new(slow));
    let mut failing = into_streaming(MessageStream::new(failing));
    for expected in 0..200 {
        assert_eq!(slow.message().await.unwrap(), Some(expected));
        assert_eq!(failing.message().await.unwrap(), Some(expected));
    }
    assert_eq!(slow.message().await.unwrap(), None);
    assert_eq!(failing.message().await.unwrap_err().code(), Code::Cancelled);
    assert_eq!(failing.message().await.unwrap(), None);
}

fn channel(capacity: usize) -> (mpsc::Sender<u32>, Streaming<u32>) {
    let (sender, mut receiver) = mpsc::channel(capacity);
    let poll =
        move |context: &mut Context<'_>| receiver.poll_recv(context).map(|item| item.map(Ok));
    (sender, streaming_of(poll))
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_wake_up_is_lost() {
    const MESSAGES: u32 = 5_000;
    let readers = [1, 1, 2, 7, 64, 1000].map(|capacity| {
        let (sender, mut streaming) = channel(capacity);
        tokio::spawn(async move {
            for message in 0..MESSAGES {
                sender.send(message).await.unwrap();
                // Sometimes it gets ahead, sometimes it lags behind.
                if message % 11 == 0 {
                    tokio::task::yield_now().await;
                }
            }
        });
        tokio::spawn(async move {
            for expected in 0..MESSAGES {
                // Every hundred messages in a new task, so that another task has to be woken.
                if expected % 100 == 0 {
                    streaming = tokio::spawn(async move {
                        let mut streaming = streaming;
                        for expected in expected..expected + 100 {
                            assert_eq!(streaming.message().await.unwrap(), Some(expected));
                        }
                        streaming
                    })
                    .await
                    .unwrap();
                }
            }
            assert_eq!(streaming.message().await.unwrap(), None);
        })
    });
    for reader in readers {
        let read = tokio::time::timeout(std::time::Duration::from_secs(60), reader);
        read.await.expect("no reader sleeps for ever").unwrap();
    }
}

#[derive(Default)]
struct CountWakes(AtomicU32);

impl Wake for CountWakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn who_polled_last_is_woken() {
    let (sender, mut streaming) = channel(10);
    let counts: [Arc<CountWakes>; 2] = Default::default();
    let wakers = counts.clone().map(Waker::from);
    let woken = || counts.each_ref().map(|count| count.0.swap(0, Ordering::Relaxed));
    for round in 0..100 {
        let (first, second) = (round % 2, (round + 1) % 2);
        assert!(poll_by(&mut streaming, &wakers[first]).is_pending());
        assert!(poll_by(&mut streaming, &wakers[second]).is_pending());
        sender.try_send(1).unwrap();
        let mut expected = [0; 2];
        expected[second] = 1;
        assert_eq!(woken(), expected, "in round {round}");
        // Each reads one message, so that the next waiter isn't the last reader.
        sender.try_send(2).unwrap();
        assert_message(poll_by(&mut streaming, &wakers[first]), 1);
        assert_message(poll_by(&mut streaming, &wakers[second]), 2);
        assert_eq!(woken(), [0; 2]);
    }
}

#[test]
fn a_stream_is_polled_as_often_as_what_it_was_made_of() {
    let polled = Arc::new(AtomicU32::new(0));
    let counted = Arc::clone(&polled);
    let mut streaming = streaming_of(move |_| match counted.fetch_add(1, Ordering::Relaxed) % 3 {
        0 => Poll::Ready(Some(Ok(1))),
        _ => Poll::Pending,
    });
    let waker = Waker::from(Arc::<CountWakes>::default());
    // The first time that nothing is ready, the stream hasn't seen the task yet.
    assert_message(poll_by(&mut streaming, &waker), 1);
    assert!(poll_by(&mut streaming, &waker).is_pending());
    polled.store(0, Ordering::Relaxed);
    for round in 0..1000 {
        let _ = poll_by(&mut streaming, &waker);
        assert_eq!(polled.load(Ordering::Relaxed), round + 1);
    }
}

fn with_end(messages: MessageStream<u32>) -> (Streaming<u32>, Arc<Mutex<Vec<String>>>) {
    let ends = Arc::<Mutex<Vec<String>>>::default();
    let noted = Arc::clone(&ends);
    let on_end = move |end: StreamEnd<'_>| {
        let end = match end {
            StreamEnd::Complete { .. } => "complete".to_owned(),
            StreamEnd::Failed(status) => format!("{:?}", status.code()),
            StreamEnd::Cancelled => "cancelled".to_owned(),
        };
        noted.lock().unwrap().push(end);
    };
    (into_streaming(messages.on_end(on_end)), ends)
}

#[tokio::test]
async fn the_end_is_told_once_and_at_once() {
    let ended = |ends: &Mutex<Vec<String>>| std::mem::take(&mut *ends.lock().unwrap());
    for count in COUNTS {
        let messages = || (0..count).map(Ok);

        let (mut streaming, ends) = with_end(stream(messages().collect()));
        while streaming.message().await.unwrap().is_some() {
            assert!(ends.lock().unwrap().is_empty());
        }
        assert_eq!(ended(&ends), ["complete"]);
        drop(streaming);
        assert!(ends.lock().unwrap().is_empty());

        let failing = messages().chain([Err(Status::data_loss(""))]).collect();
        let (mut streaming, ends) = with_end(stream(failing));
        while streaming.message().await.is_ok() {}
        assert_eq!(ended(&ends), ["DataLoss"]);
        drop(streaming);
        assert!(ends.lock().unwrap().is_empty());

        // Dropped after the last message, before the end is known.
        let (mut streaming, ends) = with_end(stream(messages().collect()));
        for _ in 0..count {
            streaming.message().await.unwrap();
        }
        assert!(ends.lock().unwrap().is_empty());
        drop(streaming);
        assert_eq!(ended(&ends), ["cancelled"]);
    }

    // Dropped while being awaited.
    let (mut streaming, ends) = with_end(MessageStream::new(tokio_stream::pending()));
    assert!(poll_by(&mut streaming, Waker::noop()).is_pending());
    drop(streaming);
    assert_eq!(ended(&ends), ["cancelled"]);
}

#[test]
fn a_stream_goes_on_after_a_panic_in_it() {
    // Not `tokio_stream::iter`, which sometimes returns `Pending`.
    let mut messages = (0..200).map(Ok);
    let panicking =
        MessageStream::new(Polled(move |_: &mut Context<'_>| Poll::Ready(messages.next())));
    let panicking = panicking.map_messages(|message| {
        assert!(message % 3 != 1, "as the test wants it");
        message
    });
    let mut streaming = into_streaming(panicking);
    for expected in 0..200 {
        let polled = catch_unwind(AssertUnwindSafe(|| poll_by(&mut streaming, Waker::noop())));
        match expected % 3 {
            1 => assert!(polled.is_err(), "{polled:?}"),
            _ => assert_message(polled.unwrap(), expected),
        }
    }
    assert!(matches!(poll_by(&mut streaming, Waker::noop()), Poll::Ready(None)));
}
