//! Starting and stopping the chassis.

use std::io;
use std::net::TcpListener;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use hub_fanout::Mailbox;
use tokio::sync::{mpsc, watch};
use tokio::time::timeout;

use crate::acceptor;
use crate::chassis::Chassis;
use crate::http::directory::Directory;
use crate::http::in_flight::InFlight;
use crate::service::Service;
use crate::sockjs::{self, NewSession};
use crate::stage::Stage;
use crate::worker::Worker;

/// A server at work.
pub struct Server {
    chassis: Arc<Chassis>,
    services: Arc<[Service]>,
    stage: watch::Sender<Stage>,
    in_flight: InFlight,
    threads: Vec<JoinHandle<()>>,
    failure: watch::Receiver<Option<String>>,
}

impl Server {
    /// Starts the acceptor and one worker per mailbox. The listeners, any
    /// number for each service, are bound already; connections are taken from
    /// now on.
    pub fn start(
        chassis: Arc<Chassis>,
        services: Vec<(Service, Vec<TcpListener>)>,
        mailboxes: Vec<Mailbox>,
    ) -> io::Result<Server> {
        let (stage, _) = watch::channel(Stage::Serve);
        let (failing, failure) = watch::channel(None);
        let (services, listeners): (Vec<_>, Vec<_>) = services.into_iter().unzip();
        if let Some(service) = services.iter().find(|service| service.tls && chassis.tls.is_none()) {
            return Err(io::Error::other(format!(
                "{}.tls is set, and there is no certificate",
                service.section
            )));
        }
        let directory = directory(&services, &listeners)?;
        let services: Arc<[Service]> = services.into();
        let mut server =
            Server { chassis, services, stage, in_flight: InFlight::default(), threads: Vec::new(), failure };
        let workers = mailboxes.len();
        let started_millis =
            SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis() as u64;
        let mut dealing = Vec::new();
        let (shards, sessions): (Vec<_>, Vec<_>) =
            mailboxes.iter().map(|_| mpsc::unbounded_channel::<NewSession>()).unzip();
        let shards = Arc::from(shards);
        let sockjs: Arc<[_]> = server
            .services
            .iter()
            .map(|service| sockjs::server(&server.chassis, service.name, &service.stomp, &shards))
            .collect();
        for ((index, mailbox), sessions) in mailboxes.into_iter().enumerate().zip(sessions) {
            let (sender, accepted) = mpsc::unbounded_channel();
            dealing.push(sender);
            let worker = Worker {
                chassis: Arc::clone(&server.chassis),
                services: Arc::clone(&server.services),
                directory: directory.clone(),
                index,
                workers,
                started_millis,
                mailbox,
                accepted,
                sessions,
                sockjs: Arc::clone(&sockjs),
                stage: server.stage.subscribe(),
                in_flight: server.in_flight.clone(),
            };
            server.spawn(format!("worker-{index}"), &failing, move || worker.run())?;
        }
        let (chassis, receiver) = (Arc::clone(&server.chassis), server.stage.subscribe());
        let accepting = move || acceptor::run(listeners, dealing, chassis, receiver);
        server.spawn("acceptor".into(), &failing, accepting)?;
        Ok(server)
    }

    /// Starts a thread whose end, unless the server is stopping, is a failure.
    fn spawn(
        &mut self,
        name: String,
        failing: &watch::Sender<Option<String>>,
        work: impl FnOnce() -> io::Result<()> + Send + 'static,
    ) -> io::Result<()> {
        let (failing, stage) = (failing.clone(), self.stage.subscribe());
        let thread = thread::Builder::new().name(name.clone()).spawn(move || {
            let end = catch_unwind(AssertUnwindSafe(work));
            if *stage.borrow() == Stage::Serve {
                let reason = match end {
                    Ok(Ok(())) => "it ended".to_owned(),
                    Ok(Err(error)) => error.to_string(),
                    Err(_) => "it panicked".to_owned(),
                };
                failing.send_replace(Some(format!("thread {name}: {reason}")));
            }
        })?;
        self.threads.push(thread);
        Ok(())
    }

    /// The services that are served.
    pub fn services(&self) -> &[Service] {
        &self.services
    }

    /// Resolves if a thread ends that should not, with the reason; the hub
    /// must stop then rather than serve some and lose others.
    pub fn failed(&self) -> impl Future<Output = String> + use<> {
        let mut failure = self.failure.clone();
        async move {
            let reason = failure.wait_for(Option::is_some).await.ok().and_then(|reason| reason.clone());
            match reason {
                Some(reason) => reason,
                None => std::future::pending().await,
            }
        }
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
            // Its panics are caught inside.
            let _ = thread.join();
        }
    }
}

/// Each service has one port, at however many addresses.
fn directory(services: &[Service], listeners: &[Vec<TcpListener>]) -> io::Result<Directory> {
    let mut served = Vec::new();
    for (service, listeners) in services.iter().zip(listeners) {
        if let Some(listener) = listeners.first() {
            served.push((service, listener.local_addr()?.port()));
        }
    }
    Ok(Directory::new(served.into_iter()))
}
