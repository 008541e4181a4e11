//! What a delivery and an idle connection cost, beside the physical limit in
//! the same run.
//!
//! The limit is a program that does nothing but write: one thread, the same
//! number of plain TCP sockets, the same bytes, one `write` each. The hub does
//! the same through STOMP over WebSocket, plain and in `SockJS` frames, its HTTP
//! door included. Rounds
//! alternate; medians and ratios are printed. Traffic stays on 127.0.0.1.

#![allow(clippy::print_stdout, reason = "a benchmark reports on standard output")]

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context as _, anyhow};
use clap::Parser;
use hub_bench::load::{Load, Opening};
use hub_bench::process::{cpu_time, rss_bytes};
use hub_bench::stats::median;
use hub_testkit::http::HttpConnection;
use hub_testkit::process::HubProcess;

/// Fan-out cost of pms-hub beside bare writes.
#[derive(Parser)]
struct Arguments {
    /// The hub's binary.
    #[arg(long, default_value = "target/release/pms-hub")]
    hub: PathBuf,
    /// Subscribers while messages are delivered.
    #[arg(long, default_value_t = 1000)]
    subscribers: usize,
    /// Connections that only exist.
    #[arg(long, default_value_t = 5000)]
    idle: usize,
    /// Rounds of each.
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Messages of a round.
    #[arg(long, default_value_t = 300)]
    messages: usize,
    /// Bytes of a message's body.
    #[arg(long, default_value_t = 400)]
    body: usize,
    /// Runs as the program that only writes (internal).
    #[arg(long, hide = true)]
    bare: bool,
}

const CONFIG: &str = r#"
[server]
workers = 1
[analytics]
bind = "127.0.0.1:0"
[leaderboard]
bind = "127.0.0.1:0"
[rttm]
bind = "127.0.0.1:0"
[autotrader]
bind = "127.0.0.1:0"
[gateway]
bind = "127.0.0.1:0"
[log]
path = "{data}/hub.db"
"#;

/// What carries STOMP.
#[derive(Clone, Copy, Debug)]
enum Transport {
    WebSocket,
    SockJs,
}

impl Transport {
    fn path(self) -> &'static str {
        match self {
            Transport::WebSocket => "/ws",
            Transport::SockJs => "/ws/000/bench/websocket",
        }
    }

    /// How the answer to the upgrade ends.
    fn opened(self) -> &'static [u8] {
        match self {
            Transport::WebSocket => b"\r\n\r\n",
            Transport::SockJs => b"\x81\x01o",
        }
    }

    /// How a frame without a body ends.
    fn frame_end(self) -> &'static [u8] {
        match self {
            Transport::WebSocket => b"\n\n\0",
            Transport::SockJs => br#"\n\n\u0000"]"#,
        }
    }

    fn wrap(self, stomp: &str) -> Vec<u8> {
        match self {
            Transport::WebSocket => masked(stomp),
            Transport::SockJs => masked(&serde_json::json!([stomp]).to_string()),
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    if arguments.bare {
        return bare();
    }
    for transport in [Transport::WebSocket, Transport::SockJs] {
        println!("{transport:?}: idle memory, {} connections:", arguments.idle);
        idle(&arguments, transport).await?;
        let Arguments { subscribers, body, .. } = arguments;
        println!("{transport:?}: delivery, {subscribers} subscribers, {body} byte bodies:");
        delivery(&arguments, transport).await?;
    }
    Ok(())
}

/// Resident memory per connection: WebSocket upgraded, STOMP connected.
async fn idle(arguments: &Arguments, transport: Transport) -> anyhow::Result<()> {
    let hub = start_hub(arguments)?;
    let address = hub.addr("analytics")?;
    // What the first connections allocate once is not theirs.
    let warm = Load::connect(address, 50, &opening(transport, None)).await?;
    let before = rss_bytes(hub.pid())?;
    let load = Load::connect(address, arguments.idle, &opening(transport, None)).await?;
    let after = rss_bytes(hub.pid())?;
    let kib = after.saturating_sub(before) as f64 / 1024.0 / arguments.idle as f64;
    println!("  hub   {kib:.2} KiB per connection");
    drop((warm, load));
    Ok(())
}

async fn delivery(arguments: &Arguments, transport: Transport) -> anyhow::Result<()> {
    let hub = start_hub(arguments)?;
    let address = hub.addr("analytics")?;
    let opening = opening(transport, Some("/topic/relay/bench"));
    let load = Load::connect(address, arguments.subscribers, &opening).await?;
    let mut http = HttpConnection::connect(address, hub_testkit::DEFAULT_DEADLINE)?;
    let body = vec![b'x'; arguments.body];
    let frame = one_message(&mut http, &load, &body, arguments.subscribers).await?;

    let mut bare = Bare::start()?;
    bare.expect_connections(arguments.subscribers)?;
    let bare_load =
        Load::connect(bare.address, arguments.subscribers, &Opening { steps: Vec::new() }).await?;

    let (mut hub_rounds, mut bare_rounds) = (Vec::new(), Vec::new());
    for _ in 0..arguments.rounds {
        let before = cpu_time(hub.pid())?;
        for _ in 0..arguments.messages {
            let target = load.received() + frame * arguments.subscribers as u64;
            publish(&mut http, &body)?;
            load.reach(target).await;
        }
        hub_rounds.push(micros_per_delivery(cpu_time(hub.pid())?.saturating_sub(before), arguments));
        let before = cpu_time(bare.child.id())?;
        for _ in 0..arguments.messages {
            let target = bare_load.received() + frame * arguments.subscribers as u64;
            bare.write(frame as usize)?;
            bare_load.reach(target).await;
        }
        bare_rounds.push(micros_per_delivery(cpu_time(bare.child.id())?.saturating_sub(before), arguments));
    }
    let (hub_cost, bare_cost) = (median(&hub_rounds), median(&bare_rounds));
    println!("  hub   {hub_cost:.2} us CPU per delivery ({frame} bytes each)");
    println!("  bare  {bare_cost:.2} us CPU per delivery");
    let ratios: Vec<f64> = hub_rounds.iter().zip(&bare_rounds).map(|(hub, bare)| hub / bare).collect();
    println!("  hub / bare, median of {} paired rounds: {:.2}", ratios.len(), median(&ratios));
    let status = {
        let mut hub = hub;
        hub.terminate()?
    };
    println!("  graceful shutdown with {} subscribers: {status}", arguments.subscribers);
    Ok(())
}

fn micros_per_delivery(cpu: std::time::Duration, arguments: &Arguments) -> f64 {
    cpu.as_secs_f64() * 1e6 / (arguments.messages * arguments.subscribers) as f64
}

fn start_hub(arguments: &Arguments) -> anyhow::Result<HubProcess> {
    HubProcess::spawn(&arguments.hub, CONFIG, &[], &[("RUST_LOG", "warn")])
        .with_context(|| format!("{}: build it first, see `make bench`", arguments.hub.display()))
}

fn publish(http: &mut HttpConnection, body: &[u8]) -> anyhow::Result<()> {
    let headers = [("Content-Type", "text/plain")];
    let response = http.request("POST", "/api/publish/topic/relay/bench", &headers, body)?;
    if response.status == 200 { Ok(()) } else { Err(anyhow!("publish: {}", response.status)) }
}

/// Delivers one message and learns how long its frame is: as long for
/// everybody, since all ask for the same subscription id.
async fn one_message(
    http: &mut HttpConnection,
    load: &Load,
    body: &[u8],
    subscribers: usize,
) -> anyhow::Result<u64> {
    let before = load.received();
    publish(http, body)?;
    let least = (body.len() * subscribers) as u64;
    load.reach(before + least).await;
    // The rest of the last frames is on its way; a second message proves it
    // has come, since every socket keeps order.
    loop {
        let total = load.received() - before;
        if total.is_multiple_of(subscribers as u64) && total / subscribers as u64 > body.len() as u64 + 100 {
            return Ok(total / subscribers as u64);
        }
        load.reach(load.received() + 1).await;
    }
}

/// Upgrades, connects and, if wanted, subscribes with a receipt.
fn opening(transport: Transport, subscribe: Option<&str>) -> Opening {
    let path = transport.path();
    let upgrade = format!(
        "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
         Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    );
    let connect = "CONNECT\naccept-version:1.2\nheart-beat:0,0\n\n\0";
    let mut steps =
        vec![(upgrade.into_bytes(), transport.opened()), (transport.wrap(connect), transport.frame_end())];
    if let Some(destination) = subscribe {
        let frame = format!("SUBSCRIBE\nid:sub-0\ndestination:{destination}\nreceipt:r\n\n\0");
        steps.push((transport.wrap(&frame), transport.frame_end()));
    }
    Opening { steps }
}

/// A text frame as a client sends it, with the mask 0.
fn masked(text: &str) -> Vec<u8> {
    let mut frame = vec![0x81];
    if let Ok(length @ ..=125) = u8::try_from(text.len()) {
        frame.push(0x80 | length);
    } else {
        frame.push(0xfe);
        frame.extend_from_slice(&(text.len() as u16).to_be_bytes());
    }
    frame.extend_from_slice(&[0; 4]);
    frame.extend_from_slice(text.as_bytes());
    frame
}

/// The program that does nothing but write, as a child.
struct Bare {
    child: Child,
    orders: ChildStdin,
    address: SocketAddr,
}

impl Bare {
    fn start() -> anyhow::Result<Bare> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg("--bare")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let orders = child.stdin.take().context("stdin")?;
        let mut line = String::new();
        let mut byte = [0];
        let mut out = child.stdout.take().context("stdout")?;
        while out.read(&mut byte)? == 1 && byte[0] != b'\n' {
            line.push(char::from(byte[0]));
        }
        Ok(Bare { child, orders, address: line.parse()? })
    }

    fn expect_connections(&mut self, count: usize) -> anyhow::Result<()> {
        writeln!(self.orders, "accept {count}")?;
        Ok(())
    }

    fn write(&mut self, bytes: usize) -> anyhow::Result<()> {
        Ok(writeln!(self.orders, "write {bytes}")?)
    }
}

impl Drop for Bare {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn bare() -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    println!("{}", listener.local_addr()?);
    let mut sockets = Vec::new();
    for line in std::io::stdin().lines() {
        let line = line?;
        let (order, number) = line.split_once(' ').context("an order and a number")?;
        let number: usize = number.parse()?;
        if order == "accept" {
            for _ in 0..number {
                let (socket, _) = listener.accept()?;
                socket.set_nodelay(true)?;
                sockets.push(socket);
            }
        } else {
            let frame = vec![b'x'; number];
            for socket in &mut sockets {
                socket.write_all(&frame)?;
            }
        }
    }
    Ok(())
}
