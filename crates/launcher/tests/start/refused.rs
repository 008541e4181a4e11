//! A start that fails says why in one line, each link of the chain once.

use std::collections::BTreeSet;
use std::net::TcpListener;
use std::path::Path;

use hub_testkit::process::HubProcess;

use crate::support::CONFIG;

/// What a hub with these settings says as it fails to start.
fn refused(settings: &[(&str, &str)]) -> String {
    let dir = tempfile::tempdir().unwrap();
    let here = |text: &str| text.replace("{here}", dir.path().to_str().unwrap());
    std::fs::write(dir.path().join("file"), "neither a log nor a certificate\n").unwrap();
    let env: Vec<_> =
        settings.iter().map(|(name, value)| (format!("PMS_HUB__{name}"), here(value))).collect();
    let env: Vec<_> = env.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let binary = Path::new(env!("CARGO_BIN_EXE_pms-hub"));
    let failed = HubProcess::spawn(binary, CONFIG, &[], &env).unwrap_err().to_string();
    let lines: Vec<&str> = failed.lines().filter(|line| line.starts_with("pms-hub: ")).collect();
    assert_eq!(lines.len(), 1, "{failed}");
    lines[0].replace(dir.path().to_str().unwrap(), "HERE")
}

#[test]
fn each_link_of_the_chain_is_told_once() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = format!("localhost:{}", taken.local_addr().unwrap().port());
    let tls = |certificate| {
        vec![
            ("ANALYTICS__TLS", "true"),
            ("SERVER__TLS_CERTIFICATE", certificate),
            ("SERVER__TLS_KEY", "{here}/file"),
        ]
    };
    let address = taken.replace("localhost", "127.0.0.1");
    for (settings, start, cause) in [
        (
            vec![("LOG__PATH", "{here}/file/hub.db")],
            "pms-hub: log.path: HERE/file/hub.db can't be opened: ",
            "(os error ",
        ),
        (vec![("LOG__PATH", "{here}/file")], "pms-hub: log.path: HERE/file is not an event log", ""),
        (vec![("LOG__PATH", "{here}")], "pms-hub: log.path: HERE can't be opened: ", ""),
        (
            vec![("RTTM__BIND", &*taken)],
            &*format!("pms-hub: rttm.bind = {address}: "),
            "Address already in use (os error ",
        ),
        (
            vec![("SERVER__SOCKJS_SCRIPT", "{here}/none.js")],
            "pms-hub: server.sockjs_script = HERE/none.js: ",
            "No such file or directory (os error 2)",
        ),
        (
            tls("{here}/none.pem"),
            "pms-hub: server.tls_certificate, server.tls_key: HERE/none.pem: ",
            "No such file or directory (os error 2)",
        ),
        (
            tls("{here}/file"),
            "pms-hub: server.tls_certificate, server.tls_key: HERE/file: ",
            "there is no certificate in it",
        ),
        (vec![("SERVER__FLUSH_MS", "0")], "pms-hub: server.flush_ms = 0 ", "must be 1 to 60000"),
    ] {
        let line = refused(&settings);
        assert!(line.starts_with(start) && line.contains(cause), "{settings:?}: {line}");
        let links: Vec<&str> = line.split(": ").collect();
        let different: BTreeSet<&str> = links.iter().copied().collect();
        assert_eq!(links.len(), different.len(), "{settings:?}: {line}");
    }
}

/// Log lines print an error's message, the command line its chain: who has a message of its own has no source,
/// and who has a source has its message.
#[test]
fn no_error_tells_in_its_message_what_its_source_tells() {
    let crates = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let (mut pending, mut checked) = (vec![crates], 0);
    while let Some(path) = pending.pop() {
        if path.is_dir() && !path.ends_with("target") {
            pending.extend(path.read_dir().unwrap().map(|entry| entry.unwrap().path()));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let mut message = "";
            for line in text.lines().map(str::trim) {
                if line.starts_with("#[error(") {
                    message = line;
                }
                let from = concat!("#[", "from]");
                let source = concat!("#[", "source]");
                if line.contains(from) || line.contains(source) {
                    assert_eq!(message, "#[error(transparent)]", "{}: {line}", path.display());
                    checked += 1;
                }
            }
        }
    }
    assert!(checked > 0);
}
