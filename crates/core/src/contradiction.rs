//! Keys of a configuration that contradict each other.

/// A key whose value can't be beside those of other keys.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{key}: {reason}")]
pub struct Contradiction {
    /// The full key, such as `limits.queue_bytes`.
    pub key: String,
    /// Requirement that its value misses, such as "must be at least 1".
    pub reason: &'static str,
}

impl Contradiction {
    /// Finds the first of a section's rules that does not hold. A rule is a key, true if it
    /// holds, and its requirement.
    pub fn first<'r>(
        section: &str,
        rules: impl IntoIterator<Item = (&'r str, bool, &'static str)>,
    ) -> Result<(), Contradiction> {
        match rules.into_iter().find(|(_, holds, _)| !holds) {
            Some((key, _, reason)) => Err(Contradiction { key: format!("{section}.{key}"), reason }),
            None => Ok(()),
        }
    }
}
