use std::marker::PhantomData;

use tokio_stream::Stream;
use tonic::{Request, Response, Status};

/// Tells whether a type contains a stream: `Detect::<Type>::STREAM`.
///
/// An inherent constant takes precedence over a trait's. If `Type` is a `Request` or a
/// `Result<Response, _>` of a stream, the inherent one here is used, otherwise the one of
/// [`NotAStream`]. This sees through aliases, because the compiler resolves the type, not the
/// macro.
pub struct Detect<T>(PhantomData<T>);

impl<S: Stream> Detect<Request<S>> {
    pub const STREAM: bool = true;
}

impl<S: Stream, E> Detect<Result<Response<S>, E>> {
    pub const STREAM: bool = true;
}

/// Tells whether a stream type yields `tonic::Status` errors: `DetectStatus::<Type>::YIELDED`.
pub struct DetectStatus<T>(PhantomData<T>);

impl<S: Stream<Item = Result<M, Status>>, M> DetectStatus<S> {
    pub const YIELDED: bool = true;
}

pub trait NoStatus {
    const YIELDED: bool = false;
}

impl<T> NoStatus for DetectStatus<T> {}

pub trait NotAStream {
    const STREAM: bool = false;
}

impl<T> NotAStream for Detect<T> {}

#[cfg(test)]
mod tests {
    use tokio_stream::Stream;
    use tonic::{Request, Response, Status, Streaming, codegen::BoxStream};

    use super::{Detect, DetectStatus, NoStatus as _, NotAStream as _};

    type Alias<T> = Request<Streaming<T>>;
    type NoArguments = Alias<u8>;
    type Answer<T> = Result<Response<T>, Status>;

    #[test]
    fn a_stream_is_seen_through_aliases() {
        const { assert!(Detect::<Request<Streaming<u8>>>::STREAM) };
        const { assert!(Detect::<Alias<u8>>::STREAM) };
        const { assert!(Detect::<NoArguments>::STREAM) };
        const { assert!(!Detect::<Request<u8>>::STREAM) };
        const { assert!(Detect::<Answer<BoxStream<u8>>>::STREAM) };
        const { assert!(!Detect::<Answer<u8>>::STREAM) };
        const { assert!(!Detect::<Answer<()>>::STREAM) };
    }

    #[test]
    fn a_stream_of_statuses_is_told_from_one_of_other_errors() {
        type Other = tokio_stream::Empty<Result<u8, std::io::Error>>;
        const { assert!(DetectStatus::<BoxStream<u8>>::YIELDED) };
        const { assert!(DetectStatus::<Streaming<u8>>::YIELDED) };
        const { assert!(!DetectStatus::<Other>::YIELDED) };
    }

    #[test]
    fn a_stream_of_a_type_parameter_is_seen() {
        fn check<T: Send + 'static, S: Stream>() -> [bool; 3] {
            [
                Detect::<Request<Streaming<T>>>::STREAM,
                Detect::<Answer<S>>::STREAM,
                Detect::<Request<T>>::STREAM,
            ]
        }
        assert_eq!(check::<u8, BoxStream<u8>>(), [true, true, false]);
    }
}
