//! `pms-hub log`: records for people, while a hub runs and after it was killed; a new epoch for a restored log.

mod support;

use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use hub_testkit::http;
use hub_testkit::process::HubProcess;
use serde_json::{Value, json};

use support::{address, hub, ingest, uuid};

/// No price, in its sender's own spelling.
const REFUSED: &str = r#"{"symbol": "AAPL",  "price": "dear"}"#;

/// Runs `pms-hub log` for the log of `hub`.
fn log(data: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_pms-hub"))
        .arg("log")
        .args(arguments)
        .env("PMS_HUB__LOG__PATH", data.join("hub.db"))
        .output()
        .unwrap()
}

fn lines(output: &Output) -> Vec<Value> {
    assert!(output.status.success(), "{output:?}");
    let text = std::str::from_utf8(&output.stdout).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn complaint(output: &Output) -> String {
    assert_eq!(output.status.code(), Some(1), "{output:?}");
    String::from_utf8(output.stderr.clone()).unwrap()
}

/// A hub that took in a purchase, a price and what is no price.
fn hub_with_records() -> (HubProcess, PathBuf) {
    let hub = hub(&[]);
    let addr = address(&hub);
    ingest(
        addr,
        "transactions",
        &json!({"transactionId": uuid(1), "portfolioId": uuid(2), "symbol": "AAPL", "side": "BUY",
                "quantity": "0.12345678", "price": 150.25, "timestamp": "2026-02-07T10:30:00.123456Z"}),
    );
    ingest(addr, "prices", &json!({"symbol": "AAPL", "price": 151}));
    let dear = http::request(addr, "POST", "/api/ingest/prices", &[], REFUSED.as_bytes()).unwrap();
    assert_eq!(dear.status, 422, "{:?}", dear.text());
    let data = hub.data_dir();
    (hub, data)
}

#[test]
fn records_are_shown_while_the_hub_runs_and_after_it_was_killed() {
    let (mut hub, data) = hub_with_records();
    let all = lines(&log(&data, &["show"]));
    let of = |kind: &str| lines(&log(&data, &["show", "--kind", kind]));
    let [transaction] = &of("transactions")[..] else { panic!("one transaction") };
    assert_eq!(transaction["event"]["transaction"]["quantity"], "0.12345678");
    assert_eq!(transaction["event"]["transaction"]["timestamp"], "2026-02-07T10:30:00.123456Z");
    assert_eq!(transaction["at"].as_str().map(str::len), Some("2026-02-07T10:30:00.123456Z".len()));
    let [price, refused] = &of("prices")[..] else { panic!("a price, and what is none") };
    assert_eq!(price["event"]["price"]["price"], "151");
    assert_eq!(refused["event"]["rejected"]["raw"], REFUSED);

    let position = price["position"].as_str().unwrap();
    let offset = position.split_once('-').unwrap().1;
    for from in [position, offset] {
        assert_eq!(
            lines(&log(&data, &["show", "--from", from, "--limit", "1"])),
            std::slice::from_ref(price),
            "{from}"
        );
    }
    hub.kill_9().unwrap();
    assert_eq!(lines(&log(&data, &["show", "--limit", "3"])), all[..3]);
}

#[test]
fn what_can_not_be_shown_is_told() {
    let (mut hub, data) = hub_with_records();
    for (arguments, told) in [
        (&["show", "--from", "yesterday"][..], "\"yesterday\" is neither a position nor an offset"),
        (&["show", "--from", "000000000000beef-1"], "is a position of another log"),
        (&["show", "--kind", "moon-landings"], "there are transactions, prices"),
    ] {
        let complaint = complaint(&log(&data, arguments));
        assert!(complaint.contains(told), "{complaint}");
    }
    let complaint = complaint(&log(&data.join("elsewhere"), &["show"]));
    assert!(complaint.contains("there is no such file"), "{complaint}");
    assert!(!data.join("elsewhere").exists(), "looking creates nothing");
    hub.terminate().unwrap();
}

#[test]
fn a_damaged_log_is_shown_as_far_as_it_is_whole_and_no_script_takes_it_for_verified() {
    let (mut hub, data) = hub_with_records();
    hub.kill_9().unwrap();
    let all = lines(&log(&data, &["show"]));
    let wal = data.join("hub.db-wal");
    let mut bytes = std::fs::read(&wal).unwrap();
    // Within the last page that was committed.
    let place = bytes.len() - 100;
    bytes[place] ^= 0x40;
    std::fs::write(&wal, &bytes).unwrap();
    for arguments in [&["show"][..], &["renew-epoch"]] {
        let output = log(&data, arguments);
        assert!(complaint(&output).contains("hub.db-wal is damaged: 1 commits"), "{output:?}");
    }
    let shown = String::from_utf8(log(&data, &["show"]).stdout).unwrap();
    assert_eq!(shown.lines().count(), all.len() - 1);
    assert_eq!(std::fs::read(&wal).unwrap(), bytes, "what is left is kept");
}

#[test]
fn whoever_reads_no_further_is_no_error() {
    let (mut hub, data) = hub_with_records();
    let mut show = Command::new(env!("CARGO_BIN_EXE_pms-hub"))
        .args(["log", "show"])
        .env("PMS_HUB__LOG__PATH", data.join("hub.db"))
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(show.stdout.take());
    let output = show.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
    hub.terminate().unwrap();
}

#[test]
fn a_restored_log_gets_a_new_epoch_once_the_hub_is_stopped() {
    let (mut hub, data) = hub_with_records();
    let in_use = complaint(&log(&data, &["renew-epoch"]));
    assert!(in_use.contains("is in use by another pms-hub"), "{in_use}");
    hub.terminate().unwrap();
    let epoch = |lines: &[Value]| lines[0]["position"].as_str().unwrap()[..16].to_owned();
    let before = lines(&log(&data, &["show"]));
    let renewed = log(&data, &["renew-epoch"]);
    assert!(renewed.status.success(), "{renewed:?}");
    let after = lines(&log(&data, &["show"]));
    assert_ne!(epoch(&after), epoch(&before));
    assert!(String::from_utf8(renewed.stderr).unwrap().contains(&epoch(&after)));
    assert_eq!(after.len(), before.len());
    hub.restart().unwrap();
}
