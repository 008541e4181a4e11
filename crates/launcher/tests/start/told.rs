//! What is logged at a start with what is shipped.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use hub_testkit::process::HubProcess;

use crate::support::CONFIG;

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

#[test]
fn that_few_connections_fit_is_told_and_is_no_warning() {
    let dir = tempfile::tempdir().unwrap();
    let script = dir.path().join("pms-hub-with-few-files");
    let text = format!("#!/bin/sh\nulimit -n 100\nexec {} \"$@\"\n", env!("CARGO_BIN_EXE_pms-hub"));
    fs::write(&script, text).unwrap();
    fs::set_permissions(&script, fs::Permissions::from_mode(0o755)).unwrap();
    let hub = HubProcess::spawn(&script, CONFIG, &[], &[]).unwrap();
    let said = hub.stderr();
    // 64, and 8 for each of two workers, are the hub's own.
    let told = |line: &&String| line.contains(" INFO ") && line.contains("few connections fit");
    assert!(said.iter().find(told).is_some_and(|line| line.contains("connections=20 ")), "{said:?}");
    assert!(!said.iter().any(|line| line.contains("WARN")), "{said:?}");
}
