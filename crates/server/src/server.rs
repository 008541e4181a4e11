//! Starting and stopping the chassis.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hub_fanout::Mailbox;
use tokio::sync::{Notify, mpsc, watch};
use tokio::time::timeout;

use crate::acceptor;
use crate::chassis::Chassis;
use crate::service::Service;
use crate::worker::Worker;

/// What acceptor and shards are to do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Stage {
    /// Serve.
    Serve,
    /// Accept nothing new.
    Refuse,
    /// Hand over what is published and close every socket.
    Drain,
}

/// HTTP requests that are being answered.
#[derive(Clone, Default)]
pub(crate) struct InFlight(Arc<(AtomicUsize, Notify)>);

/// One request.
pub(crate) struct InFlightGuard(InFlight);

impl InFlight {
    pub(crate) fn enter(&self) -> InFlightGuard {
        self.0.0.fetch_add(1, Ordering::AcqRel);
        InFlightGuard(self.clone())
    }

    async fn none(&self) {
        loop {
            let changed = self.0.1.notified();
            if self.0.0.load(Ordering::Acquire) == 0 {
                return;
            }
            changed.await;
        }
    }
}

impl Drop for InFlightGuard {
    fn drop(&mut self) {
        let (count, changed) = &*self.0.0;
        if count.fetch_sub(1, Ordering::AcqRel) == 1 {
            changed.notify_waiters();
        }
    }
}

/// A server at work.
pub struct Server {
    chassis: Arc<Chassis>,
    stage: watch::Sender<Stage>,
    in_flight: InFlight,
    threads: Vec<JoinHandle<io::Result<()>>>,
}

impl Server {
    /// Starts the acceptor and one worker per mailbox. The listeners are
    /// bound already; connections are taken from now on.
    pub fn start(
        chassis: Arc<Chassis>,
        mut services: Vec<Service>,
        mailboxes: Vec<Mailbox>,
    ) -> io::Result<Server> {
        let (stage, _) = watch::channel(Stage::Serve);
        let in_flight = InFlight::default();
        let listeners =
            services.iter_mut().map(|service| service.listener.try_clone()).collect::<Result<_, _>>()?;
        let services: Arc<[Service]> = services.into();
        let workers = mailboxes.len();
        let started_millis =
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let (mut threads, mut dealing) = (Vec::new(), Vec::new());
        for (index, mailbox) in mailboxes.into_iter().enumerate() {
            let (sender, accepted) = mpsc::unbounded_channel();
            dealing.push(sender);
            let worker = Worker {
                chassis: Arc::clone(&chassis),
                services: Arc::clone(&services),
                index,
                workers,
                started_millis,
                mailbox,
                accepted,
                stage: stage.subscribe(),
                in_flight: in_flight.clone(),
            };
            threads.push(thread::Builder::new().name(format!("worker-{index}")).spawn(move || worker.run())?);
        }
        let receiver = stage.subscribe();
        let accepting = move || acceptor::run(listeners, dealing, receiver);
        threads.push(thread::Builder::new().name("acceptor".into()).spawn(accepting)?);
        Ok(Server { chassis, stage, in_flight, threads })
    }

    /// The first half of a graceful shutdown: nothing new is accepted or
    /// ingested, and requests under way are answered.
    pub async fn refuse(&self) {
        self.chassis.readiness.set_draining();
        self.stage.send_replace(Stage::Refuse);
        let patience = Duration::from_millis(self.chassis.limits.close_ms);
        if timeout(patience, self.in_flight.none()).await.is_err() {
            tracing::warn!("requests were still under way when the hub stopped");
        }
    }

    /// The second half, once everything has been published: outboxes are
    /// written out, every socket is closed with 1001, and the threads end.
    pub fn drain(self) {
        self.stage.send_replace(Stage::Drain);
        for thread in self.threads {
            match thread.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(%error, "a worker failed"),
                Err(_) => tracing::error!("a worker panicked"),
            }
        }
    }
}
