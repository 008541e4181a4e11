//! State over `/ws/positions`, one flush for each publication.

use std::time::Duration;

use hub_bench::driver::Drive;
use hub_bench::peers::{Carrier, Options, Program, Server};

use super::Metric::{Bytes, Client, Cpu, CpuNet, CpuPerRow, Others};
use super::{Cast, Contender, Crowd, Rhythm, Scene, Step, Traffic};
use crate::peers::traffic::{Follow, Topic};

/// Milliseconds from a flush to the next: less than from a publication to the next.
const FLUSH_MS: u32 = 20;

/// Publications per second at most.
const PER_SECOND_MAX: f64 = 20.0;

/// Portfolios that change with each publication.
const PORTFOLIOS: usize = 1000;

/// Publications per second that change them.
const PORTFOLIOS_PER_SECOND: f64 = 10.0;

/// Portfolios of a set, and publications per second while sets are followed.
const SET: usize = 50;
const SETS_PER_SECOND: f64 = 4.0;

/// Compression starts below the size of these messages.
const DEFLATE_MIN_BYTES: usize = 64;

/// Publications by which the size of a message is found.
const SIZED_BY: usize = 20;

/// One portfolio that everybody follows, beside uWebSockets that sends as many bytes.
pub(super) fn native(cast: &Cast<'_>, connections: usize) -> anyhow::Result<Scene> {
    let crowd = Crowd::ready(connections);
    let traffic = state(Topic::Positions, Follow::Same(1), 1, false);
    let mut contenders = Vec::new();
    let mut ratios = Vec::new();
    for hub in &cast.arguments.hub {
        let alone = viewers(format!("{} native, one viewer", hub.label), &hub.binary, traffic.clone(), 1);
        let all = viewers(format!("{} native", hub.label), &hub.binary, traffic.clone(), connections);
        contenders.extend([alone, Contender { less: Some(contenders.len()), ..all }]);
    }
    let body = contenders.first().map(message_bytes).transpose()?.unwrap_or(cast.arguments.body);
    for (name, program) in &cast.peers {
        let mut peer = cast.relay(name.clone(), program.clone(), Carrier::Plain, crowd);
        if let Traffic::Relay { body: bytes, .. } = &mut peer.traffic {
            *bytes = body;
        }
        contenders.push(peer);
    }
    let per_second = PER_SECOND_MAX.min(cast.arguments.rate / connections as f64);
    let hubs = 2 * cast.arguments.hub.len();
    let is_uws = |contender: &Contender| matches!(contender.program, Program::UWebSockets(_));
    let uws = contenders.iter().position(is_uws);
    ratios.extend((1..hubs).step_by(2).filter_map(|hub| Some((hub, uws?))));
    ratios.extend((3..hubs).step_by(2).map(|hub| (hub, 1)));
    let mut step = step(cast, format!("one flush a turn, {per_second}/s"), per_second);
    step.metrics = vec![Cpu, CpuNet, Bytes, Client, Others];
    step.compared = vec![Cpu, CpuNet];
    let title = format!("{connections} connections, native, {body} bytes");
    Ok(Scene { title, contenders, ratios, steps: vec![step], idle: false })
}

/// Viewers who share a portfolio, and who have one each; all portfolios change for both.
pub(super) fn portfolios(cast: &Cast<'_>) -> Scene {
    let mut contenders = Vec::new();
    let mut ratios = Vec::new();
    for hub in &cast.arguments.hub {
        for (kind, topic, deflate) in [
            ("positions", Topic::Positions, false),
            ("positions, deflate", Topic::Positions, true),
            ("marks", Topic::Marks, false),
        ] {
            let first = contenders.len();
            let name = |what: &str| format!("{} {kind}: {what}", hub.label);
            let of = |follow| state(topic, follow, PORTFOLIOS, deflate);
            let count = cast.arguments.viewers;
            let alone = viewers(name("one viewer"), &hub.binary, of(Follow::Same(1)), 1);
            let shared = viewers(name("one shared"), &hub.binary, of(Follow::Same(1)), count);
            let own = viewers(name("one each"), &hub.binary, of(Follow::FromOwn(1)), count);
            contenders.push(alone);
            contenders.extend([shared, own].map(|contender| Contender { less: Some(first), ..contender }));
            ratios.push((first + 2, first + 1));
            if deflate {
                // The same without compression are the three before.
                ratios.extend([(first + 1, first - 2), (first + 2, first - 1)]);
            }
        }
    }
    let step = step(
        cast,
        format!("{PORTFOLIOS} portfolios change {PORTFOLIOS_PER_SECOND} times/s"),
        PORTFOLIOS_PER_SECOND,
    );
    let title = format!("{} viewers of portfolios, native, one flush a turn", cast.arguments.viewers);
    Scene { title, contenders, ratios, steps: vec![step], idle: false }
}

/// Viewers of sets that overlap, beside viewers of one set and of one portfolio each.
pub(super) fn sets(cast: &Cast<'_>) -> Scene {
    let mut contenders = Vec::new();
    let mut ratios = Vec::new();
    for hub in &cast.arguments.hub {
        let first = contenders.len();
        let count = cast.arguments.viewers;
        let of = |what: &str, follow, count| {
            let traffic = state(Topic::Positions, follow, PORTFOLIOS, false);
            Contender {
                less: Some(first),
                ..viewers(format!("{} {what}", hub.label), &hub.binary, traffic, count)
            }
        };
        contenders.push(Contender { less: None, ..of("one viewer", Follow::Same(1), 1) });
        contenders.push(of("one portfolio each", Follow::FromOwn(1), count));
        contenders.push(of(&format!("the same {SET}"), Follow::Same(SET), count));
        contenders.push(of(&format!("overlapping {SET}"), Follow::FromOwn(SET), count));
        ratios.extend([(first + 3, first + 1), (first + 3, first + 2)]);
    }
    let name = format!("{PORTFOLIOS} portfolios change {SETS_PER_SECOND} times/s");
    let step = step(cast, name, SETS_PER_SECOND);
    let title = format!("{} viewers of sets of portfolios, native, one flush a turn", cast.arguments.viewers);
    Scene { title, contenders, ratios, steps: vec![step], idle: false }
}

fn step(cast: &Cast<'_>, name: String, per_second: f64) -> Step {
    Step {
        name,
        rhythm: Rhythm::Given(Drive::Open(per_second)),
        time: Duration::from_secs_f64(cast.arguments.seconds),
        metrics: vec![Cpu, CpuNet, CpuPerRow, Bytes, Client, Others],
        compared: vec![Cpu, CpuNet, CpuPerRow],
    }
}

fn state(topic: Topic, follow: Follow, portfolios: usize, deflate: bool) -> Traffic {
    Traffic::State { topic, follow, portfolios, deflate }
}

fn viewers(name: String, binary: &std::path::Path, traffic: Traffic, ready: usize) -> Contender {
    let deflate = matches!(traffic, Traffic::State { deflate: true, .. });
    let options = Options { flush_ms: FLUSH_MS, deflate_min_bytes: deflate.then_some(DEFLATE_MIN_BYTES) };
    let (program, crowd) = (Program::Hub(binary.to_owned()), Crowd::ready(ready));
    Contender { name, program, options, traffic, crowd, publishers: 1, less: None }
}

/// Bytes of a hub's messages, as they are found with one viewer.
fn message_bytes(contender: &Contender) -> anyhow::Result<usize> {
    let server = Server::start(&contender.program, contender.options)?;
    let mut driver = contender.traffic.driver(server.doors(), 1)?;
    contender.connect(&mut driver, 1)?;
    let time = Duration::from_secs_f64(SIZED_BY as f64 / PER_SECOND_MAX);
    Ok(driver.run(Drive::Open(PER_SECOND_MAX), time, None)?.payload.round() as usize)
}
