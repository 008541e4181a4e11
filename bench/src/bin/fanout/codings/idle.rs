//! Memory of connections that only exist.

use hub_bench::identity::Identity;
use hub_bench::process::rss_bytes;

use super::CodingArguments;
use super::subject::{Coding, Subject};
use super::transport::Transport;

/// Connections before the measured ones, as what the first allocate once is not theirs.
const WARM: usize = 50;

/// Messages that an idle connection has received before, if any.
const MESSAGES: usize = 5;

/// Resident memory per connection: of those that are connected to STOMP, and
/// of those that have subscribed and received messages.
pub(super) async fn measure(
    arguments: &CodingArguments,
    transport: Transport,
    coding: Coding,
    identity: &Identity,
) -> anyhow::Result<()> {
    let per_connection =
        |before: u64, after: u64| after.saturating_sub(before) as f64 / 1024.0 / arguments.idle as f64;
    let subject = Subject::start(arguments, transport, coding, identity)?;
    let warm = subject.connect(WARM).await?;
    let before = rss_bytes(subject.hub.pid())?;
    let load = subject.connect(arguments.idle).await?;
    let connected = per_connection(before, rss_bytes(subject.hub.pid())?);
    drop((warm, load, subject));

    let mut subject = Subject::start(arguments, transport, coding, identity)?;
    let warm = subject.subscribe(WARM).await?;
    for _ in 0..MESSAGES {
        subject.deliver(&warm, WARM).await?;
    }
    let before = rss_bytes(subject.hub.pid())?;
    let load = subject.subscribe(arguments.idle).await?;
    subject.wake()?;
    for _ in 0..MESSAGES {
        subject.deliver(&load, arguments.idle).await?;
    }
    let used = per_connection(before, rss_bytes(subject.hub.pid())?);
    println!(
        "  {:<12} {connected:.2} KiB per connection, {used:.2} KiB subscribed and after {MESSAGES} messages",
        coding.name()
    );
    drop((warm, load));
    Ok(())
}
