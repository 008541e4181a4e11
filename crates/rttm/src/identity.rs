//! Identities of events, by which one that is sent again is known and changes
//! nothing.

use hub_core::event::{DlqEvent, ErrorEvent, InvalidTrade, TradeEvent};
use hub_core::{Timestamp, TradeId};
use serde::{Deserialize, Serialize};

/// Identity of an event: trade, stage, service, type and time; of a dead letter and an error its words, too, for a
/// trade may come to grief twice in one instant. One that does not name its trade or its time has no identity and is
/// never a duplicate.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// None where an invalid trade's id is no UUID: `texts` tell it apart.
    trade: Option<TradeId>,
    time: Timestamp,
    /// A hash of the service's name and the like: two events of the same trade, stage, type and time would have to
    /// collide in 64 bits.
    texts: u64,
    kind: Kind,
    stage: u8,
    event_type: u8,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
enum Kind {
    Trade,
    Dlq,
    Error,
    Invalid,
}

impl Identity {
    pub(crate) fn of_trade_event(event: &TradeEvent) -> Option<Identity> {
        Some(Identity {
            trade: Some(event.trade_id),
            time: event.event_time?,
            texts: hash(&[Some(&event.service_name)]),
            kind: Kind::Trade,
            stage: event.event_stage as u8,
            event_type: event.event_type as u8,
        })
    }

    pub(crate) fn of_dlq_event(event: &DlqEvent) -> Option<Identity> {
        let DlqEvent { service_name, topic_name, original_topic, reason, .. } = event;
        let topics = [topic_name.as_deref(), original_topic.as_deref()];
        Some(Identity {
            trade: Some(event.trade_id?),
            time: event.event_time?,
            texts: hash(&[Some(service_name), topics[0], topics[1], reason.as_deref()]),
            kind: Kind::Dlq,
            stage: event.event_stage as u8,
            event_type: 0,
        })
    }

    pub(crate) fn of_error_event(event: &ErrorEvent) -> Option<Identity> {
        Some(Identity {
            trade: Some(event.trade_id?),
            time: event.event_time?,
            texts: hash(&[Some(&event.service_name), event.error_message.as_deref()]),
            kind: Kind::Error,
            stage: event.event_stage as u8,
            event_type: event.error_type as u8,
        })
    }

    pub(crate) fn of_invalid_trade(trade: &InvalidTrade) -> Option<Identity> {
        let id = trade.trade_id.parse().ok();
        Some(Identity {
            trade: id,
            time: trade.time()?,
            texts: if id.is_some() { 0 } else { hash(&[Some(&trade.trade_id)]) },
            kind: Kind::Invalid,
            stage: 0,
            event_type: 0,
        })
    }
}

/// FNV-1a: the same on every node and in every version. A byte that no text has ends each part, another stands for one
/// that is absent.
fn hash(parts: &[Option<&str>]) -> u64 {
    let step = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3);
    parts.iter().fold(0xcbf2_9ce4_8422_2325, |hash, part| match part {
        Some(text) => text.bytes().chain([0xff]).fold(hash, step),
        None => step(hash, 0xfe),
    })
}
