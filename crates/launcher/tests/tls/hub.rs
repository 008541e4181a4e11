//! A hub whose services all speak TLS.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use hub_testkit::process::HubProcess;
use hub_testkit::wait;
use rustls::ClientConfig;

use super::handshake::{self, Shown};
use super::pair::{CERTIFICATE, KEY, Pair};
use super::support::{self, PATIENCE};
use super::tunnel::Tunnel;

/// By the names of their sections.
const SECTIONS: [&str; 5] = ["ANALYTICS", "LEADERBOARD", "RTTM", "AUTOTRADER", "GATEWAY"];

/// By the names that the banner has.
pub(crate) const SERVICES: [&str; 5] = ["analytics", "leaderboard", "rttm", "auto-trader", "gateway"];

pub(crate) struct TlsHub {
    pub(crate) process: HubProcess,
    /// Trusts what the hub began with, and whatever else it was told to.
    pub(crate) client: Arc<ClientConfig>,
    _files: Option<tempfile::TempDir>,
}

impl TlsHub {
    /// With a certificate of its own, which stays.
    pub(crate) fn start(settings: &[(&str, &str)]) -> Self {
        let (files, pair) = (tempfile::tempdir().unwrap(), Pair::make());
        pair.write(files.path());
        let hub = Self::at(files.path(), &[&pair], settings);
        Self { _files: Some(files), ..hub }
    }

    /// With the pair in `directory`, which may become any of `pairs`.
    pub(crate) fn at(directory: &Path, pairs: &[&Pair], settings: &[(&str, &str)]) -> Self {
        let path = |name: &str| directory.join(name).to_str().unwrap().to_owned();
        let files = [
            ("SERVER__TLS_CERTIFICATE".to_owned(), path(CERTIFICATE)),
            ("SERVER__TLS_KEY".to_owned(), path(KEY)),
        ];
        let on = SECTIONS.map(|section| (format!("{section}__TLS"), "true".to_owned()));
        let own: Vec<_> =
            files.iter().chain(&on).map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let process = support::hub(&[&own, settings].concat());
        let client = Arc::new(handshake::client(pairs));
        Self { process, client, _files: None }
    }

    /// Where a service listens.
    pub(crate) fn addr(&self, service: &str) -> SocketAddr {
        self.process.addr(service).unwrap()
    }

    /// A way to analytics for clients that speak no TLS.
    pub(crate) fn tunnel(&self) -> Tunnel {
        self.tunnel_to("analytics")
    }

    /// A way to a service for clients that speak no TLS.
    pub(crate) fn tunnel_to(&self, service: &str) -> Tunnel {
        Tunnel::to(self.addr(service), Arc::clone(&self.client))
    }

    /// What a service shows to a client that was never there.
    pub(crate) fn shown(&self, service: &str) -> Shown {
        handshake::shake(self.addr(service), &self.client.as_ref().clone().forgetting()).unwrap()
    }

    /// Waits until every service shows this certificate to newcomers.
    pub(crate) fn await_certificate(&self, pair: &Pair) {
        for service in SERVICES {
            let shows = || (self.shown(service).certificate == pair.der).then_some(());
            wait::until(PATIENCE, &format!("{service} to show the certificate"), shows).unwrap();
        }
    }

    /// Waits until a line in the log contains all of `words`; how many do.
    pub(crate) fn await_logged(&self, words: &[&str]) -> usize {
        let count = || Some(self.logged(words)).filter(|count| *count > 0);
        wait::until(PATIENCE, &format!("{words:?} in the log"), count).unwrap()
    }

    /// How many lines in the log contain all of `words`.
    pub(crate) fn logged(&self, words: &[&str]) -> usize {
        let lines = self.process.stderr();
        lines.iter().filter(|line| words.iter().all(|word| line.contains(word))).count()
    }
}

/// A client without memory.
trait Forgetting {
    fn forgetting(self) -> Arc<ClientConfig>;
}

impl Forgetting for ClientConfig {
    fn forgetting(mut self) -> Arc<ClientConfig> {
        self.resumption = rustls::client::Resumption::disabled();
        Arc::new(self)
    }
}
