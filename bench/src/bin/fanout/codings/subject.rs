//! A hub under test.

use std::net::SocketAddr;

use anyhow::{Context as _, anyhow};
use clap::ValueEnum;
use hub_bench::body::Bodies;
use hub_bench::identity::Identity;
use hub_bench::load::Load;
use hub_testkit::http::HttpConnection;
use hub_testkit::process::HubProcess;
use tokio_rustls::TlsConnector;

use super::CodingArguments;
use super::transport::Transport;

/// Coding of a message on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
pub(super) enum Coding {
    /// Nothing.
    Plain,
    /// It is compressed.
    Deflate,
    /// It is encrypted.
    Tls,
    /// Both.
    TlsDeflate,
}

impl Coding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Coding::Plain => "plain",
            Coding::Deflate => "deflate",
            Coding::Tls => "tls",
            Coding::TlsDeflate => "tls-deflate",
        }
    }

    fn tls(self) -> bool {
        matches!(self, Coding::Tls | Coding::TlsDeflate)
    }

    pub(super) fn deflate(self) -> bool {
        matches!(self, Coding::Deflate | Coding::TlsDeflate)
    }
}

const TOPIC: &str = "/topic/relay/bench";

/// Every body is published under the same name whatever it is coded by, so
/// that the same bodies come in the same order.
const SEED: u64 = 42;

/// From which size on the hub compresses, unless it is told.
const DEFLATE_BYTES_DEFAULT: usize = 1024;

/// A hub with one worker. Messages are published at a port without TLS, so that
/// what differs is how they are delivered.
pub(super) struct Subject {
    pub(super) coding: Coding,
    pub(super) hub: HubProcess,
    transport: Transport,
    connector: Option<TlsConnector>,
    http: HttpConnection,
    bodies: Bodies,
}

impl Subject {
    pub(super) fn start(
        arguments: &CodingArguments,
        transport: Transport,
        coding: Coding,
        identity: &Identity,
    ) -> anyhow::Result<Subject> {
        let mut server = "workers = 1".to_owned();
        if coding.deflate() && arguments.body < DEFLATE_BYTES_DEFAULT {
            server = format!("{server}\ndeflate_min_bytes = {}", arguments.body);
        }
        Subject::with(arguments, transport, coding, identity, &server)
    }

    fn with(
        arguments: &CodingArguments,
        transport: Transport,
        coding: Coding,
        identity: &Identity,
        server: &str,
    ) -> anyhow::Result<Subject> {
        let (certificate, key, tls) = (identity.certificate(), identity.key(), coding.tls());
        let any = "bind = '127.0.0.1:0'";
        let config = format!(
            "[server]\n{server}\ntls_certificate = '{}'\ntls_key = '{}'\n[analytics]\n{any}\ntls = {tls}\n\
             [leaderboard]\n{any}\n[rttm]\n{any}\n[autotrader]\n{any}\n[gateway]\n{any}\n\
             [log]\npath = '{{data}}/hub.db'\n",
            certificate.display(),
            key.display()
        );
        let hub = HubProcess::spawn(&arguments.hub, &config, &[], &[("RUST_LOG", "warn")])
            .with_context(|| format!("{}: build it first, see `make bench`", arguments.hub.display()))?;
        let http = publisher(&hub)?;
        let connector = tls.then(|| identity.connector());
        let bodies = Bodies::new(SEED, arguments.body);
        Ok(Subject { coding, hub, transport, connector, http, bodies })
    }

    /// Connects anew what publishes: it may have idled for longer than the hub
    /// keeps such a connection.
    pub(super) fn wake(&mut self) -> anyhow::Result<()> {
        self.http = publisher(&self.hub)?;
        Ok(())
    }

    fn address(&self) -> anyhow::Result<SocketAddr> {
        Ok(self.hub.addr("analytics")?)
    }

    /// Clients that are connected to STOMP.
    pub(super) async fn connect(&self, count: usize) -> anyhow::Result<Load> {
        self.load(count, None).await
    }

    /// Clients that get what is published.
    pub(super) async fn subscribe(&self, count: usize) -> anyhow::Result<Load> {
        self.load(count, Some(TOPIC)).await
    }

    async fn load(&self, count: usize, topic: Option<&str>) -> anyhow::Result<Load> {
        let opening = self.transport.opening(self.coding.deflate(), topic);
        Ok(Load::connect(self.address()?, count, Some(&opening), self.connector.as_ref()).await?)
    }

    /// Publishes the next body and waits until `receivers` of the load have it.
    pub(super) async fn deliver(&mut self, load: &Load, receivers: usize) -> anyhow::Result<()> {
        let target = load.messages() + receivers as u64;
        let path = format!("/api/publish{TOPIC}");
        let headers = [("Content-Type", "application/json")];
        let response = self.http.request("POST", &path, &headers, &self.bodies.next_body())?;
        if response.status != 200 {
            return Err(anyhow!("publish: {}", response.status));
        }
        load.reach(target).await.with_context(|| {
            let name = self.coding.name();
            format!("{name}, whose hub has said: {}", self.hub.stderr().join("\n"))
        })
    }
}

fn publisher(hub: &HubProcess) -> anyhow::Result<HttpConnection> {
    Ok(HttpConnection::connect(hub.addr("gateway")?, hub_testkit::DEFAULT_DEADLINE)?)
}
