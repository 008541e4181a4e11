//! What is logged at a start with what is shipped.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use hub_testkit::http;
use hub_testkit::process::HubProcess;

use crate::support::{CONFIG, address};

/// A shipped configuration on free ports, with a directory of its own.
fn shipped(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../configs").join(name);
    let mut text = fs::read_to_string(path).unwrap();
    for port in ["8086", "8000", "8087", "4025", "8080"] {
        text = text.replace(&format!(":{port}\"\n"), ":0\"\n");
    }
    text.replace("\"data/hub.db\"", "\"{data}/hub.db\"").replace("\"/data/hub.db\"", "\"{data}/hub.db\"")
}

#[test]
fn defaults_start_without_a_warning_and_a_file_gets_no_colours() {
    for name in ["default.toml", "docker.toml"] {
        let binary = Path::new(env!("CARGO_BIN_EXE_pms-hub"));
        let hub = HubProcess::spawn(binary, &shipped(name), &["--demo"], &[]).unwrap();
        let said = hub.stderr();
        assert!(said.iter().any(|line| line.contains("connections that fit")), "{name}: {said:?}");
        for line in said.iter().chain(&hub.stdout()) {
            assert!(!line.contains("WARN") && !line.contains("ERROR"), "{name}: {line}");
            assert!(!line.contains('\u{1b}'), "{name}: {line:?}");
        }
        let note = hub.stdout().iter().any(|line| line.ends_with("  (all interfaces)"));
        assert_eq!(note, name == "docker.toml", "{:?}", hub.stdout());
    }
}

/// A hub that a shell starts by these lines, where `{}` is its binary.
fn hub_by(lines: &str) -> HubProcess {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("pms-hub-by-a-shell");
    let lines = lines.replace("{}", env!("CARGO_BIN_EXE_pms-hub"));
    fs::write(&script, format!("#!/bin/sh\n{lines}\n")).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    HubProcess::spawn(&script, CONFIG, &[], &[]).unwrap()
}

#[test]
fn a_log_that_can_not_be_written_is_lost_and_nothing_else() {
    // A disk that is full, and a reader that has gone.
    for lines in ["exec {} \"$@\" 2>/dev/full", "mkfifo gone; : < gone & exec {} \"$@\" 2> gone"] {
        let hub = hub_by(lines);
        // What is refused is told of.
        for path in ["/nope", "/ready", "/nope"] {
            let answer = http::get(address(&hub), path).unwrap();
            assert_eq!(answer.status, if path == "/nope" { 404 } else { 200 }, "{lines}");
        }
    }
}

#[test]
fn that_few_connections_fit_is_told_and_is_no_warning() {
    let hub = hub_by("ulimit -n 100\nexec {} \"$@\"");
    let said = hub.stderr();
    // 64, and 8 for each of two workers, are the hub's own.
    let told = |line: &&String| line.contains(" INFO ") && line.contains("few connections fit");
    assert!(said.iter().find(told).is_some_and(|line| line.contains("connections=20 ")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("WARN")), "{said:?}");
}
