//! A body whose second half is held back until something has happened: so the request is surely
//! under way on the replica when that happens.

use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use hyper::body::{Body, Frame, SizeHint};

/// Enough for what was sent to be received and for its handler to be called, on a busy machine
/// too: what comes after the signal is not the service's to finish.
const RECEIVED: Duration = Duration::from_millis(250);

/// Enough for a process that ends at once to have ended.
const ENDED: Duration = Duration::from_millis(50);

type Gate = Pin<Box<dyn Future<Output = ()> + Send>>;

/// See the module.
pub(super) struct Held {
    first: Option<Bytes>,
    gate: Option<Gate>,
    rest: Option<Bytes>,
}

impl Held {
    pub(super) fn new(whole: Bytes, then: impl Future<Output = ()> + Send + 'static) -> Self {
        let mut rest = whole;
        let first = rest.split_to(rest.len() / 2);
        let gate = async {
            after_receipt(then).await;
            tokio::time::sleep(ENDED).await;
        };
        Held { first: Some(first), gate: Some(Box::pin(gate)), rest: Some(rest) }
    }
}

/// Does it once a request that was just sent has been received.
pub(super) async fn after_receipt(then: impl Future<Output = ()> + Send) {
    tokio::time::sleep(RECEIVED).await;
    then.await;
}

impl Body for Held {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if let Some(first) = self.first.take() {
            return Poll::Ready(Some(Ok(Frame::data(first))));
        }
        if let Some(gate) = &mut self.gate {
            ready!(gate.as_mut().poll(context));
            self.gate = None;
        }
        Poll::Ready(self.rest.take().map(|rest| Ok(Frame::data(rest))))
    }

    fn is_end_stream(&self) -> bool {
        self.rest.is_none()
    }

    fn size_hint(&self) -> SizeHint {
        let length = |part: &Option<Bytes>| part.as_ref().map_or(0, Bytes::len) as u64;
        SizeHint::with_exact(length(&self.first) + length(&self.rest))
    }
}
