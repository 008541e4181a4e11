//! Many receivers on one thread: they connect, and count what they get.

mod metered;

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use crate::frames::{self, Counter, Header};
use crate::identity;
use crate::opening::{self, Opening};
use metered::Metered;

/// Time for which nothing at all may come while something is awaited.
const PATIENCE: Duration = Duration::from_secs(30);

/// Shorter messages are heart-beats.
const MESSAGE_BYTES_LEAST: usize = 32;

/// Counts of all receivers together.
#[derive(Default)]
struct Tally {
    messages: AtomicU64,
    compressed: AtomicU64,
    /// As they were on the wire, TLS included.
    bytes: Arc<AtomicU64>,
    progress: Notify,
    /// Receivers whose connection has ended.
    ended: AtomicU64,
}

/// Receivers that are connected.
pub struct Load {
    tally: Arc<Tally>,
    _receivers: JoinSet<()>,
}

impl Load {
    /// Connects `count` receivers, by TLS if there is a connector. Without an
    /// opening they read from the start.
    pub async fn connect(
        address: SocketAddr,
        count: usize,
        opening: Option<&Opening>,
        tls: Option<&TlsConnector>,
    ) -> io::Result<Load> {
        let tally = Arc::new(Tally::default());
        let mut receivers = JoinSet::new();
        for _ in 0..count {
            let tcp = TcpStream::connect(address).await?;
            tcp.set_nodelay(true)?;
            let stream = Metered::new(tcp, Arc::clone(&tally.bytes));
            let tally = Arc::clone(&tally);
            if let Some(connector) = tls {
                let stream = identity::handshake(connector, stream).await?;
                receivers.spawn(receive(open(stream, opening).await?, tally));
            } else {
                receivers.spawn(receive(open(stream, opening).await?, tally));
            }
        }
        Ok(Load { tally, _receivers: receivers })
    }

    /// Messages received so far.
    pub fn messages(&self) -> u64 {
        self.tally.messages.load(Ordering::Relaxed)
    }

    /// Number of those that were compressed.
    pub fn compressed(&self) -> u64 {
        self.tally.compressed.load(Ordering::Relaxed)
    }

    /// Bytes received so far, as they were on the wire.
    pub fn bytes(&self) -> u64 {
        self.tally.bytes.load(Ordering::Relaxed)
    }

    /// Waits until so many messages have been received in all; not for ever.
    pub async fn reach(&self, messages: u64) -> io::Result<()> {
        while self.messages() < messages {
            if timeout(PATIENCE, self.tally.progress.notified()).await.is_err() {
                let missing = messages - self.messages();
                let ended = self.tally.ended.load(Ordering::Relaxed);
                return Err(io::Error::new(
                    io::ErrorKind::TimedOut,
                    format!("{missing} messages never came; {ended} connections were closed"),
                ));
            }
        }
        Ok(())
    }
}

/// A Pong without a payload: it says that somebody is there.
const PONG: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

/// Reads to the end of the stream. Pings are answered: the hub closes who is
/// silent for long.
async fn receive(mut stream: impl AsyncRead + AsyncWrite + Unpin, tally: Arc<Tally>) {
    let mut scratch = [0; 4 << 10];
    let mut counter = Counter::default();
    while let Ok(count @ 1..) = stream.read(&mut scratch).await {
        let mut pinged = false;
        counter.take(&scratch[..count], |frame: Header| {
            pinged |= frame.is_ping;
            if frame.is_data && frame.length >= MESSAGE_BYTES_LEAST {
                tally.messages.fetch_add(1, Ordering::Relaxed);
                tally.compressed.fetch_add(frame.is_compressed.into(), Ordering::Relaxed);
            }
        });
        tally.progress.notify_one();
        if pinged && (stream.write_all(&PONG).await.is_err() || stream.flush().await.is_err()) {
            break;
        }
    }
    tally.ended.fetch_add(1, Ordering::Relaxed);
}

/// Gives the stream back once it is open.
async fn open<S: AsyncRead + AsyncWrite + Unpin>(mut stream: S, opening: Option<&Opening>) -> io::Result<S> {
    let Some(opening) = opening else { return Ok(stream) };
    stream.write_all(opening.upgrade.as_bytes()).await?;
    let mut received = Vec::new();
    while opening::upgraded(&mut received, opening.extension)?.is_none() {
        more(&mut stream, &mut received).await?;
    }
    for (send, answer) in &opening.steps {
        stream.write_all(send).await?;
        await_message(&mut stream, &mut received, answer).await?;
    }
    Ok(stream)
}

/// Waits for one message.
async fn await_message(
    stream: &mut (impl AsyncRead + Unpin),
    received: &mut Vec<u8>,
    wanted: &str,
) -> io::Result<()> {
    loop {
        if let Some((frame, start)) = frames::header(received)
            && let Some(payload) = received.get(start..start + frame.length)
        {
            let text = String::from_utf8_lossy(payload).into_owned();
            received.drain(..start + frame.length);
            return match frame {
                Header { is_data: true, is_compressed: true, .. } => Ok(()),
                Header { is_data: true, .. } if text.contains(wanted) => Ok(()),
                _ => Err(io::Error::other(format!("{wanted} was wanted, not {text:?}"))),
            };
        }
        more(stream, received).await?;
    }
}

async fn more(stream: &mut (impl AsyncRead + Unpin), received: &mut Vec<u8>) -> io::Result<()> {
    if stream.read_buf(received).await? == 0 {
        let got = String::from_utf8_lossy(received).into_owned();
        return Err(io::Error::new(io::ErrorKind::UnexpectedEof, got));
    }
    Ok(())
}
