//! Keys that lead nowhere though they have to lead somewhere.

use std::sync::Once;

use crate::metrics::{KindLabels, Metrics};

static LOGGED: Once = Once::new();

/// Tells of a key that must exist and does not, which is a bug of the shard
/// and nothing a peer can bring about: a debug build ends, a release counts it
/// in `hub_errors_total{kind="shard"}`, logs the first, and leaves out what
/// was to be done with it.
#[cold]
pub(super) fn missing(metrics: &Metrics, what: &'static str, key: usize) {
    debug_assert!(false, "{what} {key} must exist");
    metrics.errors.get_or_create(&KindLabels { kind: "shard" }).inc();
    LOGGED.call_once(|| tracing::error!(what, key, "a shard has lost track of what it owns"));
}
