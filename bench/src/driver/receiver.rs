//! A receiver: it opens as a client does, and then only reads.

use std::io::{self, ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::Duration;

use mio::net::TcpStream;
use rustix::net::sockopt::set_socket_recv_buffer_size;

use crate::frames::{self, Header};
use crate::opening::{self, Opening};
use crate::walker::Walker;

/// Time for a server to answer while a receiver opens.
const PATIENCE: Duration = Duration::from_secs(30);

/// Bytes that the system keeps for a receiver that lags: it is to show soon.
const LAGGING_BUFFER_BYTES: usize = 64 << 10;

/// A Pong without a payload: it says that somebody is there.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Pace at which a receiver reads.
#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Pace {
    /// As soon as there is something.
    Ready,
    /// At most so many bytes per second.
    Slow(usize),
    /// Never.
    Stalled,
}

/// A connection that is read.
pub(super) struct Receiver {
    pub(super) stream: TcpStream,
    pub(super) pace: Pace,
    pub(super) walker: Walker,
    /// The ordinal that is due next, of each lane.
    pub(super) due: Vec<u64>,
    pub(super) is_open: bool,
}

impl Receiver {
    /// Opens one; what came behind the opening's last answer is given, too.
    pub(super) fn open(
        address: SocketAddr,
        opening: &Opening,
        pace: Pace,
        due: Vec<u64>,
        shown: usize,
    ) -> io::Result<(Receiver, Vec<u8>)> {
        let mut stream = std::net::TcpStream::connect(address)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        if pace != Pace::Ready {
            set_socket_recv_buffer_size(&stream, LAGGING_BUFFER_BYTES)?;
        }
        stream.write_all(opening.upgrade.as_bytes())?;
        let mut came = Vec::new();
        while opening::upgraded(&mut came, opening.extension)?.is_none() {
            more(&mut stream, &mut came)?;
        }
        for (send, answer) in &opening.steps {
            stream.write_all(send)?;
            await_message(&mut stream, &mut came, answer)?;
        }
        stream.set_nonblocking(true)?;
        let stream = TcpStream::from_std(stream);
        let opened = Receiver { stream, pace, walker: Walker::new(shown), due, is_open: true };
        Ok((opened, came))
    }

    /// Reads once; `None`: there is nothing. Nothing more will come: 0.
    pub(super) fn read(&mut self, buffer: &mut [u8]) -> Option<usize> {
        loop {
            match self.stream.read(buffer) {
                Ok(count) => return Some(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return None,
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(_) => return Some(0),
            }
        }
    }

    /// Answers a Ping; there is room for so few bytes, or the connection is ending.
    pub(super) fn pong(&mut self) {
        let _ = self.stream.write(&PONG);
    }
}

/// Waits for the message that contains a text. Others, such as a snapshot, may come before it.
fn await_message(stream: &mut std::net::TcpStream, received: &mut Vec<u8>, wanted: &str) -> io::Result<()> {
    loop {
        let Some((Header { length, .. }, start)) = frames::header(received) else {
            more(stream, received)?;
            continue;
        };
        let Some(payload) = received.get(start..start + length) else {
            more(stream, received)?;
            continue;
        };
        let text = String::from_utf8_lossy(payload);
        if text.starts_with("ERROR") || text.starts_with(r#"{"type":"error""#) {
            return Err(io::Error::other(format!("{wanted} was wanted, not {text}")));
        }
        let is_found = text.contains(wanted);
        received.drain(..start + length);
        if is_found {
            return Ok(());
        }
    }
}

fn more(stream: &mut std::net::TcpStream, received: &mut Vec<u8>) -> io::Result<()> {
    let mut scratch = [0; 16 << 10];
    match stream.read(&mut scratch)? {
        0 => Err(io::Error::new(ErrorKind::UnexpectedEof, String::from_utf8_lossy(received).into_owned())),
        count => {
            received.extend_from_slice(&scratch[..count]);
            Ok(())
        }
    }
}
