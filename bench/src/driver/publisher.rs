//! A connection that posts, one request behind another without waiting for
//! the answers.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;

use mio::net::TcpStream;

/// A keep-alive connection of HTTP and what waits to be written to it.
pub(super) struct Publisher {
    pub(super) stream: TcpStream,
    out: Vec<u8>,
    written: usize,
    answers: Answers,
    unanswered: u64,
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
            answers: Answers::default(),
            unanswered: 0,
        })
    }

    /// Adds a request, which [`flush`](Self::flush) sends.
    pub(super) fn post(&mut self, path: &str, body: &[u8]) {
        // Writing to memory does not fail.
        let _ = write!(
            self.out,
            "POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        self.out.extend_from_slice(body);
        self.unanswered += 1;
    }

    /// Writes as much as the socket takes.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        while self.written < self.out.len() {
            match self.stream.write(&self.out[self.written..]) {
                Ok(count) => self.written += count,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        self.out.clear();
        self.written = 0;
        Ok(())
    }

    /// True while a request has no answer.
    pub(super) fn is_waiting(&self) -> bool {
        self.unanswered > 0
    }

    /// Reads the answers that have come; one that is no success is an error.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<()> {
        loop {
            match self.stream.read(buffer) {
                Ok(0) => return Err(io::Error::other("the server closed the connection that publishes")),
                Ok(count) => self.unanswered -= self.answers.take(&buffer[..count])?.min(self.unanswered),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
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
    fn take(&mut self, bytes: &[u8]) -> io::Result<u64> {
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
            assert_eq!(counts.sum::<u64>(), 3, "{piece}");
        }
    }

    #[test]
    fn a_refusal_is_an_error_that_says_why() {
        let answer = "HTTP/1.1 503 Busy\r\nContent-Length: 4\r\n\r\nlate";
        let error = Answers::default().take(answer.as_bytes()).unwrap_err();
        assert!(error.to_string().contains("late"), "{error}");
    }
}
