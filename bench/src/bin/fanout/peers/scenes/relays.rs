//! Relayed messages.

use std::time::Duration;

use hub_bench::driver::Drive;
use hub_bench::peers::{Ids, Program};

use super::Metric::{Backlog, Client, Cpu, Drained, Growth, Others, P50, P99, PerRead, PerSecond};
use super::{Cast, Crowd, Phase, Rhythm, Scene, Step, Traffic};

/// Connections of which memory is measured: with fewer, what the process needs anyhow is most of it.
const IDLE_CONNECTIONS_LEAST: usize = 1000;

/// One topic that everybody follows.
pub(super) fn one_topic(cast: &Cast<'_>, connections: usize) -> Scene {
    let has = |phase| cast.arguments.phases.contains(&phase);
    let steps = [Phase::Rate, Phase::Two, Phase::Deep].into_iter().zip(cast.all_steps(connections));
    let steps = steps.filter(|(phase, _)| has(*phase)).map(|(_, step)| step).collect();
    let mut scene =
        cast.scene(format!("{connections} connections, one topic"), Crowd::ready(connections), steps);
    scene.idle = has(Phase::Idle) && connections >= IDLE_CONNECTIONS_LEAST;
    scene
}

/// Ids of subscriptions that all are equal, and that all differ.
pub(super) fn ids(cast: &Cast<'_>) -> Scene {
    let viewers = cast.arguments.viewers;
    let title = format!("{viewers} connections, ids of subscriptions");
    let mut scene = cast.scene(title, Crowd::ready(viewers), cast.all_steps(viewers));
    for index in 0..scene.contenders.len() {
        let mut distinct = scene.contenders[index].clone();
        if let (Program::Hub(_), Traffic::Relay { ids, .. }) = (&distinct.program, &mut distinct.traffic) {
            *ids = Ids::Distinct;
            distinct.name = format!("{}, distinct ids", distinct.name);
            scene.ratios.push((scene.contenders.len(), index));
            scene.contenders.push(distinct);
        }
    }
    scene
}

/// Publications per second that leave a server idle in between.
const IDLE_PER_SECOND: f64 = 50.0;

/// Receivers of them.
const IDLE_RECEIVERS: usize = 5;

/// One message at a time.
pub(super) fn idle_latency(cast: &Cast<'_>) -> Scene {
    let mut step = cast.rate(IDLE_RECEIVERS);
    step.name = format!("one publication every {} ms", 1000.0 / IDLE_PER_SECOND);
    step.rhythm = Rhythm::Given(Drive::Open(IDLE_PER_SECOND));
    let title = format!("an idle server, {IDLE_RECEIVERS} connections");
    cast.scene(title, Crowd::ready(IDLE_RECEIVERS), vec![step])
}

/// Topics that take publications by turns.
const TOPICS: usize = 20;

/// Connections that follow all of them.
const TOPICS_RECEIVERS: usize = 100;

/// Many topics, publications to which alternate.
pub(super) fn topics(cast: &Cast<'_>) -> Scene {
    let title = format!("{TOPICS_RECEIVERS} connections, each follows {TOPICS} topics that alternate");
    let mut scene = cast.scene(title, Crowd::ready(TOPICS_RECEIVERS), cast.all_steps(TOPICS_RECEIVERS));
    for contender in &mut scene.contenders {
        if let Traffic::Relay { topics, .. } = &mut contender.traffic {
            *topics = TOPICS;
        }
    }
    scene
}

/// Connections that publish at the same time.
const PUBLISHERS: usize = 4;

/// Several publishers to one topic.
pub(super) fn publishers(cast: &Cast<'_>) -> Scene {
    let viewers = cast.arguments.viewers;
    let title = format!("{viewers} connections, {PUBLISHERS} publishers");
    let mut scene = cast.scene(title, Crowd::ready(viewers), cast.all_steps(viewers));
    for contender in &mut scene.contenders {
        contender.publishers = PUBLISHERS;
    }
    scene
}

/// Connections of the overload.
const OVERLOAD_RECEIVERS: usize = 100;

/// Times as much as a server has just delivered.
const OVERLOAD: f64 = 1.5;

/// More than a server can deliver, whether it keeps up or not.
pub(super) fn overload(cast: &Cast<'_>) -> Scene {
    let overload = Step {
        name: format!("{OVERLOAD} times that, open loop"),
        rhythm: Rhythm::TimesBefore(OVERLOAD),
        time: Duration::from_secs_f64(cast.arguments.seconds / 2.0),
        metrics: vec![PerSecond, Cpu, PerRead, P50, P99, Backlog, Drained, Growth, Client, Others],
        compared: vec![PerSecond, Cpu, P50, P99],
    };
    let title = format!("{OVERLOAD_RECEIVERS} connections, overload");
    cast.scene(title, Crowd::ready(OVERLOAD_RECEIVERS), vec![cast.outstanding(32), overload])
}
