//! A server under test, on a core of its own.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context as _, ensure};
use hub_testkit::process::HubProcess;
use rustix::thread::{CpuSet, sched_setaffinity};

use crate::driver::Doors;

/// Core of the servers.
pub const SERVER_CORE: usize = 0;

/// Core of the client.
const CLIENT_CORE: usize = 1;

/// A program that delivers.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Program {
    /// The hub, as a binary.
    Hub(PathBuf),
    /// uWebSockets, by way of socketify, with the interpreter that has it.
    UWebSockets(PathBuf),
    /// The package ws on Node.
    Ws,
}

/// Settings of a hub.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Options {
    /// Milliseconds from one flush to the next.
    pub flush_ms: u32,
    /// Messages from so many bytes on are compressed, for clients that ask for it.
    pub deflate_min_bytes: Option<usize>,
}

impl Default for Options {
    fn default() -> Options {
        Options { flush_ms: 100, deflate_min_bytes: None }
    }
}

/// A process that ends when it is dropped.
pub struct Server {
    process: Process,
    doors: Doors,
}

enum Process {
    Hub { _hub: HubProcess },
    Peer(Child),
}

impl Server {
    /// Starts it on the servers' core, and moves the caller to the client's.
    pub fn start(program: &Program, options: Options) -> anyhow::Result<Server> {
        // A child starts where its parent is.
        pin(SERVER_CORE)?;
        let started = match program {
            Program::Hub(binary) => hub(binary, options),
            Program::UWebSockets(python) => peer(Command::new(python).arg("-B").arg(source("uws.py"))),
            Program::Ws => peer(Command::new("node").arg(source("ws.mjs"))),
        };
        pin(CLIENT_CORE)?;
        started.with_context(|| format!("{program:?} can't be started: see docs/performance.md"))
    }

    /// Its addresses.
    pub fn doors(&self) -> Doors {
        self.doors
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Process::Peer(child) = &mut self.process {
            // Neither can fail for a child that still has its id.
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

/// File of a peer's program.
pub(super) fn source(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("peers").join(file)
}

/// Moves the calling thread, and what it starts, to a core.
pub fn pin(core: usize) -> anyhow::Result<()> {
    let mut cores = CpuSet::new();
    cores.set(core);
    sched_setaffinity(None, &cores).with_context(|| format!("core {core}: two are needed"))
}

fn hub(binary: &Path, options: Options) -> anyhow::Result<Server> {
    let deflate = match options.deflate_min_bytes {
        Some(bytes) => format!("deflate_min_bytes = {bytes}"),
        None => "deflate = false".to_owned(),
    };
    let any = "bind = '127.0.0.1:0'";
    let config = format!(
        "[server]\nworkers = 1\nflush_ms = {}\n{deflate}\n[analytics]\n{any}\n[leaderboard]\n{any}\n[rttm]\n{any}\n\
         [autotrader]\n{any}\n[gateway]\n{any}\n[log]\npath = '{{data}}/hub.db'\n",
        options.flush_ms
    );
    let hub = HubProcess::spawn(binary, &config, &[], &[("RUST_LOG", "warn")])?;
    let doors = Doors { sockets: hub.addr("analytics")?, publish: hub.addr("gateway")?, pid: hub.pid() };
    Ok(Server { process: Process::Hub { _hub: hub }, doors })
}

/// A program that prints its port.
fn peer(command: &mut Command) -> anyhow::Result<Server> {
    let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).spawn()?;
    let mut line = String::new();
    BufReader::new(child.stdout.take().context("its output")?).read_line(&mut line)?;
    ensure!(!line.is_empty(), "it printed no port");
    let address = format!("127.0.0.1:{}", line.trim()).parse().with_context(|| line.clone())?;
    let doors = Doors { sockets: address, publish: address, pid: child.id() };
    Ok(Server { process: Process::Peer(child), doors })
}
