//! A hub in a process of its own is awaited, killed, stopped and started again.

mod server;

use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use hub_testkit::Error;
use hub_testkit::process::HubProcess;
use server::SHORT;

fn fake_hub() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/fake-hub.sh")
}

fn config(mode: &str) -> String {
    format!("mode = \"{mode}\"\ndata = \"{{data}}\"\n")
}

fn spawn(mode: &str) -> HubProcess {
    HubProcess::spawn(&fake_hub(), &config(mode), &[], &[]).unwrap()
}

#[test]
fn the_banner_tells_the_addresses() {
    let hub = spawn("runs");
    assert_eq!(hub.addr("analytics").unwrap(), "127.0.0.1:18086".parse().unwrap());
    assert_eq!(hub.addr("auto-trader").unwrap(), "127.0.0.1:14025".parse().unwrap());
    let error = hub.addr("rttm").unwrap_err().to_string();
    assert!(error.starts_with("awaited the address of rttm; got [(\"analytics\", 127."), "{error}");
}

#[test]
fn arguments_and_environment_are_passed_on() {
    let args = ["--demo"];
    let env = [("FAKE", "yes"), ("PMS_HUB__SERVER__FLUSH_MS", "7")];
    let mut hub = HubProcess::spawn(&fake_hub(), &config("runs"), &args, &env).unwrap();
    hub.kill_9().unwrap();
    assert_eq!(hub.stderr(), ["args serve --config, then --demo; FAKE=yes; inherited 7"]);
}

/// Runs itself again in a process that has the variable, which the hub must not get.
#[test]
fn nothing_that_configures_a_hub_is_inherited() {
    if std::env::var_os("PMS_HUB__SERVER__FLUSH_MS").is_some() {
        let mut hub = spawn("runs");
        hub.kill_9().unwrap();
        assert!(hub.stderr()[0].ends_with("inherited nothing"), "{:?}", hub.stderr());
        return;
    }
    let again = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "nothing_that_configures_a_hub_is_inherited"])
        .env("PMS_HUB__SERVER__FLUSH_MS", "1")
        .output()
        .unwrap();
    let printed = String::from_utf8_lossy(&again.stdout);
    assert!(again.status.success() && printed.contains("1 passed"), "{printed}");
}

#[test]
fn a_hub_that_ends_before_it_is_ready_is_reported_with_what_it_printed() {
    let error = HubProcess::spawn(&fake_hub(), &config("fails"), &[], &[]).unwrap_err();
    assert!(matches!(&error, Error::Ended { awaited, .. } if awaited == "the hub to be ready"));
    let told = error.to_string();
    assert!(told.contains("exit status: 3") && told.contains("port in use"), "{told}");
}

#[test]
fn a_hub_that_never_is_ready_misses_its_deadline() {
    let error = HubProcess::spawn_within(SHORT, &fake_hub(), &config("hangs"), &[], &[]).unwrap_err();
    assert!(matches!(&error, Error::Deadline { awaited, .. } if awaited == "the hub to be ready"));
}

#[test]
fn it_is_killed_without_a_word() {
    let mut hub = spawn("runs");
    assert_eq!(hub.kill_9().unwrap().signal(), Some(9));
    assert!(!hub.stdout().contains(&"stopping".to_owned()));
    assert!(hub.rss_bytes().is_err(), "nothing is left to measure");
}

#[test]
fn it_is_asked_to_stop_and_may_say_something() {
    let mut hub = spawn("runs");
    assert_eq!(hub.terminate().unwrap().code(), Some(7));
    assert_eq!(hub.stdout().last().unwrap(), "stopping");
    assert_eq!(hub.terminate().unwrap().code(), Some(7), "asking again is in order");
}

#[test]
fn one_that_does_not_stop_misses_its_deadline() {
    let mut hub = spawn("deaf");
    hub.set_deadline(SHORT);
    let error = hub.terminate().unwrap_err().to_string();
    assert!(error.starts_with("awaited the end of the hub for 40ms; got stdout:\npms-hub"), "{error}");
}

#[test]
fn its_data_survives_a_restart() {
    let mut hub = spawn("runs");
    let first = hub.pid();
    hub.restart().unwrap();
    assert_ne!(hub.pid(), first);
    assert_eq!(std::fs::read_to_string(hub.data_dir().join("starts")).unwrap(), "start\nstart\n");
    assert_eq!(hub.addr("analytics").unwrap().port(), 18086);
    assert_eq!(hub.stdout().last().unwrap(), "ready in 1 ms, start 2");
}

#[test]
fn it_ends_with_its_owner_and_takes_its_directory_along() {
    let hub = spawn("runs");
    let (proc, data) = (PathBuf::from(format!("/proc/{}", hub.pid())), hub.data_dir());
    assert!(proc.exists() && data.exists());
    drop(hub);
    assert!(!proc.exists() && !data.exists());
}

#[test]
fn memory_and_time_are_those_of_the_process() {
    let hub = spawn("runs");
    let rss = hub.rss_bytes().unwrap();
    assert!((100_000..100_000_000).contains(&rss), "{rss} bytes are no shell");
    assert!(hub.cpu_time().unwrap() < Duration::from_secs(10));
}
