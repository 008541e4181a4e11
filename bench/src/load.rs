//! Many receivers on one thread: they connect, and count the bytes they get.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// What a receiver says before it only reads.
#[derive(Clone)]
pub struct Opening {
    /// Sent at once, then what follows it once the answer ends like this.
    pub steps: Vec<(Vec<u8>, &'static [u8])>,
}

/// Receivers that are connected.
pub struct Load {
    received: Arc<AtomicU64>,
    progress: Arc<Notify>,
    _receivers: JoinSet<()>,
}

impl Load {
    /// Connects `count` receivers.
    pub async fn connect(address: SocketAddr, count: usize, opening: &Opening) -> io::Result<Load> {
        let received = Arc::new(AtomicU64::new(0));
        let progress = Arc::new(Notify::new());
        let mut receivers = JoinSet::new();
        for _ in 0..count {
            let mut stream = TcpStream::connect(address).await?;
            for (send, answer_end) in &opening.steps {
                stream.write_all(send).await?;
                await_end(&mut stream, answer_end).await?;
            }
            let (received, progress) = (Arc::clone(&received), Arc::clone(&progress));
            receivers.spawn(async move {
                let mut scratch = [0; 16 << 10];
                while let Ok(count @ 1..) = stream.read(&mut scratch).await {
                    received.fetch_add(count as u64, Ordering::Relaxed);
                    progress.notify_one();
                }
            });
        }
        Ok(Load { received, progress, _receivers: receivers })
    }

    /// Bytes received so far, by all.
    pub fn received(&self) -> u64 {
        self.received.load(Ordering::Relaxed)
    }

    /// Waits until `bytes` have been received in all.
    pub async fn reach(&self, bytes: u64) {
        while self.received() < bytes {
            self.progress.notified().await;
        }
    }
}

async fn await_end(stream: &mut TcpStream, end: &[u8]) -> io::Result<()> {
    let mut answer = Vec::new();
    while !answer.ends_with(end) {
        if stream.read_buf(&mut answer).await? == 0 {
            let got = String::from_utf8_lossy(&answer).into_owned();
            return Err(io::Error::new(io::ErrorKind::UnexpectedEof, got));
        }
    }
    Ok(())
}
