//! Scenes that the phases make.

use std::time::Duration;

use hub_bench::driver::Drive;
use hub_bench::peers::{Carrier, Ids, Options, Program};

use super::contender::{Contender, Crowd, Traffic};
use super::metric::Metric;
use super::scene::{Scene, Step};
use super::{Peer, PeerArguments, Phase};

/// Scenes at a number of connections.
pub(super) fn all(arguments: &PeerArguments, connections: usize) -> Vec<Scene> {
    vec![fan_out(arguments, connections)]
}

/// One topic, by every server and carrier.
fn fan_out(arguments: &PeerArguments, connections: usize) -> Scene {
    let mut contenders = Vec::new();
    for hub in &arguments.hub {
        for carrier in &arguments.carriers {
            let name = format!("{} {}", hub.label, carrier.name());
            contenders.push(relay(arguments, name, Program::Hub(hub.binary.clone()), *carrier, connections));
        }
    }
    for (name, program) in peers(arguments) {
        contenders.push(relay(arguments, name, program, Carrier::Plain, connections));
    }
    let ratios = ratios(arguments, &contenders);
    let steps = steps(arguments, connections);
    let idle = arguments.phases.contains(&Phase::Idle) && connections >= IDLE_CONNECTIONS_LEAST;
    Scene { title: format!("{connections} connections, one topic"), contenders, ratios, steps, idle }
}

/// Connections of which memory is measured: with fewer, what the process needs anyhow is most of it.
const IDLE_CONNECTIONS_LEAST: usize = 1000;

fn peers(arguments: &PeerArguments) -> Vec<(String, Program)> {
    let named = |peer: &Peer| match peer {
        Peer::Uws => Some(("uws".to_owned(), Program::UWebSockets(arguments.python.clone()))),
        Peer::Node => Some(("node ws".to_owned(), Program::Ws)),
        Peer::None => None,
    };
    let installed = |(name, program): &(String, Program)| match program.is_installed() {
        Ok(()) => true,
        Err(reason) => {
            println!("NOT MEASURED: {name}, which is not installed: {reason}\n");
            false
        }
    };
    arguments.peers.iter().filter_map(named).filter(installed).collect()
}

fn relay(
    arguments: &PeerArguments,
    name: String,
    program: Program,
    carrier: Carrier,
    ready: usize,
) -> Contender {
    Contender {
        name,
        program,
        options: Options::default(),
        traffic: Traffic::Relay { carrier, ids: Ids::Same, topics: 1, body: arguments.body },
        crowd: Crowd { ready, stalled: 0, slow: (0, 0) },
        publishers: 1,
    }
}

/// Each hub beside uWebSockets, and beside the first hub by the same carrier.
fn ratios(arguments: &PeerArguments, contenders: &[Contender]) -> Vec<(usize, usize)> {
    let is_hub = |index: &usize| matches!(contenders[*index].program, Program::Hub(_));
    let uws = contenders.iter().position(|contender| matches!(contender.program, Program::UWebSockets(_)));
    let hubs: Vec<usize> = (0..contenders.len()).filter(is_hub).collect();
    let first = hubs.len() / arguments.hub.len().max(1);
    let beside_uws = hubs.iter().filter_map(|hub| Some((*hub, uws?)));
    let beside_first = hubs.iter().skip(first).map(|hub| (*hub, hub % first));
    beside_uws.chain(beside_first).collect()
}

fn steps(arguments: &PeerArguments, connections: usize) -> Vec<Step> {
    use Metric::{Bytes, Client, Cpu, Others, P50, P99, P999, PerRead, PerSecond};
    let mut steps = Vec::new();
    if arguments.phases.contains(&Phase::Rate) {
        steps.push(Step {
            name: format!("{} deliveries/s, open loop", arguments.rate),
            drive: Drive::Open(arguments.rate / connections as f64),
            time: Duration::from_secs_f64(arguments.seconds),
            metrics: vec![P50, P99, P999, Cpu, Bytes, Client, Others],
            compared: vec![P50, P99, P999, Cpu],
        });
    }
    for (phase, outstanding) in [(Phase::Two, 2), (Phase::Deep, 32)] {
        if arguments.phases.contains(&phase) {
            steps.push(Step {
                name: format!("{outstanding} outstanding"),
                drive: Drive::Closed(outstanding),
                time: Duration::from_secs_f64(arguments.seconds / 2.0),
                metrics: vec![Cpu, PerSecond, PerRead, Bytes, Client, Others],
                compared: vec![Cpu],
            });
        }
    }
    steps
}
