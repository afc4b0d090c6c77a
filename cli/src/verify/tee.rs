//! A body that is written into the book while it passes, frame by frame.
//!
//! Nothing waits for the end of it: server-sent events and downloads reach the client as they come.
//! Where the schedule wants a client to come back, a stream of events ends early.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use hyper::body::{Body, Frame, Incoming, SizeHint};

use super::proxy::{Route, headers};
use super::record::EVENT_END;

/// See the module.
pub(super) struct Tee {
    /// Nothing once it was ended early.
    inner: Option<Incoming>,
    route: Arc<Route>,
    number: usize,
    answer: bool,
    cut: Option<Cut>,
}

/// Where a stream of events ends early.
struct Cut {
    /// So many events are still to come.
    left: usize,
    /// The last byte, which may be the first half of an event's end.
    last: u8,
}

impl Cut {
    /// How much of these bytes still belongs to the stream; nothing where all of it does.
    fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for (at, byte) in bytes.iter().enumerate() {
            let ends = [self.last, *byte] == EVENT_END;
            self.last = *byte;
            self.left -= usize::from(ends);
            if self.left == 0 {
                return Some(at + 1);
            }
        }
        None
    }
}

impl Tee {
    pub(super) fn request(inner: Incoming, route: Arc<Route>, number: usize) -> Self {
        Tee { inner: Some(inner), route, number, answer: false, cut: None }
    }

    pub(super) fn answer(inner: Incoming, route: Arc<Route>, number: usize, cut: Option<usize>) -> Self {
        let cut = cut.map(|left| Cut { left, last: 0 });
        let tee = Tee { inner: Some(inner), route, number, answer: true, cut };
        tee.ended();
        tee
    }

    /// Known before the last bytes reach the client, who may ask for more at once.
    fn ended(&self) {
        if self.answer && self.is_end_stream() {
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
        let Some(inner) = &mut self.inner else { return Poll::Ready(None) };
        let mut frame = ready!(Pin::new(inner).poll_frame(context));
        if let (Some(Ok(part)), Some(cut)) = (&frame, &mut self.cut)
            && let Some(data) = part.data_ref()
            && let Some(end) = cut.end(data)
        {
            frame = Some(Ok(Frame::data(data.slice(..end))));
            self.inner = None;
        }
        let book = self.route.book();
        match &frame {
            Some(Ok(frame)) => {
                if let Some(data) = frame.data_ref() {
                    match self.answer {
                        true => book.heard(self.number, data),
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
        self.inner.as_ref().is_none_or(Incoming::is_end_stream)
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.as_ref().map_or(SizeHint::with_exact(0), Incoming::size_hint)
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
