//! A command as it is remembered: as the log has it.

use hub_core::Event;
use hub_core::event::form::logged;
use hub_core::event::trading::{TradingCommand, TradingRequest};
use serde::de::Error;
use serde::{Deserializer, Serializer};

pub(super) fn serialize<S: Serializer>(command: &TradingCommand, to: S) -> Result<S::Ok, S::Error> {
    logged::serialize(&Event::Trading(TradingRequest { request_id: None, command: command.clone() }), to)
}

pub(super) fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<TradingCommand, D::Error> {
    match logged::deserialize(from)? {
        Event::Trading(request) => Ok(request.command),
        other => Err(D::Error::custom(format_args!("is no command but of {}", other.kind()))),
    }
}
