//! Crowds in which some read slowly or not at all.

use std::time::Duration;

use hub_bench::driver::Drive;
use hub_bench::peers::Carrier;

use super::Metric::{Client, Closed, Cpu, Growth, Others, P50, P99, P999};
use super::{Cast, Crowd, Rhythm, Scene, Step, Traffic};

/// Connections in all.
const CROWD: usize = 100;

/// Those of them that don't read as fast as they are sent.
const LAGGING: usize = 10;

/// Bytes per second that a slow one reads.
const SLOW_BYTES_PER_SECOND: usize = 1_000_000;

/// Bytes of a message's body: what lags fills its buffers within the phase.
const BODY: usize = 4000;

/// Some read nothing.
pub(super) fn stalled(cast: &Cast<'_>) -> Scene {
    let crowd = Crowd { ready: CROWD - LAGGING, stalled: LAGGING, slow: (0, 0) };
    scene(cast, crowd, 400.0, "read nothing")
}

/// Some read less than they are sent.
pub(super) fn slow(cast: &Cast<'_>) -> Scene {
    let crowd = Crowd { ready: CROWD - LAGGING, stalled: 0, slow: (LAGGING, SLOW_BYTES_PER_SECOND) };
    scene(cast, crowd, 400.0, "read 1 MB/s")
}

/// Each with those that lag, and without them.
fn scene(cast: &Cast<'_>, crowd: Crowd, per_second: f64, what: &str) -> Scene {
    let step = Step {
        name: format!("{per_second} publications/s of {BODY} bytes, open loop"),
        rhythm: Rhythm::Given(Drive::Open(per_second)),
        time: Duration::from_secs_f64(cast.arguments.seconds * 2.0),
        metrics: vec![P50, P99, P999, Cpu, Closed, Growth, Client, Others],
        compared: vec![P50, P99, P999, Cpu],
    };
    let mut contenders = cast.everybody(crowd, &[Carrier::Stomp]);
    for contender in &mut contenders {
        if let Traffic::Relay { body, .. } = &mut contender.traffic {
            *body = BODY;
        }
    }
    let mut ratios = cast.ratios(&contenders);
    let count = contenders.len();
    for index in 0..count {
        let mut without = contenders[index].clone();
        without.crowd = Crowd::ready(crowd.ready);
        without.name = format!("{}, without them", without.name);
        contenders.push(without);
        ratios.push((index, count + index));
    }
    let title = format!("{CROWD} connections, {LAGGING} of which {what}; latencies of the others");
    Scene { title, contenders, ratios, steps: vec![step], idle: false }
}
