//! Scenes that the phases make.

mod crowds;
mod relays;
mod state;

use std::time::Duration;

use hub_bench::driver::Drive;
use hub_bench::peers::{Carrier, Ids, Options, Program};

use super::contender::{Contender, Crowd};
use super::metric::Metric::{self, Bytes, Client, Cpu, Others, P50, P99, P999, PerRead, PerSecond};
use super::scene::{Rhythm, Scene, Step};
use super::traffic::Traffic;
use super::{PeerArguments, Phase};

/// Arguments, and the peers that are installed.
pub(super) struct Cast<'a> {
    pub(super) arguments: &'a PeerArguments,
    pub(super) peers: Vec<(String, Program)>,
}

/// A scene that is yet to be made.
type Making = Box<dyn Fn(&Cast<'_>) -> anyhow::Result<Scene>>;

/// A scene whose number of connections is its own.
type Fixed = fn(&Cast<'_>) -> Scene;

/// Scenes in the order in which they are measured.
pub(super) fn all(arguments: &PeerArguments) -> Vec<Making> {
    let has = |phase| arguments.phases.contains(&phase);
    let mut scenes: Vec<Making> = Vec::new();
    for connections in arguments.connections.clone() {
        if [Phase::Idle, Phase::Rate, Phase::Two, Phase::Deep].into_iter().any(has) {
            scenes.push(Box::new(move |cast| Ok(relays::one_topic(cast, connections))));
        }
        if has(Phase::Native) {
            scenes.push(Box::new(move |cast| state::native(cast, connections)));
        }
    }
    let others: [(Phase, Fixed); 9] = [
        (Phase::Portfolios, state::portfolios),
        (Phase::Portfolios, state::sets),
        (Phase::Ids, relays::ids),
        (Phase::IdleLatency, relays::idle_latency),
        (Phase::Topics, relays::topics),
        (Phase::Publishers, relays::publishers),
        (Phase::Stalled, crowds::stalled),
        (Phase::Slow, crowds::slow),
        (Phase::Overload, relays::overload),
    ];
    for (phase, scene) in others {
        if has(phase) {
            scenes.push(Box::new(move |cast| Ok(scene(cast))));
        }
    }
    scenes
}

impl Cast<'_> {
    /// Each hub by each carrier, and the peers.
    fn everybody(&self, crowd: Crowd, carriers: &[Carrier]) -> Vec<Contender> {
        let mut all = Vec::new();
        for hub in &self.arguments.hub {
            for carrier in carriers {
                let name = format!("{} {}", hub.label, carrier.name());
                all.push(self.relay(name, Program::Hub(hub.binary.clone()), *carrier, crowd));
            }
        }
        for (name, program) in &self.peers {
            all.push(self.relay(name.clone(), program.clone(), Carrier::Plain, crowd));
        }
        all
    }

    fn relay(&self, name: String, program: Program, carrier: Carrier, crowd: Crowd) -> Contender {
        let traffic = Traffic::Relay { carrier, ids: Ids::Same, topics: 1, body: self.arguments.body };
        Contender { name, program, options: Options::default(), traffic, crowd, publishers: 1, less: None }
    }

    /// Everybody by all carriers, compared as [`ratios`](Self::ratios) says.
    fn scene(&self, title: String, crowd: Crowd, steps: Vec<Step>) -> Scene {
        let contenders = self.everybody(crowd, &self.arguments.carriers);
        let ratios = self.ratios(&contenders);
        Scene { title, contenders, ratios, steps, idle: false }
    }

    /// Each hub beside uWebSockets, and beside the first hub by the same carrier.
    fn ratios(&self, contenders: &[Contender]) -> Vec<(usize, usize)> {
        let is_hub = |index: &usize| matches!(contenders[*index].program, Program::Hub(_));
        let is_uws = |contender: &Contender| matches!(contender.program, Program::UWebSockets(_));
        let uws = contenders.iter().position(is_uws);
        let hubs: Vec<usize> = (0..contenders.len()).filter(is_hub).collect();
        let first = hubs.len() / self.arguments.hub.len().max(1);
        let beside_uws = hubs.iter().filter_map(|hub| Some((*hub, uws?)));
        let beside_first = hubs.iter().skip(first).map(|hub| (*hub, hub % first));
        beside_uws.chain(beside_first).collect()
    }

    fn rate(&self, receivers: usize) -> Step {
        let deliveries = self.arguments.rate;
        Step {
            name: format!("{deliveries} deliveries/s, open loop"),
            rhythm: Rhythm::Given(Drive::Open(deliveries / receivers as f64)),
            time: Duration::from_secs_f64(self.arguments.seconds),
            metrics: vec![P50, P99, P999, Cpu, Bytes, Client, Others],
            compared: vec![P50, P99, P999, Cpu],
        }
    }

    fn outstanding(&self, outstanding: usize) -> Step {
        Step {
            name: format!("{outstanding} outstanding"),
            rhythm: Rhythm::Given(Drive::Closed(outstanding)),
            time: Duration::from_secs_f64(self.arguments.seconds / 2.0),
            metrics: vec![Cpu, PerSecond, PerRead, Bytes, Client, Others],
            compared: vec![Cpu],
        }
    }

    /// Latency at a fixed rate, then 2 and 32 outstanding.
    fn all_steps(&self, receivers: usize) -> Vec<Step> {
        vec![self.rate(receivers), self.outstanding(2), self.outstanding(32)]
    }
}
