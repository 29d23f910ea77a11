//! Allows a server to be stopped at once, and waited for.

use std::{
    future::Future,
    io,
    pin::Pin,
    task::{Context, Poll},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::watch,
};
use tonic::transport::server::Connected;

/// Signals that the server is to stop, when its [`watch::Sender`] sends or is dropped. The sender
/// can wait until all of these are dropped.
pub(crate) type Stop = watch::Receiver<()>;

pub(crate) async fn stopped(mut stop: Stop) {
    // It makes no difference whether the sender sends or is dropped.
    let _ = stop.changed().await;
}

/// A connection that ends when the server is to stop, regardless of the peer and of any calls in
/// progress. Tonic by itself would wait for those.
pub(crate) struct Connection<T> {
    io: T,
    stopped: Pin<Box<dyn Future<Output = ()> + Send>>,
    is_stopped: bool,
}

impl<T> Connection<T> {
    pub(crate) fn new(io: T, stop: Stop) -> Self {
        Connection { io, stopped: Box::pin(stopped(stop)), is_stopped: false }
    }

    /// Returns whether the connection has ended. If it hasn't, the task is woken when it does.
    fn is_stopped(&mut self, task: &mut Context<'_>) -> bool {
        self.is_stopped = self.is_stopped || self.stopped.as_mut().poll(task).is_ready();
        self.is_stopped
    }
}

impl<T: AsyncRead + Unpin> AsyncRead for Connection<T> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // Not an error: this is how a connection ends.
        if self.is_stopped(task) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_read(task, buffer)
    }
}

impl<T: AsyncWrite + Unpin> AsyncWrite for Connection<T> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        task: &mut Context<'_>,
        buffer: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.is_stopped(task) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.io).poll_write(task, buffer)
    }

    fn poll_flush(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_stopped(task) {
            return Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()));
        }
        Pin::new(&mut self.io).poll_flush(task)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, task: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.is_stopped(task) {
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut self.io).poll_shutdown(task)
    }
}

impl<T: Connected> Connected for Connection<T> {
    type ConnectInfo = T::ConnectInfo;

    fn connect_info(&self) -> Self::ConnectInfo {
        self.io.connect_info()
    }
}
