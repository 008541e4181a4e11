//! A connection that posts, one request behind another without waiting for
//! the answers.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use mio::net::TcpStream;

/// Bytes of requests without an answer, beyond which the next ones wait here: what the socket takes at once is not cut,
/// which uWebSockets' parser takes amiss. Their latency counts all the same.
const WINDOW_BYTES: usize = 48 << 10;

/// Bytes of them to which a full window has to fall before more are sent: many together, as the socket would have them.
const WINDOW_REOPENS_BYTES: usize = WINDOW_BYTES / 4;

/// Bytes that have been written and are kept for no reason but to move the rest less often.
const WRITTEN_BYTES_MAX: usize = 1 << 20;

/// A keep-alive connection of HTTP and what waits to be written to it.
pub(super) struct Publisher {
    pub(super) stream: TcpStream,
    out: Vec<u8>,
    written: usize,
    window: Window,
    answers: Answers,
}

impl Publisher {
    pub(super) fn connect(address: SocketAddr) -> io::Result<Publisher> {
        let stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_nonblocking(true)?;
        Ok(Publisher {
            stream: TcpStream::from_std(stream),
            out: Vec::new(),
            written: 0,
            window: Window::default(),
            answers: Answers::default(),
        })
    }

    /// Adds a request, which [`flush`](Self::flush) sends.
    pub(super) fn post(&mut self, path: &str, body: &[u8]) {
        let before = self.out.len();
        // Writing to memory does not fail.
        let _ = write!(
            self.out,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.out.extend_from_slice(body);
        self.window.push(self.out.len() - before);
    }

    /// Writes as much as the window and the socket take.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.window.open();
        let end = self.out.len() - self.window.waiting_bytes;
        while self.written < end {
            match self.stream.write(&self.out[self.written..end]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        if self.written == self.out.len() || self.written > WRITTEN_BYTES_MAX {
            self.out.drain(..self.written);
            self.written = 0;
        }
        Ok(())
    }

    /// True while a request has no answer.
    pub(super) fn is_waiting(&self) -> bool {
        self.window.waiting_bytes + self.window.sent_bytes > 0
    }

    /// Reads the answers that have come; one that is no success is an error.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(io::Error::other("the server closed the connection that publishes")),
                Ok(count) => self.window.answered(self.answers.take(&buffer[..count])?),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// Sizes of requests that wait, and of those that were sent and have no answer.
#[derive(Default)]
struct Window {
    waiting: VecDeque<usize>,
    waiting_bytes: usize,
    sent: VecDeque<usize>,
    sent_bytes: usize,
    is_full: bool,
}

impl Window {
    fn push(&mut self, bytes: usize) {
        self.waiting.push_back(bytes);
        self.waiting_bytes += bytes;
    }

    /// Has those sent that fit; one does if nothing else is on its way.
    fn open(&mut self) {
        if self.is_full && self.sent_bytes > WINDOW_REOPENS_BYTES {
            return;
        }
        self.is_full = false;
        while let Some(bytes) = self.waiting.front().copied() {
            if self.sent_bytes > 0 && self.sent_bytes + bytes > WINDOW_BYTES {
                self.is_full = true;
                return;
            }
            self.waiting.pop_front();
            self.waiting_bytes -= bytes;
            self.sent.push_back(bytes);
            self.sent_bytes += bytes;
        }
    }

    fn answered(&mut self, count: usize) {
        for bytes in self.sent.drain(..count.min(self.sent.len())) {
            self.sent_bytes -= bytes;
        }
    }
}

/// Answers of HTTP as they come in, with a `Content-Length` each.
#[derive(Default)]
struct Answers {
    pending: Vec<u8>,
}

impl Answers {
    /// Number of answers that these bytes complete.
    fn take(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.pending.extend_from_slice(bytes);
        let (mut count, mut start) = (0, 0);
        while let Some(length) = whole(&self.pending[start..])? {
            count += 1;
            start += length;
        }
        self.pending.drain(..start);
        Ok(count)
    }
}

/// Length of the answer at the front, if all of it is there.
fn whole(bytes: &[u8]) -> io::Result<Option<usize>> {
    let Some(head) = bytes.windows(4).position(|window| window == b"\r\n\r\n") else { return Ok(None) };
    let text = String::from_utf8_lossy(&bytes[..head]);
    let length = text.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    let end = head + 4 + length.unwrap_or(0);
    if !text.starts_with("HTTP/1.1 200 ") {
        let answer = String::from_utf8_lossy(&bytes[..end.min(bytes.len())]).into_owned();
        return Err(io::Error::other(format!("a publication was refused: {answer}")));
    }
    Ok((end <= bytes.len()).then_some(end))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_counted_however_they_are_cut() {
        let one = "HTTP/1.1 200 OK\r\ncontent-length: 3\r\nDate: today\r\n\r\n{ }";
        let two = "HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 0\r\n\r\n";
        let stream = [one, two, one].concat();
        for piece in [1, 2, 5, 50, stream.len()] {
            let mut answers = Answers::default();
            let counts = stream.as_bytes().chunks(piece).map(|bytes| answers.take(bytes).unwrap());
            assert_eq!(counts.sum::<usize>(), 3, "{piece}");
        }
    }

    #[test]
    fn requests_wait_until_those_before_them_have_answers() {
        let mut window = Window::default();
        for bytes in [WINDOW_BYTES + 1, 100, WINDOW_BYTES - 100, 1, 1] {
            window.push(bytes);
        }
        let mut after = |answered| {
            window.answered(answered);
            window.open();
            (window.sent.len(), window.waiting_bytes)
        };
        assert_eq!(after(0), (1, WINDOW_BYTES + 2), "a large one goes alone");
        assert_eq!(after(1), (2, 2));
        assert_eq!(after(1), (1, 2), "it was full, and is not as empty as it has to be");
        assert_eq!(after(1), (2, 0));
    }

    #[test]
    fn a_refusal_is_an_error_that_says_why() {
        let answer = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nlate";
        let error = Answers::default().take(answer.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("late"), "{error}");
    }
}
