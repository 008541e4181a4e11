//! The certificate is replaced while the hub serves.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use hub_testkit::http;
use hub_testkit::stomp::{StompClient, StompOptions};
use hub_testkit::{Error, wait};
use rustls::HandshakeKind;

use super::handshake::shake;
use super::hub::TlsHub;
use super::pair::Pair;
use super::support::carriers::CARRIERS;
use super::support::{self, PATIENCE, POSITIONS, address, await_metric, buy, ingest, subscribe, uuid};

/// Only when it is told to.
const AT_SIGHUP: [(&str, &str); 1] = [("SERVER__TLS_RELOAD_MS", "0")];

/// As soon as it may.
const BY_ITSELF: [(&str, &str); 1] = [("SERVER__TLS_RELOAD_MS", "100")];

pub(super) const OK: &str = r#"hub_tls_reloads_total{status="ok"}"#;

#[test]
fn at_sighup_newcomers_get_the_new_certificate_and_open_sessions_go_on() {
    let (files, old, new) = (tempfile::tempdir().unwrap(), Pair::make(), Pair::make());
    old.write(files.path());
    let mut hub = TlsHub::at(files.path(), &[&old, &new], &AT_SIGHUP);
    let tunnel = hub.tunnel();
    let mut sessions = CARRIERS.map(|open| {
        let mut session = StompClient::connect(open(tunnel.addr()), &StompOptions::default()).unwrap();
        subscribe(&mut session, "0", POSITIONS);
        session
    });
    let mut holdings = 0;
    let mut all_get_the_next = || {
        holdings += 1;
        ingest(tunnel.addr(), "transactions", &buy(holdings, &uuid(1), "ACME", 1));
        for session in &mut sessions {
            assert_eq!(session.next_message("0").unwrap().json().unwrap()[0]["holdings"], holdings);
        }
    };
    all_get_the_next();
    new.write(files.path());
    assert_eq!(hub.shown("analytics").certificate, old.der, "nobody has told the hub");
    hub.process.signal_hangup().unwrap();
    hub.await_certificate(&new);
    all_get_the_next();
    await_metric(tunnel.addr(), OK, 1);
    // The end that the certificates of these tests have.
    assert_eq!(hub.await_logged(&["INFO", "TLS certificate reloaded", "4096-01-01T00:00:00Z"]), 1);
}

/// As secrets are mounted: both files are behind one link, which is swapped.
#[test]
fn by_itself_the_hub_finds_a_pair_that_was_swapped_below_it() {
    let (files, old, new) = (tempfile::tempdir().unwrap(), Pair::make(), Pair::make());
    let link_to = |name: &str, pair: &Pair| {
        fs::create_dir(files.path().join(name)).unwrap();
        pair.write(&files.path().join(name));
        symlink(name, files.path().join("next")).unwrap();
        fs::rename(files.path().join("next"), files.path().join("live")).unwrap();
    };
    link_to("first", &old);
    let hub = TlsHub::at(&files.path().join("live"), &[&old, &new], &BY_ITSELF);
    assert_eq!(hub.shown("gateway").certificate, old.der);
    link_to("second", &new);
    hub.await_certificate(&new);
    await_metric(hub.tunnel().addr(), OK, 1);
}

#[test]
fn a_session_is_resumed_only_under_the_certificate_it_began_with() {
    let (files, old, new) = (tempfile::tempdir().unwrap(), Pair::make(), Pair::make());
    old.write(files.path());
    let mut hub = TlsHub::at(files.path(), &[&old, &new], &AT_SIGHUP);
    let addr = hub.addr("analytics");
    let again = |hub: &TlsHub| {
        let shown = shake(addr, &hub.client).unwrap();
        (shown.kind, shown.certificate)
    };
    assert_eq!(again(&hub), (HandshakeKind::Full, old.der.clone()));
    assert_eq!(again(&hub), (HandshakeKind::Resumed, old.der.clone()));
    // A reload that replaces nothing ends nothing.
    hub.process.signal_hangup().unwrap();
    hub.await_logged(&["INFO", "it is the same"]);
    assert_eq!(again(&hub), (HandshakeKind::Resumed, old.der.clone()));

    new.write(files.path());
    hub.process.signal_hangup().unwrap();
    hub.await_certificate(&new);
    assert_eq!(again(&hub), (HandshakeKind::Full, new.der.clone()));
    assert_eq!(again(&hub), (HandshakeKind::Resumed, new.der.clone()));
}

#[test]
fn without_tls_sighup_harms_nobody() {
    let mut hub = support::hub(&[]);
    hub.signal_hangup().unwrap();
    let told = || hub.stderr().iter().any(|line| line.contains("SIGHUP")).then_some(());
    wait::until(PATIENCE, "SIGHUP in the log", told).unwrap();
    let mut client = support::subscriber(address(&hub), &[("0", POSITIONS)]);
    ingest(address(&hub), "transactions", &buy(1, &uuid(1), "ACME", 5));
    assert_eq!(client.next_message("0").unwrap().json().unwrap()[0]["holdings"], 5);
    let metrics = http::get(address(&hub), "/metrics").unwrap();
    assert!(!metrics.text().unwrap().contains("hub_tls_reloads_total{"), "there is nothing to reload");
}

#[test]
fn a_hub_does_not_start_with_a_pair_that_is_none() {
    let (files, one, other) = (tempfile::tempdir().unwrap(), Pair::make(), Pair::make());
    Pair { key: other.key, ..one }.write(files.path());
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let env = [
        ("PMS_HUB__ANALYTICS__TLS", "true".to_owned()),
        ("PMS_HUB__SERVER__TLS_CERTIFICATE", path("certificate.pem")),
        ("PMS_HUB__SERVER__TLS_KEY", path("key.pem")),
    ];
    let env = env.each_ref().map(|(name, value)| (*name, value.as_str()));
    let binary = Path::new(env!("CARGO_BIN_EXE_pms-hub"));
    let config = "[analytics]\nbind = '127.0.0.1:0'\n[leaderboard]\nbind = '127.0.0.1:0'\n[rttm]\nbind = '127.0.0.1:0'\n\
                  [autotrader]\nbind = '127.0.0.1:0'\n[gateway]\nbind = '127.0.0.1:0'\n[log]\npath = '{data}/hub.db'\n";
    let error: Error = hub_testkit::process::HubProcess::spawn(binary, config, &[], &env).unwrap_err();
    let cause = format!(
        "server.tls_certificate, server.tls_key: {} and {} do not belong together",
        path("certificate.pem"),
        path("key.pem")
    );
    assert!(error.to_string().contains(&cause), "{error}");
}
