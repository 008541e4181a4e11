//! Takes connections in and deals them out to the workers.

use std::io;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use hub_core::trouble::{Extent, Trouble};
use socket2::{SockRef, TcpKeepalive};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::chassis::Chassis;
use crate::metrics::ReasonLabels;
use crate::stage::Stage;
use crate::worker::Accepted;

/// Pause when the process has no file descriptors left: trying at once would only burn a core.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// A dead peer on an idle connection is found out after about this long.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// Bytes that the kernel keeps unsent for one connection. Its own measure, the send
/// buffer of up to some MB, would take a third of that from a slow peer before
/// it shows that the peer reads at all, and the rest from the memory.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT_BYTES: u32 = 256 << 10;

/// Accepts on all listeners, those of each service, until the server drains;
/// runs on the calling thread. Connections go to the workers in turn, so that
/// every shard gets its share of the subscribers; one more than
/// `limits.connections` is closed at once, so that those who are in lack
/// nothing.
pub(crate) fn run(
    listeners: Vec<Vec<TcpListener>>,
    workers: Vec<mpsc::UnboundedSender<Accepted>>,
    chassis: Arc<Chassis>,
    mut stage: watch::Receiver<Stage>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let acceptor = Arc::new(Acceptor { workers, chassis, overload: Mutex::default() });
        let mut listening = JoinSet::new();
        for (service, listeners) in listeners.into_iter().enumerate() {
            for listener in listeners {
                listener.set_nonblocking(true)?;
                let listener = tokio::net::TcpListener::from_std(listener)?;
                listening.spawn(Arc::clone(&acceptor).accept(listener, service));
            }
        }
        // An error means that the server is gone: stop as well.
        let _ = stage.wait_for(|stage| *stage != Stage::Serve).await;
        Ok(())
    })
}

/// The acceptor's thread: it deals connections of all listeners out to the workers.
struct Acceptor {
    workers: Vec<mpsc::UnboundedSender<Accepted>>,
    chassis: Arc<Chassis>,
    overload: Mutex<Overload>,
}

/// A time during which more connections come than can be let in.
#[derive(Default)]
struct Overload {
    /// The system gives no further socket.
    failing: Trouble,
    /// All permits are out.
    full: Trouble,
}

impl Acceptor {
    async fn accept(self: Arc<Self>, listener: tokio::net::TcpListener, service: usize) {
        let mut turn = service;
        loop {
            let accepted = match listener.accept().await {
                Ok((socket, mut peer)) => {
                    // A socket of both kinds tells IPv4 as IPv6: one address is one, wherever it comes.
                    peer.set_ip(peer.ip().to_canonical());
                    let Some(permit) = self.chassis.connections.enter() else {
                        self.refused();
                        continue;
                    };
                    prepare(socket).map(|socket| Accepted { socket, permit, peer, service })
                }
                Err(error) => Err(error),
            };
            match accepted {
                Ok(accepted) => {
                    self.accepted();
                    turn = (turn + 1) % self.workers.len();
                    // A worker that is gone has drained; the socket is dropped.
                    let _ = self.workers[turn].send(accepted);
                }
                Err(error) if is_about_one_connection(&error) => {}
                Err(error) => {
                    self.failed(&error);
                    tokio::time::sleep(EXHAUSTED_PAUSE).await;
                }
            }
        }
    }

    fn refused(&self) {
        let reason = "connections";
        self.chassis.metrics.refusals.count("connection", reason);
        self.chassis.metrics.connections_failed.get_or_create(&ReasonLabels { reason }).inc();
        if let Some(times) = self.overload().full.again(Instant::now()) {
            tracing::warn!(times, "as many connections as fit (limits.connections): others are refused");
        }
    }

    fn failed(&self, error: &io::Error) {
        if let Some(times) = self.overload().failing.again(Instant::now()) {
            tracing::warn!(%error, times, "connections can't be accepted and wait");
        }
    }

    fn accepted(&self) {
        let (mut overload, now) = (self.overload(), Instant::now());
        if let Some(Extent { times, lasted }) = overload.full.over(now) {
            tracing::info!(times, ?lasted, "there is room for connections again");
        }
        if let Some(Extent { times, lasted }) = overload.failing.over(now) {
            tracing::info!(times, ?lasted, "connections are accepted again");
        }
    }

    fn overload(&self) -> MutexGuard<'_, Overload> {
        self.overload.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn prepare(socket: tokio::net::TcpStream) -> io::Result<std::net::TcpStream> {
    socket.set_nodelay(true)?;
    let options = SockRef::from(&socket);
    options.set_tcp_keepalive(&TcpKeepalive::new().with_time(KEEPALIVE))?;
    #[cfg(any(target_os = "android", target_os = "linux"))]
    options.set_tcp_notsent_lowat(UNSENT_BYTES)?;
    socket.into_std()
}

/// The peer was gone before it was accepted.
fn is_about_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::InvalidInput
            | io::ErrorKind::NotConnected
    )
}
