//! Requests to the auto-trader. Whether they can be met, the id that a session or trade gets, and every exit by stop
//! loss or target follow from the log and are never written to it.

use std::fmt;
use std::num::ParseIntError;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use super::Side;
use crate::{Money, Price, Quantity, RequestId, Symbol};

/// The ingest kind of what the auto-trader is asked, in metrics and in logged rejections.
pub const KIND: &str = "auto-trader";

macro_rules! ordinal_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub u64);

        impl FromStr for $name {
            type Err = ParseIntError;

            fn from_str(text: &str) -> Result<Self, ParseIntError> {
                text.parse().map(Self)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

ordinal_id! {
    /// A trading session: 1, 2, 3 and so on in the order of the log.
    SessionId
}
ordinal_id! {
    /// A trade of the auto-trader, over all sessions: 1, 2, 3 and so on in the
    /// order of the log.
    TradeId
}

/// One command, as it was taken in.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TradingRequest {
    /// The key of idempotency, where the sender gave one: the same command
    /// with the same key is done once.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<RequestId>,
    /// Command asked for.
    pub command: TradingCommand,
}

/// Command to the auto-trader.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TradingCommand {
    /// Begin a session.
    CreateSession(CreateSession),
    /// Open a trade in a session.
    OpenTrade(OpenTrade),
    /// Close an open trade.
    CloseTrade(CloseTrade),
    /// End a session, and close what is open in it.
    StopSession(StopSession),
}

/// Begin a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateSession {
    /// Shown to people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Capital to trade with; more than zero.
    pub initial_capital: Money,
}

/// Open a trade in a session. All prices are more than zero.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct OpenTrade {
    /// Session that trades.
    pub session_id: SessionId,
    /// Of what.
    pub symbol: Symbol,
    /// BUY earns when the price rises, SELL when it falls.
    pub side: Side,
    /// Quantity to trade; more than zero.
    pub quantity: Quantity,
    /// The last price known if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub entry_price: Option<Price>,
    /// Price at which to end a loss: below the entry of a BUY, above that of a SELL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub stop_loss: Option<Price>,
    /// Price at which to take a profit: above the entry of a BUY, below that of a SELL.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub target: Option<Price>,
}

/// Close an open trade.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CloseTrade {
    /// Which.
    pub trade_id: TradeId,
    /// The last price known if absent; more than zero.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub price: Option<Price>,
}

/// End a session.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct StopSession {
    /// Which.
    pub session_id: SessionId,
}
