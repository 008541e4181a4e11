//! What is no pair is refused: the old one stays, and the next one is taken.

use std::fs;

use hub_testkit::wait;

use super::hub::TlsHub;
use super::pair::{CERTIFICATE, KEY, Pair, put};
use super::reload::OK;
use super::support::{PATIENCE, await_metric, metric};

const FAILED: &str = r#"hub_tls_reloads_total{status="failed"}"#;

#[test]
fn what_is_wrong_with_a_pair_is_said_and_the_old_one_stays() {
    let (files, old, new) = (tempfile::tempdir().unwrap(), Pair::make(), Pair::make());
    old.write(files.path());
    let mut hub = TlsHub::at(files.path(), &[&old, &new], &[("SERVER__TLS_RELOAD_MS", "0")]);
    let tunnel = hub.tunnel();
    let half = |pem: &str| pem[..pem.len() / 2].to_owned();
    // Sound Base64, and no certificate or key in it.
    let hollow = |what: &str| format!("-----BEGIN {what}-----\nAAAA\n-----END {what}-----\n");
    let cases = [
        (new.certificate.clone(), old.key.clone(), KEY, "do not belong together"),
        (old.certificate.clone(), new.key.clone(), CERTIFICATE, "do not belong together"),
        (half(&new.certificate), new.key.clone(), CERTIFICATE, ""),
        (new.certificate.clone(), half(&new.key), KEY, ""),
        (String::new(), new.key.clone(), CERTIFICATE, "there is no certificate in it"),
        (new.certificate.clone(), String::new(), KEY, ""),
        (hollow("CERTIFICATE"), new.key.clone(), CERTIFICATE, ""),
        (new.certificate.clone(), hollow("PRIVATE KEY"), KEY, ""),
        (new.key.clone(), new.certificate.clone(), CERTIFICATE, "there is no certificate in it"),
    ];
    let mut failed = 0;
    for (certificate, key, file, cause) in &cases {
        put(files.path(), CERTIFICATE, certificate);
        put(files.path(), KEY, key);
        hub.process.signal_hangup().unwrap();
        failed += 1;
        await_metric(tunnel.addr(), FAILED, failed);
        let path = files.path().join(file);
        hub.await_logged(&["WARN", "TLS certificate not reloaded", path.to_str().unwrap(), cause]);
        assert_eq!(hub.shown("analytics").certificate, old.der, "{file}: {cause}");
    }
    fs::remove_file(files.path().join(CERTIFICATE)).unwrap();
    hub.process.signal_hangup().unwrap();
    await_metric(tunnel.addr(), FAILED, failed + 1);
    hub.await_logged(&["WARN", files.path().join(CERTIFICATE).to_str().unwrap(), "No such file"]);
    assert_eq!(hub.shown("analytics").certificate, old.der);

    new.write(files.path());
    hub.process.signal_hangup().unwrap();
    hub.await_certificate(&new);
    assert_eq!((metric(tunnel.addr(), OK), metric(tunnel.addr(), FAILED)), (1, failed + 1));
}

#[test]
fn files_that_are_replaced_one_after_the_other_are_taken_together() {
    let (files, old, new) = (tempfile::tempdir().unwrap(), Pair::make(), Pair::make());
    old.write(files.path());
    let hub = TlsHub::at(files.path(), &[&old, &new], &[("SERVER__TLS_RELOAD_MS", "100")]);
    let tunnel = hub.tunnel();
    put(files.path(), CERTIFICATE, &new.certificate);
    let tried = || (metric(tunnel.addr(), FAILED) >= 3).then_some(());
    wait::until(PATIENCE, "three looks at half of a pair", tried).unwrap();
    assert_eq!(hub.shown("analytics").certificate, old.der);
    assert_eq!(hub.logged(&["WARN", "do not belong together"]), 1, "it is tried again, and not said again");
    put(files.path(), KEY, &new.key);
    hub.await_certificate(&new);
    await_metric(tunnel.addr(), OK, 1);
}
