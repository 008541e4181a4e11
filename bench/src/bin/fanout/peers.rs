//! The hub beside uWebSockets and node ws: one server at a time, on a core of
//! its own, the client on another; all of them once per block, in an order
//! that turns round from block to block.

mod block;
mod contender;
mod metric;
mod report;
mod scene;
mod scenes;
mod traffic;

use std::fs::File;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use hub_bench::peers::{Carrier, Program};

use scene::Scene;
use scenes::Cast;

/// Options of the measurement beside peers.
#[derive(Args)]
pub(crate) struct PeerArguments {
    /// Hubs, as LABEL=BINARY or BINARY; several are compared with the first one, too.
    #[arg(long, value_delimiter = ',', default_value = "hub=target/release/pms-hub")]
    hub: Vec<Labelled>,
    /// Peers.
    #[arg(long, value_delimiter = ',', default_value = "uws,node")]
    peers: Vec<Peer>,
    /// Interpreter that has socketify, for uWebSockets.
    #[arg(long, default_value = ".venv-bench/bin/python")]
    python: PathBuf,
    /// Numbers of connections, for the phases from idle to native.
    #[arg(long, value_delimiter = ',', default_value = "100,1000,5000,10000")]
    connections: Vec<usize>,
    /// Phases.
    #[arg(
        long,
        value_delimiter = ',',
        default_value = "idle,rate,two,deep,native,portfolios,ids,idle-latency,topics,publishers,stalled,slow,overload"
    )]
    phases: Vec<Phase>,
    /// Connections of phases that have no number of their own.
    #[arg(long, default_value_t = 1000)]
    viewers: usize,
    /// Carriers of STOMP.
    #[arg(long, value_delimiter = ',', default_value = "ws,sockjs")]
    carriers: Vec<Carrier>,
    /// Blocks of each.
    #[arg(long, default_value_t = 7)]
    blocks: usize,
    /// Seconds of a phase at a fixed rate; one of outstanding publications has half of them.
    #[arg(long, default_value_t = 6.0)]
    seconds: f64,
    /// Deliveries per second at the fixed rate.
    #[arg(long, default_value_t = 20_000.0)]
    rate: f64,
    /// Bytes of a message's body.
    #[arg(long, default_value_t = 300)]
    body: usize,
    /// Per cent of a core that others may use; pairs with more are dropped, too.
    #[arg(long, default_value_t = 1000.0)]
    others_max: f64,
    /// A file to which each reading is written as a line of JSON.
    #[arg(long)]
    json: Option<PathBuf>,
}

/// A hub's binary and its name in tables.
#[derive(Clone)]
struct Labelled {
    label: String,
    binary: PathBuf,
}

impl std::str::FromStr for Labelled {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Labelled, Self::Err> {
        let (label, binary) = text.split_once('=').unwrap_or(("hub", text));
        Ok(Labelled { label: label.to_owned(), binary: binary.into() })
    }
}

/// Peer.
#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Peer {
    /// uWebSockets, by way of socketify.
    Uws,
    /// The package ws on Node.
    Node,
    /// None.
    None,
}

/// Phase.
#[derive(Clone, Copy, PartialEq, Eq, Debug, ValueEnum)]
enum Phase {
    /// Memory of connections that have subscribed and got a few messages.
    Idle,
    /// Latency at a fixed rate, in open loop.
    Rate,
    /// CPU per delivery with 2 publications outstanding.
    Two,
    /// The same with 32.
    Deep,
    /// CPU per delivery over `/ws/positions`, beside peers that send as many bytes.
    Native,
    /// Viewers who share a portfolio or a set, and who have one each.
    Portfolios,
    /// Ids of subscriptions that are equal, and that differ.
    Ids,
    /// Latency of one message at a time.
    IdleLatency,
    /// Many topics.
    Topics,
    /// Several publishers.
    Publishers,
    /// Receivers among others that read nothing.
    Stalled,
    /// Receivers among others that read slowly.
    Slow,
    /// More than can be delivered.
    Overload,
}

/// Measures what the arguments name.
pub(crate) fn run(arguments: &PeerArguments) -> anyhow::Result<()> {
    let mut json = arguments.json.as_ref().map(File::create).transpose()?;
    let cast = Cast { arguments, peers: installed(arguments) };
    for scene in scenes::all(arguments) {
        measure(arguments, &scene(&cast)?, json.as_mut())?;
    }
    Ok(())
}

/// Peers that are wanted and can run.
fn installed(arguments: &PeerArguments) -> Vec<(String, Program)> {
    let named = |peer: &Peer| match peer {
        Peer::Uws => Some(("uws".to_owned(), Program::UWebSockets(arguments.python.clone()))),
        Peer::Node => Some(("node ws".to_owned(), Program::Ws)),
        Peer::None => None,
    };
    let is_installed = |(name, program): &(String, Program)| match program.is_installed() {
        Ok(()) => true,
        Err(reason) => {
            println!("NOT MEASURED: {name}, which is not installed: {reason}\n");
            false
        }
    };
    arguments.peers.iter().filter_map(named).filter(is_installed).collect()
}

fn measure(arguments: &PeerArguments, scene: &Scene, mut json: Option<&mut File>) -> anyhow::Result<()> {
    let mut readings = scene::Readings::default();
    for block in 0..arguments.blocks {
        let mut order: Vec<usize> = (0..scene.contenders.len()).collect();
        if block % 2 == 1 {
            order.reverse();
        }
        for index in order {
            block::measure(scene, index, block, &mut readings, json.as_deref_mut())?;
        }
    }
    print!("{}", report::of(scene, &readings, arguments.blocks, arguments.others_max));
    Ok(())
}
