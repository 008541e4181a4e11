//! Identities of events, by which one that is sent again is known and changes
//! nothing.

use hub_core::event::{DlqEvent, ErrorEvent, InvalidTrade, TradeEvent};
use hub_core::{Timestamp, TradeId};

/// Identity of an event: trade, stage, service, type and time. One that does not
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
