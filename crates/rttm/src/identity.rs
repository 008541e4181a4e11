//! Which events have been applied, so that one that is sent again changes
//! nothing.

use std::collections::{HashSet, VecDeque};

use hub_core::event::{DlqEvent, ErrorEvent, InvalidTrade, TradeEvent};
use hub_core::{Timestamp, TradeId};

/// How many identities are remembered. A set of them takes about 46 MB; what
/// redelivery repeats comes within seconds or minutes.
const REMEMBERED_MAX: usize = 400_000;

/// Who an event is: trade, stage, service, type and time. One that does not
/// name its trade or its time has no identity and is never a duplicate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Identity {
    trade: TradeId,
    time: Timestamp,
    /// A hash of the service's name: two services of the same trade, stage,
    /// type and millisecond would have to collide in 64 bits.
    service: u64,
    kind: Kind,
    stage: u8,
    event_type: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum Kind {
    Trade,
    Dlq,
    Error,
    Invalid,
}

impl Identity {
    pub(crate) fn of_trade_event(event: &TradeEvent) -> Option<Identity> {
        Some(Identity {
            trade: event.trade_id,
            time: event.event_time?,
            service: hash(&event.service_name),
            kind: Kind::Trade,
            stage: event.event_stage as u8,
            event_type: event.event_type as u8,
        })
    }

    pub(crate) fn of_dlq_event(event: &DlqEvent) -> Option<Identity> {
        Some(Identity {
            trade: event.trade_id?,
            time: event.event_time?,
            service: hash(&event.service_name),
            kind: Kind::Dlq,
            stage: event.event_stage as u8,
            event_type: 0,
        })
    }

    pub(crate) fn of_error_event(event: &ErrorEvent) -> Option<Identity> {
        Some(Identity {
            trade: event.trade_id?,
            time: event.event_time?,
            service: hash(&event.service_name),
            kind: Kind::Error,
            stage: event.event_stage as u8,
            event_type: event.error_type as u8,
        })
    }

    pub(crate) fn of_invalid_trade(trade: &InvalidTrade) -> Option<Identity> {
        Some(Identity {
            trade: trade.trade_id,
            time: trade.timestamp?,
            service: 0,
            kind: Kind::Invalid,
            stage: 0,
            event_type: 0,
        })
    }
}

/// FNV-1a: the same on every node and in every version.
fn hash(text: &str) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    text.bytes().fold(0xcbf2_9ce4_8422_2325, step)
}

/// The identities of applied events, for the configured horizon, and the
/// newest [`REMEMBERED_MAX`] of them at most. What was rejected is not among
/// them: it may come again.
#[derive(Default, Debug)]
pub(crate) struct Identities {
    known: HashSet<Identity>,
    /// In the order of application, hence of time.
    applied: VecDeque<(Timestamp, Identity)>,
}

impl Identities {
    /// Notes that `identity` is applied at `at`; false if it was before.
    pub(crate) fn admit(&mut self, identity: Option<Identity>, at: Timestamp) -> bool {
        let Some(identity) = identity else { return true };
        if !self.known.insert(identity) {
            return false;
        }
        if self.applied.len() == REMEMBERED_MAX {
            self.forget_oldest();
        }
        self.applied.push_back((at, identity));
        true
    }

    /// Forgets what was applied `horizon_millis` or longer before `now`.
    pub(crate) fn expire(&mut self, now: Timestamp, horizon_millis: i64) {
        while let Some((at, _)) = self.applied.front()
            && at.plus_millis(horizon_millis) <= now
        {
            self.forget_oldest();
        }
    }

    fn forget_oldest(&mut self) {
        if let Some((_, identity)) = self.applied.pop_front() {
            self.known.remove(&identity);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn identity(n: u32) -> Identity {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&n.to_be_bytes());
        let (trade, time) = (TradeId::from_bytes(bytes), Timestamp::default());
        Identity { trade, time, service: 0, kind: Kind::Dlq, stage: 0, event_type: 0 }
    }

    #[test]
    fn the_newest_are_remembered_however_many_come() {
        let mut identities = Identities::default();
        for n in 0..REMEMBERED_MAX as u32 + 10 {
            assert!(identities.admit(Some(identity(n)), Timestamp::default()));
        }
        assert_eq!((identities.known.len(), identities.applied.len()), (REMEMBERED_MAX, REMEMBERED_MAX));
        assert!(!identities.admit(Some(identity(10)), Timestamp::default()));
        assert!(identities.admit(Some(identity(9)), Timestamp::default()), "forgotten");
    }

    #[test]
    fn an_identity_is_remembered_for_the_horizon_and_not_longer() {
        let at = |millis| Timestamp::from_millis(millis).unwrap();
        let mut identities = Identities::default();
        assert!(identities.admit(Some(identity(1)), at(1000)));
        identities.expire(at(1099), 100);
        assert!(!identities.admit(Some(identity(1)), at(1099)));
        identities.expire(at(1100), 100);
        assert!(identities.admit(Some(identity(1)), at(1100)));
        assert!(identities.admit(None, at(1100)) && identities.admit(None, at(1100)));
    }
}
