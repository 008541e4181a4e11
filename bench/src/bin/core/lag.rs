//! Lag: the time from the answer to new prices, which move every portfolio, until a subscriber of all marks has the
//! last of them; beside a bare socket that carries the same bytes, in writes of the same sizes, to the same reader.
//!
//! The hub has the servers' core, and so has the thread that only writes; the reader has the client's.

mod bare;
mod reader;

use std::io::Write as _;
use std::net::TcpStream;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use hub_bench::opening::upgrade;
use hub_bench::pairs::Spread;
use hub_bench::peers::{Options, Program, Server};
use hub_bench::process::cpu_time;
use hub_bench::table::{Table, cell};
use hub_core::Event;
use hub_testkit::http::HttpConnection;
use serde_json::Value;

use self::bare::Bare;
use self::reader::{Reader, Resume};
use crate::ingest::Batch;
use crate::workload::{SYMBOLS, Workload};

/// Time that one request, or one read, may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// Transactions of one request.
const BATCH: usize = 4_000;

/// Pause before a round: whatever came before has been flushed, and the hub flushes at once what comes then.
const PAUSE: Duration = Duration::from_millis(300);

/// Rounds before those that are measured.
const ROUNDS_BEFORE: usize = 2;

/// The socket of a subscriber of all marks.
const TARGET: &str = "/ws/positions?topics=unrealized-pnl&batch=true";

/// Options of the measurement of lag.
#[derive(Args)]
pub(crate) struct LagArguments {
    /// Positions that are open.
    #[arg(long, default_value = "1000000")]
    positions: NonZeroUsize,
    /// Portfolios that hold them, of 500 symbols.
    #[arg(long, default_value_t = 100_000)]
    portfolios: u32,
    /// Rounds.
    #[arg(long, default_value = "15")]
    rounds: NonZeroUsize,
    /// The hub's binary; several, by commas, are measured one after the other.
    #[arg(long, default_value = "target/release/pms-hub", value_delimiter = ',')]
    hub: Vec<PathBuf>,
}

/// Result of one round.
struct Round {
    hub_ms: f64,
    bare_ms: f64,
    /// Time from the answer to the first byte.
    first_ms: f64,
    /// CPU time of the hub from before the prices were posted.
    cpu_ms: f64,
    bytes: usize,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &LagArguments) -> anyhow::Result<()> {
    let LagArguments { positions, portfolios, rounds, hub } = arguments;
    println!(
        "{positions} positions of {portfolios} portfolios and {SYMBOLS} symbols, all of which tick; one subscriber of \
         all marks; {rounds} rounds\n"
    );
    let headings =
        ["hub ms", "first byte ms", "bare socket ms", "hub / it", "CPU ms", "MB"].map(str::to_owned);
    let mut table = Table::new("medians", headings.into());
    for hub in hub {
        let rounds = read(arguments, hub)?;
        let values: [fn(&Round) -> f64; 6] = [
            |it| it.hub_ms,
            |it| it.first_ms,
            |it| it.bare_ms,
            |it| it.hub_ms / it.bare_ms,
            |it| it.cpu_ms,
            |it| it.bytes as f64 / 1e6,
        ];
        let cells = values.map(|value| cell(Spread::of(&rounds.iter().map(value).collect::<Vec<_>>())));
        table.add(&hub.display().to_string(), cells);
    }
    print!("{table}");
    Ok(())
}

fn read(arguments: &LagArguments, hub: &Path) -> anyhow::Result<Vec<Round>> {
    let server = Server::start(&Program::Hub(hub.to_path_buf()), Options::default())?;
    let mut posts = HttpConnection::connect(server.doors().publish, PATIENCE)?;
    let positions = arguments.positions.get();
    let mut workload = Workload::new(0, arguments.portfolios, positions)?;
    let mut left = positions;
    while left > 0 {
        let count = left.min(BATCH);
        Batch::of(&mut workload, count)?.send(&mut posts)?;
        left -= count;
    }
    post(&mut posts, &prices(&mut workload)?)?;
    let mut subscriber = subscribe(&server)?;
    let (mut bare, mut rounds) = (Bare::start()?, Vec::new());
    for round in 0..ROUNDS_BEFORE + arguments.rounds.get() {
        let body = prices(&mut workload)?;
        pause();
        let before = cpu_time(server.doors().pid)?;
        let resume = post(&mut posts, &body)?;
        let answered = Instant::now();
        let taken = subscriber.until(resume)?;
        let (hub, first) = (answered.elapsed(), taken.first.saturating_duration_since(answered));
        let used = cpu_time(server.doors().pid)?.saturating_sub(before);
        let bytes = taken.bytes;
        let bare = bare.carry(&taken)?;
        if round >= ROUNDS_BEFORE {
            let [hub_ms, first_ms, bare_ms, cpu_ms] =
                [hub, first, bare, used].map(|time| time.as_secs_f64() * 1e3);
            rounds.push(Round { hub_ms, bare_ms, first_ms, cpu_ms, bytes });
        }
    }
    Ok(rounds)
}

#[expect(clippy::disallowed_methods, reason = "it is the hub that is given the time")]
fn pause() {
    thread::sleep(PAUSE);
}

/// A body with a new price of every symbol.
fn prices(workload: &mut Workload) -> anyhow::Result<Vec<u8>> {
    let mut json = Vec::new();
    for symbol in 0..SYMBOLS as usize {
        let Event::Price(quote) = workload.tick(symbol).event else { bail!("no price was drawn") };
        json.push(if symbol == 0 { b'[' } else { b',' });
        write!(json, r#"{{"symbol":"{}","price":{}}}"#, quote.symbol, quote.price)?;
    }
    json.push(b']');
    Ok(json)
}

/// Posts prices, and gives the position of the last of them.
fn post(posts: &mut HttpConnection, body: &[u8]) -> anyhow::Result<Resume> {
    let headers = [("Content-Type", "application/json")];
    let answer = posts.request("POST", "/api/ingest/prices", &headers, body)?;
    ensure!(answer.status == 200, "{}: {:.200}", answer.status, answer.text()?);
    let json = answer.json()?;
    let last = json.pointer(&format!("/results/{}/position", SYMBOLS - 1)).and_then(Value::as_str);
    Resume::of(last.context("no position")?)
}

/// A subscriber who has the snapshot.
fn subscribe(server: &Server) -> anyhow::Result<Reader> {
    let mut socket = TcpStream::connect(server.doors().sockets)?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.write_all(upgrade(TARGET, false).as_bytes())?;
    let mut reader = Reader::new(socket);
    reader.skip_head()?;
    reader.until(Resume::default())?;
    Ok(reader)
}
