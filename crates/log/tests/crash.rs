//! Killed processes, failing writes, torn files.
//!
//! The appending process is this test binary, started again with a role.

mod files;

use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use files::{history, note, text_of};
use hub_core::Offset;
use hub_log::{EmbeddedLog, Entry, EventLog, LogError};

const ROLE: &str = "HUB_LOG_CRASH_ROLE";
const PATH: &str = "HUB_LOG_CRASH_PATH";
const CALLERS: usize = 4;

/// Opens a log that nobody has open. A process that another test is starting holds its lock, too, for the moment between
/// fork and exec.
fn open(path: &Path) -> Result<EmbeddedLog, LogError> {
    let began = std::time::Instant::now();
    loop {
        match files::open(path) {
            Err(LogError::Locked { .. }) if began.elapsed().as_secs() < 30 => std::thread::yield_now(),
            opened => return opened,
        }
    }
}

/// One append: who made it in which round, its number, and its first offset.
type Appends = BTreeMap<(usize, usize, usize), Offset>;

#[test]
fn a_kill_loses_nothing_acknowledged_and_leaves_nothing_half() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let mut acknowledged = Appends::new();
    for (round, acks) in [1, 50, 7, 120, 400, 30].into_iter().enumerate() {
        let mut child =
            start(&mut Command::new(std::env::current_exe().unwrap()), &format!("append {round}"), &path);
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut seen: Vec<String> =
            lines.by_ref().map(Result::unwrap).filter(|line| line.contains("ack ")).take(acks).collect();
        child.kill().unwrap();
        seen.extend(lines.map_while(Result::ok).filter(|line| line.contains("ack ")));
        child.wait().unwrap();
        assert!(seen.len() >= acks, "the child ended by itself after {} acks", seen.len());
        acknowledged.extend(seen.iter().filter_map(|line| acknowledgement(line)));

        let found = whole_appends(&open(&path).unwrap());
        for (append, offset) in &acknowledged {
            assert_eq!(found.get(append), Some(offset), "{append:?} of round {round} was acknowledged");
        }
    }
    assert!(acknowledged.len() > 500);
}

#[cfg(unix)]
#[test]
fn a_failed_write_stops_the_log_and_loses_nothing_acknowledged() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    // A limit on the size of files: writes beyond it fail with EFBIG.
    let mut shell = Command::new("sh");
    shell
        .args(["-c", r#"trap "" XFSZ; ulimit -f 1024; exec "$0" "$@""#])
        .arg(std::env::current_exe().unwrap());
    let output = start(&mut shell, "fail", &path).wait_with_output().unwrap();
    let output = String::from_utf8(output.stdout).unwrap();
    assert!(output.contains("failed as promised"), "{output}");
    let acknowledged: Appends = output.lines().filter_map(acknowledgement).collect();
    assert!(acknowledged.len() > 10, "{output}");
    let found = whole_appends(&open(&path).unwrap());
    for (append, offset) in &acknowledged {
        assert_eq!(found.get(append), Some(offset), "{append:?}");
    }
}

#[test]
fn a_torn_write_ahead_log_ends_after_a_whole_append() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("log.db");
    let log = open(&path).unwrap();
    for number in 0..30 {
        log.append(append_of(0, 0, number)).wait().unwrap();
    }
    let whole = whole_appends(&log);
    let [file, wal] = ["log.db", "log.db-wal"].map(|name| fs::read(dir.path().join(name)).unwrap());
    let copy = dir.path().join("copy.db");
    let mut lengths = Vec::new();
    for cut in (0..wal.len()).step_by(wal.len() / 40).chain([wal.len()]) {
        for rest in [0, 3000] {
            fs::write(&copy, &file).unwrap();
            let torn: Vec<u8> = wal[..cut].iter().copied().chain((0..rest).map(|n| n as u8)).collect();
            fs::write(dir.path().join("copy.db-wal"), torn).unwrap();
            let log = open(&copy).unwrap();
            let found = whole_appends(&log);
            assert!(found.iter().eq(whole.iter().take(found.len())), "not a prefix, cut at {cut}");
            log.append(append_of(1, 0, 0)).wait().unwrap();
            lengths.push(found.len());
        }
    }
    assert!(lengths.is_sorted(), "{lengths:?}");
    assert_eq!((lengths[0], lengths[lengths.len() - 1]), (0, 30));
}

/// Not a test: what the other process does.
#[test]
fn child() {
    let (Ok(role), Some(path)) = (std::env::var(ROLE), std::env::var_os(PATH).map(PathBuf::from)) else {
        return;
    };
    let log = open(&path).unwrap();
    match role.split_once(' ') {
        Some(("append", round)) => {
            let (log, round) = (&log, round.parse().unwrap());
            std::thread::scope(|scope| {
                for caller in 0..CALLERS {
                    scope.spawn(move || append_until_it_fails(log, round, caller));
                }
            });
        }
        _ => fail(&log),
    }
}

fn append_until_it_fails(log: &EmbeddedLog, round: usize, caller: usize) -> LogError {
    for number in 0..50_000 {
        match log.append(append_of(round, caller, number)).wait() {
            Ok(appended) => say(&format!("ack {round} {caller} {number} {}", appended.offsets[0])),
            Err(error) => return error,
        }
    }
    panic!("nobody stopped this");
}

fn fail(log: &EmbeddedLog) {
    let error = append_until_it_fails(log, 0, 0);
    assert!(matches!(error, LogError::Storage { .. }), "{error}");
    let head = log.head();
    assert_eq!(log.append(append_of(1, 0, 0)).wait(), Err(error.clone()), "and goes on failing");
    assert_eq!(log.tick().wait(), Err(error.clone()));
    assert_eq!(log.head(), head);
    assert_eq!(history(log).len() as u64, head.0, "what was committed can be read");
    assert_eq!(log.tail(head).next(1, std::time::Duration::from_secs(60)), Err(error.clone()));
    assert_eq!(log.close(), Err(error));
    say("failed as promised");
}

fn start(command: &mut Command, role: &str, path: &Path) -> Child {
    command
        .args(["child", "--exact", "--nocapture"])
        .env(ROLE, role)
        .env(PATH, path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

/// One line, in one write: the other end must not see half of it.
fn say(line: &str) {
    std::io::stdout().lock().write_all(format!("\n{line}\n").as_bytes()).unwrap();
}

fn acknowledgement(line: &str) -> Option<((usize, usize, usize), Offset)> {
    let numbers: Vec<usize> =
        line.strip_prefix("ack ")?.split(' ').map(|number| number.parse().ok()).collect::<Option<_>>()?;
    let &[round, caller, number, offset] = numbers.as_slice() else { return None };
    Some(((round, caller, number), Offset(offset as u64)))
}

/// An append of one to seven entries.
fn append_of(round: usize, caller: usize, number: usize) -> Vec<Entry> {
    let size = 1 + (number * 5 + caller) % 7;
    (0..size).map(|index| note(format!("{round} {caller} {number} {size} {index}"))).collect()
}

/// Every append in the log; panics unless each is whole, in its caller's
/// order, there once, and the offsets have no holes.
fn whole_appends(log: &EmbeddedLog) -> Appends {
    let records = history(log);
    let offsets: Vec<u64> = records.iter().map(|record| record.offset.0).collect();
    assert_eq!(offsets, (1..=records.len() as u64).collect::<Vec<_>>());
    let mut found = Appends::new();
    let mut rest = records.as_slice();
    while let Some(first) = rest.first() {
        let numbers: Vec<usize> = text_of(first).split(' ').map(|number| number.parse().unwrap()).collect();
        let (round, caller, number, size) = (numbers[0], numbers[1], numbers[2], numbers[3]);
        assert!(rest.len() >= size, "half an append at the end");
        let (append, others) = rest.split_at(size);
        let expected = append_of(round, caller, number);
        assert!(append.iter().map(|record| &record.event).eq(expected.iter().map(|entry| &entry.event)));
        if number > 0 {
            assert!(found.contains_key(&(round, caller, number - 1)), "out of order");
        }
        assert_eq!(found.insert((round, caller, number), first.offset), None, "there twice");
        rest = others;
    }
    found
}
