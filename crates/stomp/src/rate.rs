//! Rate at which a peer may send.

use std::time::Instant;

use crate::RateLimit;

/// A token is a billionth of an octet: what a nanosecond at 1 octet/s is worth. So nothing is
/// rounded, and how a stream is cut makes no difference.
const TOKENS_PER_BYTE: u64 = 1_000_000_000;

/// A token bucket that is full at first.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Bucket {
    limit: RateLimit,
    /// At most `u32::MAX * TOKENS_PER_BYTE`, which is below 2^62.
    tokens: u64,
    /// Instant at which the tokens were last counted.
    at: Instant,
}

impl Bucket {
    pub(crate) fn new(limit: RateLimit, now: Instant) -> Self {
        Self { limit, tokens: u64::from(limit.burst_bytes) * TOKENS_PER_BYTE, at: now }
    }

    pub(crate) const fn limit(&self) -> RateLimit {
        self.limit
    }

    /// Octets that may be taken at `now`. A clock that steps back adds none.
    pub(crate) fn allowance(&mut self, now: Instant) -> usize {
        let elapsed = now.saturating_duration_since(self.at).as_nanos();
        self.at = self.at.max(now);
        let gained = elapsed.saturating_mul(u128::from(self.limit.bytes_per_second));
        let gained = u64::try_from(gained).unwrap_or(u64::MAX);
        let full = u64::from(self.limit.burst_bytes) * TOKENS_PER_BYTE;
        self.tokens = self.tokens.saturating_add(gained).min(full);
        usize::try_from(self.tokens / TOKENS_PER_BYTE).unwrap_or(usize::MAX)
    }

    /// Takes octets that were allowed.
    pub(crate) fn spend(&mut self, bytes: usize) {
        let spent = u64::try_from(bytes).unwrap_or(u64::MAX).saturating_mul(TOKENS_PER_BYTE);
        self.tokens = self.tokens.saturating_sub(spent);
    }
}
