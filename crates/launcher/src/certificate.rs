//! Keeps the certificate of the listeners what its files hold.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::{Duration, Instant};

use hub_core::trouble::Trouble;
use hub_server::Metrics;
use hub_server::metrics::StatusLabels;
use hub_server::tls::{Certificate, CertificateReload, TlsError};
use tokio::signal::unix::Signal;
use tokio::task::spawn_blocking;
use tokio::time::sleep;

/// Looks at the files at each SIGHUP and, unless `every` is zero, as often as
/// that; for as long as it is polled.
pub async fn keep(
    certificate: Option<Arc<Certificate>>,
    every: Duration,
    metrics: &Metrics,
    mut hangups: Signal,
) -> Infallible {
    let Some(certificate) = certificate else {
        loop {
            hangups.recv().await;
            tracing::info!("SIGHUP: no service speaks TLS, so there is no certificate to reload");
        }
    };
    let mut report = Report { metrics, refused: None, trouble: Trouble::default() };
    report.begin();
    loop {
        let asked = tokio::select! {
            _ = hangups.recv() => true,
            () = pause(every) => false,
        };
        let looking = Arc::clone(&certificate);
        // Files may be anywhere, also where they take their time.
        if let Ok(look) = spawn_blocking(move || looking.reload()).await {
            report.tell(&look, asked, &certificate);
        }
    }
}

async fn pause(every: Duration) {
    if every.is_zero() {
        return std::future::pending().await;
    }
    sleep(every).await;
}

/// The log lines and counters of looks at the files.
struct Report<'a> {
    metrics: &'a Metrics,
    /// The reason for which the files were refused the last time, if they were.
    refused: Option<String>,
    trouble: Trouble,
}

impl Report<'_> {
    /// A counter that is there from the start shows its first increase.
    fn begin(&self) {
        for status in ["ok", "failed"] {
            drop(self.metrics.tls_reloads.get_or_create(&StatusLabels { status }));
        }
    }

    fn tell(&mut self, look: &Result<CertificateReload, TlsError>, asked: bool, certificate: &Certificate) {
        match look {
            Ok(look) => self.sound(*look, asked, certificate),
            Err(error) => self.unsound(error.to_string(), asked, Instant::now()),
        }
    }

    /// Nothing is told if nobody asked and nothing happened.
    fn sound(&mut self, look: CertificateReload, asked: bool, certificate: &Certificate) {
        let mended = self.refused.take().is_some();
        self.trouble.reset();
        let expires = certificate.expiry().map(tracing::field::display);
        if look == CertificateReload::Unchanged && !asked {
            if mended {
                tracing::info!(expires, "the TLS certificate's files hold the one in use again");
            }
            return;
        }
        self.count("ok");
        match look {
            CertificateReload::Replaced => tracing::info!(expires, "TLS certificate reloaded"),
            CertificateReload::Unchanged => {
                tracing::info!(expires, "TLS certificate read again, it is the same");
            }
        }
    }

    /// Another cause is another trouble; who asks is told each time.
    fn unsound(&mut self, cause: String, asked: bool, now: Instant) {
        self.count("failed");
        if asked || self.refused.as_ref() != Some(&cause) {
            self.trouble.reset();
        }
        if let Some(times) = self.trouble.again(now) {
            tracing::warn!(%cause, times, "TLS certificate not reloaded, the one in use stays");
        }
        self.refused = Some(cause);
    }

    fn count(&self, status: &'static str) {
        self.metrics.tls_reloads.get_or_create(&StatusLabels { status }).inc();
    }
}
