//! Takes connections in and deals them out to the workers.

use std::io;
use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use socket2::{SockRef, TcpKeepalive};
use tokio::sync::{mpsc, watch};
use tokio::task::JoinSet;

use crate::chassis::Chassis;
use crate::metrics::ReasonLabels;
use crate::server::Stage;
use crate::worker::Accepted;

/// How long to pause when the process has no file descriptors left: trying at
/// once would only burn a core.
const EXHAUSTED_PAUSE: Duration = Duration::from_millis(50);

/// A dead peer on an idle connection is found out after about this long.
const KEEPALIVE: Duration = Duration::from_secs(60);

/// What the kernel keeps unsent for one connection. Its own measure, the send
/// buffer of up to some MB, would take a third of that from a slow peer before
/// it shows that the peer reads at all, and the rest from the memory.
#[cfg(any(target_os = "android", target_os = "linux"))]
const UNSENT_BYTES: u32 = 256 << 10;

/// Accepts on all listeners until the server drains; runs on the calling
/// thread. Connections go to the workers in turn, so that every shard gets its
/// share of the subscribers; one more than `limits.connections` is closed at
/// once, so that those who are in lack nothing.
pub(crate) fn run(
    listeners: Vec<TcpListener>,
    workers: Vec<mpsc::UnboundedSender<Accepted>>,
    chassis: Arc<Chassis>,
    mut stage: watch::Receiver<Stage>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async move {
        let workers: Arc<[_]> = workers.into();
        let mut listening = JoinSet::new();
        for (service, listener) in listeners.into_iter().enumerate() {
            listener.set_nonblocking(true)?;
            let listener = tokio::net::TcpListener::from_std(listener)?;
            listening.spawn(accept(listener, service, Arc::clone(&workers), Arc::clone(&chassis)));
        }
        // An error means that the server is gone: stop as well.
        let _ = stage.wait_for(|stage| *stage != Stage::Serve).await;
        Ok(())
    })
}

async fn accept(
    listener: tokio::net::TcpListener,
    service: usize,
    workers: Arc<[mpsc::UnboundedSender<Accepted>]>,
    chassis: Arc<Chassis>,
) {
    let mut turn = service;
    loop {
        let accepted = match listener.accept().await {
            Ok((socket, peer)) => {
                let Some(seat) = chassis.connections.enter() else {
                    let reason = "connections";
                    chassis.metrics.refusals.note("connection", reason, peer, Instant::now());
                    let labels = ReasonLabels { reason };
                    chassis.metrics.connections_failed.get_or_create(&labels).inc();
                    continue;
                };
                prepare(socket).map(|socket| Accepted { socket, seat, peer, service })
            }
            Err(error) => Err(error),
        };
        match accepted {
            Ok(accepted) => {
                turn = (turn + 1) % workers.len();
                // A worker that is gone has drained; the socket is dropped.
                let _ = workers[turn].send(accepted);
            }
            Err(error) if is_about_one_connection(&error) => {}
            Err(error) => {
                tracing::warn!(%error, "accept");
                tokio::time::sleep(EXHAUSTED_PAUSE).await;
            }
        }
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
