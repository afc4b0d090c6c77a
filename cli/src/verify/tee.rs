//! A body that is written into the book while it passes, frame by frame.
//!
//! Nothing waits for the end of it: server-sent events and downloads reach the client as they come.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::proxy::{Route, headers};

/// See the module.
pub(super) struct Tee {
    inner: Incoming,
    route: Arc<Route>,
    number: usize,
    answer: bool,
}

impl Tee {
    pub(super) fn request(inner: Incoming, route: Arc<Route>, number: usize) -> Self {
        Tee { inner, route, number, answer: false }
    }

    pub(super) fn answer(inner: Incoming, route: Arc<Route>, number: usize) -> Self {
        let tee = Tee { inner, route, number, answer: true };
        tee.ended();
        tee
    }

    /// Known before the last bytes reach the client, who may ask for more at once.
    fn ended(&self) {
        if self.answer && self.inner.is_end_stream() {
            self.route.book().ended(self.number);
        }
    }
}

impl Body for Tee {
    type Data = Bytes;
    type Error = hyper::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, hyper::Error>>> {
        let frame = ready!(Pin::new(&mut self.inner).poll_frame(context));
        let book = self.route.book();
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    match self.answer {
                        true => book.received(self.number, |answer| answer.body.push(data)),
                        false => book.sent(self.number, data),
                    }
                }
                if let (Some(trailers), true) = (frame.trailers_ref(), self.answer) {
                    book.received(self.number, |answer| answer.trailers = headers(trailers));
                }
                self.ended();
            }
            Some(Err(error)) if self.answer => {
                book.received(self.number, |answer| answer.broken = Some(error.to_string()));
                book.ended(self.number);
            }
            Some(Err(_)) => {}
            None if self.answer => book.ended(self.number),
            None => {}
        }
        Poll::Ready(frame)
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

impl Drop for Tee {
    fn drop(&mut self) {
        // The client went away, or read all that was announced.
        if self.answer {
            self.route.book().ended(self.number);
        }
    }
}
