//! The log's file at the command line: records for people, and a new epoch for a log that was restored.

use std::io::{self, Write};
use std::path::Path;

use anyhow::Context;
use hub_core::position::Position;
use hub_core::{Event, Offset, Record};
use hub_log::{EmbeddedLog, EventLog, KeptRecord, LogView, Options};
use serde_json::json;

/// Records that are read at a time.
const CHUNK: usize = 1024;

/// Choice of the records that are shown.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    /// The first of them: a position, or an offset alone.
    pub from: Option<String>,
    /// The most of them.
    pub limit: Option<u64>,
    /// Their kind, as in `hub_ingest_total`: `transactions`, `prices`, `auto-trader`, `tick`...
    pub kind: Option<String>,
}

/// Writes records of the log at `path` as lines of JSON: `{position, at, kind, event}`, `at` to the
/// microsecond, and `extras` where members that nobody reads were kept (`log.keep_unknown`). Each was found whole, and in
/// its place. What came of it is not in the log: an oversell or a duplicate is a record as any other.
pub fn show(path: &Path, shown: &Shown, out: &mut impl Write) -> anyhow::Result<()> {
    if let Some(kind) = &shown.kind
        && !Event::kinds().any(|known| known == kind)
    {
        let kinds: Vec<&str> = Event::kinds().collect();
        anyhow::bail!("--kind: {kind:?} is none; there are {}", kinds.join(", "));
    }
    let log = view(path)?;
    let mut cursor = match &shown.from {
        Some(text) => Offset(first(text, &log)?.0.saturating_sub(1)),
        None => Offset::START,
    };
    let mut left = shown.limit.unwrap_or(u64::MAX);
    while left > 0 {
        let records = log.read_kept(cursor, CHUNK)?;
        let Some(last) = records.last() else { break };
        cursor = last.record.offset;
        for kept in records.iter().filter(|kept| shown.has(&kept.record)).take(saturating(left)) {
            if !readable(writeln!(out, "{}", line(kept, &log)))? {
                return Ok(());
            }
            left -= 1;
        }
    }
    readable(out.flush())?;
    whole(path, &log)
}

/// Gives the log at `path`, which no hub has open and of which every record can be read, a new epoch: it was restored
/// from a copy.
pub fn renew_epoch(path: &Path) -> anyhow::Result<String> {
    let view = view(path)?;
    let mut cursor = Offset::START;
    while let Some(last) = view.read(cursor, CHUNK)?.last() {
        cursor = last.offset;
    }
    whole(path, &view)?;
    drop(view);
    let log = EmbeddedLog::open(path, Options { restored: true, ..Options::new() })?;
    let epoch = log.epoch().to_string();
    log.close()?;
    Ok(epoch)
}

fn view(path: &Path) -> anyhow::Result<LogView> {
    let hint = "log.path says where the log is: --config FILE, or PMS_HUB__LOG__PATH";
    LogView::open(path)
        .map_err(|error| if path.exists() { error.into() } else { anyhow::anyhow!("{error} ({hint})") })
}

/// Complains of commits that are left out of a log.
fn whole(path: &Path, log: &LogView) -> anyhow::Result<()> {
    let commits = log.commits_left_out();
    anyhow::ensure!(
        commits == 0,
        "{}-wal is damaged: {commits} commits behind the damage are left out (keep a copy of the log's files; the hub \
         starts without them)",
        path.display()
    );
    Ok(())
}

impl Shown {
    fn has(&self, record: &Record) -> bool {
        self.kind.as_ref().is_none_or(|kind| kind == record.event.kind())
    }
}

/// The offset that `--from` means in this log.
fn first(text: &str, log: &LogView) -> anyhow::Result<Offset> {
    if let Ok(offset) = text.parse() {
        return Ok(Offset(offset));
    }
    let position: Position =
        text.parse().ok().with_context(|| format!("--from: {text:?} is neither a position nor an offset"))?;
    anyhow::ensure!(
        position.epoch == log.epoch(),
        "--from: {text} is a position of another log: this one has epoch {}",
        log.epoch()
    );
    Ok(position.offset)
}

fn line(kept: &KeptRecord, log: &LogView) -> String {
    let record = &kept.record;
    let position = Position { epoch: log.epoch(), offset: record.offset };
    let mut line = json!({
        "position": position.to_string(),
        "at": record.at.to_string_micros(),
        "kind": record.event.kind(),
        "event": record.event,
    })
    .to_string();
    if let Some(extras) = &kept.extras {
        // Their digits stay as they came; between members there may be line ends, in texts there are none.
        let extras = extras.replace(['\n', '\r'], "");
        line.insert_str(line.len() - 1, &format!(",\"extras\":{extras}"));
    }
    line
}

/// False once nobody reads any more (`| head`), which is no error.
fn readable(written: io::Result<()>) -> io::Result<bool> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
        result => result.map(|()| true),
    }
}

fn saturating(value: u64) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}
