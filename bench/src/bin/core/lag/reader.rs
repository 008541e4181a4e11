//! The end of a socket that is read.

use std::io::Read as _;
use std::net::TcpStream;
use std::time::Instant;

use anyhow::{Context as _, ensure};
use hub_bench::walker::Walker;

/// Bytes that are read at once.
const BUFFER_BYTES: usize = 256 << 10;

/// Bytes of the end of a message in which its `resume` is found.
const SHOWN_BYTES: usize = 96;

/// A place in the log, by its offset: there is one log.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub(super) struct Resume(u64);

impl Resume {
    /// Reads `<epoch>-<offset>`.
    pub(super) fn of(position: &str) -> anyhow::Result<Resume> {
        let (_, offset) = position.rsplit_once('-').context("a position has an epoch and an offset")?;
        Ok(Resume(offset.parse()?))
    }

    /// Of the end of a message, if it says one.
    fn at_end(message: &[u8]) -> Option<Resume> {
        let text = str::from_utf8(message.get(memchr::memmem::rfind(message, b"\"resume\":\"")?..)?).ok()?;
        Resume::of(text.split('"').nth(3)?).ok()
    }
}

/// Bytes of one round.
pub(super) struct Taken {
    /// Time at which the first of them had come.
    pub(super) first: Instant,
    /// Number of them.
    pub(super) bytes: usize,
    /// Lengths of the messages' payloads.
    pub(super) payloads: Vec<usize>,
}

/// A socket whose messages are walked over.
pub(super) struct Reader {
    socket: TcpStream,
    buffer: Vec<u8>,
    walker: Walker,
}

impl Reader {
    pub(super) fn new(socket: TcpStream) -> Reader {
        Reader { socket, buffer: vec![0; BUFFER_BYTES], walker: Walker::new(SHOWN_BYTES) }
    }

    /// Reads the answer to an upgrade, behind which nothing may have come yet that is lost with it.
    pub(super) fn skip_head(&mut self) -> anyhow::Result<()> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            self.socket.read_exact(&mut byte)?;
            head.push(byte[0]);
        }
        ensure!(head.starts_with(b"HTTP/1.1 101 "), "no WebSocket: {}", String::from_utf8_lossy(&head));
        Ok(())
    }

    /// Reads up to the message that says that all up to this place has been handed over.
    pub(super) fn until(&mut self, resume: Resume) -> anyhow::Result<Taken> {
        let mut taken = Taken { first: Instant::now(), bytes: 0, payloads: Vec::new() };
        let mut has_come = false;
        while !has_come {
            let read = self.read(&mut taken)?;
            let Reader { buffer, walker, .. } = self;
            walker.take(&buffer[..read], |frame, end| {
                taken.payloads.push(frame.length);
                has_come |= Resume::at_end(end).is_some_and(|it| it >= resume);
            });
        }
        Ok(taken)
    }

    /// Reads so many bytes.
    pub(super) fn exactly(&mut self, bytes: usize) -> anyhow::Result<Taken> {
        let mut taken = Taken { first: Instant::now(), bytes: 0, payloads: Vec::new() };
        while taken.bytes < bytes {
            let read = self.read(&mut taken)?;
            let Reader { buffer, walker, .. } = self;
            walker.take(&buffer[..read], |frame, _| taken.payloads.push(frame.length));
        }
        Ok(taken)
    }

    fn read(&mut self, taken: &mut Taken) -> anyhow::Result<usize> {
        let read = self.socket.read(&mut self.buffer)?;
        ensure!(read > 0, "the server closed the socket");
        if taken.bytes == 0 {
            taken.first = Instant::now();
        }
        taken.bytes += read;
        Ok(read)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_message_says_where_to_resume() {
        let offset = |message: &str| Resume::at_end(message.as_bytes()).map(|resume| resume.0);
        assert_eq!(offset(r#"...}],"resume":"0197-a-42"}"#), Some(42));
        assert_eq!(offset(r#"...}],"resume":"0197-a-42","snapshot":"epoch"}"#), Some(42));
        assert_eq!(offset("...}]}"), None);
    }
}
