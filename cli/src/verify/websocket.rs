//! Finds the messages in the bytes of a WebSocket (RFC 6455): what is not one, or is too long to
//! keep, is passed over without a word. Makes a client's frames for who sends messages again.

use super::record::{BODY_KEPT, Message};

/// What a client is told that should come back: a close frame with the status 1012, service restart.
pub(super) const RESTARTS: [u8; 4] = [0x88, 2, 0x03, 0xf4];

/// A client's close frame, with the status 1000.
pub(super) const CLOSES: [u8; 8] = [0x88, 0x82, 0, 0, 0, 0, 0x03, 0xe8];

/// A client's frame with a text. The mask only keeps proxies from mistaking texts for requests.
pub(super) fn said(text: &str) -> Vec<u8> {
    const MASK: [u8; 4] = [0x37, 0xfa, 0x21, 0x3d];
    let mut frame = vec![0x81];
    match text.len() {
        length @ 0..126 => frame.push(0x80 | length as u8),
        length @ 126..=0xffff => {
            frame.push(0x80 | 126);
            frame.extend((length as u16).to_be_bytes());
        }
        length => {
            frame.push(0x80 | 127);
            frame.extend((length as u64).to_be_bytes());
        }
    }
    frame.extend(MASK);
    frame.extend(text.bytes().zip(MASK.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

/// One direction of a WebSocket.
pub(super) struct Messages {
    from_client: bool,
    pending: Vec<u8>,
    message: Option<Message>,
    /// So many bytes are still to come of a frame that is not kept.
    skip: u64,
    lost: bool,
}

impl Messages {
    pub(super) fn new(from_client: bool) -> Self {
        Messages { from_client, pending: Vec::new(), message: None, skip: 0, lost: false }
    }

    /// Takes bytes as they come; gives out the messages that they complete.
    pub(super) fn feed(&mut self, mut bytes: &[u8]) -> Vec<Message> {
        let mut done = Vec::new();
        if self.lost {
            return done;
        }
        let skipped = self.skip.min(bytes.len() as u64);
        self.skip -= skipped;
        bytes = &bytes[skipped as usize..];
        self.pending.extend_from_slice(bytes);
        while let Some(frame) = self.frame() {
            match frame {
                Frame::Whole { last, code, data } => done.extend(self.take(last, code, &data)),
                Frame::TooLong => {}
                Frame::Nonsense => {
                    self.lost = true;
                    break;
                }
            }
        }
        done
    }

    fn take(&mut self, last: bool, code: u8, data: &[u8]) -> Option<Message> {
        match code {
            // Text, binary, and what continues either. The rest is between the two ends.
            1 | 2 => {
                self.message =
                    Some(Message { from_client: self.from_client, binary: code == 2, data: data.to_vec() })
            }
            0 => self.message.as_mut()?.data.extend_from_slice(data),
            _ => return None,
        }
        if last { self.message.take() } else { None }
    }

    fn frame(&mut self) -> Option<Frame> {
        let (first, second) = (*self.pending.first()?, *self.pending.get(1)?);
        let (short, masked) = (second & 0x7f, second & 0x80 != 0);
        let (mut at, length) = match short {
            126 => (4, u64::from(u16::from_be_bytes(self.pending.get(2..4)?.try_into().ok()?))),
            127 => (10, u64::from_be_bytes(self.pending.get(2..10)?.try_into().ok()?)),
            short => (2, u64::from(short)),
        };
        if first & 0x70 != 0 {
            return Some(Frame::Nonsense);
        }
        let mask: Option<[u8; 4]> = match masked {
            true => Some(self.pending.get(at..at + 4)?.try_into().ok()?),
            false => None,
        };
        at += if masked { 4 } else { 0 };
        if length > BODY_KEPT as u64 {
            let here = (self.pending.len() - at) as u64;
            self.skip = length.saturating_sub(here);
            self.pending.drain(..at + here.min(length) as usize);
            return Some(Frame::TooLong);
        }
        let end = at + length as usize;
        let mut data = self.pending.get(at..end)?.to_vec();
        if let Some(mask) = mask {
            data.iter_mut().zip(mask.iter().cycle()).for_each(|(byte, mask)| *byte ^= mask);
        }
        self.pending.drain(..end);
        Some(Frame::Whole { last: first & 0x80 != 0, code: first & 0x0f, data })
    }
}

enum Frame {
    Whole { last: bool, code: u8, data: Vec<u8> },
    TooLong,
    Nonsense,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(from_client: bool, text: &str) -> Message {
        Message { from_client, binary: false, data: text.as_bytes().to_vec() }
    }

    #[test]
    fn messages_come_in_pieces_masked_and_in_parts() {
        // `Hello` from RFC 6455, 5.7: plain, masked, and in two frames with a ping between.
        let mut plain = Messages::new(false);
        assert_eq!(plain.feed(&[0x81, 5, b'H', b'e']), []);
        assert_eq!(plain.feed(b"llo"), [text(false, "Hello")]);
        let mut masked = Messages::new(true);
        let bytes = [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d, 0x7f, 0x9f, 0x4d, 0x51, 0x58];
        assert_eq!(masked.feed(&bytes), [text(true, "Hello")]);
        let mut parts = Messages::new(false);
        assert_eq!(
            parts.feed(b"\x01\x03Hel\x89\x00\x80\x02lo\x81\x01x"),
            [text(false, "Hello"), text(false, "x")]
        );
    }

    #[test]
    fn what_is_said_again_is_read_as_what_was_said() {
        for length in [0, 5, 125, 126, 0xffff, 0x1_0000] {
            let said = "x".repeat(length);
            assert_eq!(Messages::new(true).feed(&super::said(&said)), [text(true, &said)]);
        }
        // As in RFC 6455, 5.7.
        assert_eq!(super::said("Hello")[..6], [0x81, 0x85, 0x37, 0xfa, 0x21, 0x3d]);
        assert_eq!(super::said("Hello")[6..], [0x7f, 0x9f, 0x4d, 0x51, 0x58]);
    }

    #[test]
    fn long_frames_are_passed_over_and_nonsense_ends_it() {
        let mut messages = Messages::new(false);
        let length = BODY_KEPT as u64 + 10;
        let mut bytes = vec![0x82, 127];
        bytes.extend(length.to_be_bytes());
        bytes.extend([0; 100]);
        assert_eq!(messages.feed(&bytes), []);
        assert_eq!(messages.feed(&vec![0; length as usize - 100]), []);
        assert_eq!(messages.feed(b"\x81\x01x"), [text(false, "x")]);
        assert_eq!(messages.feed(b"GET / HTTP/1.1"), []);
        assert_eq!(messages.feed(b"\x81\x01x"), []);
    }
}
