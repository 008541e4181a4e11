//! What is logged at a start with what is shipped.

use std::fs;
use std::path::Path;

use hub_testkit::process::HubProcess;

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
