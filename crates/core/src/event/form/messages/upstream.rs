//! Messages of facts that services upstream computed.

use prost::{Message, Oneof};

use super::{Uuid, Wide};

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Upstream {
    #[prost(oneof = "UpstreamFact", tags = "1, 2, 3")]
    pub(in super::super) fact: Option<UpstreamFact>,
}

/// Facts that services upstream computed, by kind.
#[derive(Clone, PartialEq, Oneof)]
pub(in super::super) enum UpstreamFact {
    #[prost(message, tag = "1")]
    Valuation(Valuation),
    #[prost(message, tag = "2")]
    Position(Position),
    #[prost(message, tag = "3")]
    UnrealizedPnl(UnrealizedPnl),
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Valuation {
    #[prost(message, optional, tag = "1")]
    pub(in super::super) portfolio_id: Option<Uuid>,
    /// Days since 1970-01-01.
    #[prost(uint32, tag = "2")]
    pub(in super::super) date: u32,
    #[prost(message, optional, tag = "3")]
    pub(in super::super) portfolio_value: Option<Wide>,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct Position {
    #[prost(message, optional, tag = "1")]
    pub(in super::super) portfolio_id: Option<Uuid>,
    #[prost(string, tag = "2")]
    pub(in super::super) symbol: String,
    #[prost(message, optional, tag = "3")]
    pub(in super::super) holdings: Option<Wide>,
    #[prost(message, optional, tag = "4")]
    pub(in super::super) total_invested: Option<Wide>,
    #[prost(message, optional, tag = "5")]
    pub(in super::super) realized_pnl: Option<Wide>,
    #[prost(uint64, optional, tag = "6")]
    pub(in super::super) created_at: Option<u64>,
    #[prost(uint64, optional, tag = "7")]
    pub(in super::super) updated_at: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct UnrealizedPnl {
    #[prost(message, optional, tag = "1")]
    pub(in super::super) portfolio_id: Option<Uuid>,
    #[prost(message, repeated, tag = "2")]
    pub(in super::super) symbols: Vec<SymbolAmount>,
    #[prost(message, optional, tag = "3")]
    pub(in super::super) overall: Option<Wide>,
    #[prost(string, repeated, tag = "4")]
    pub(in super::super) unpriced: Vec<String>,
    #[prost(string, repeated, tag = "5")]
    pub(in super::super) stale: Vec<String>,
    #[prost(uint64, optional, tag = "6")]
    pub(in super::super) as_of: Option<u64>,
}

#[derive(Clone, PartialEq, Message)]
pub(in super::super) struct SymbolAmount {
    #[prost(string, tag = "1")]
    pub(in super::super) symbol: String,
    #[prost(message, optional, tag = "2")]
    pub(in super::super) amount: Option<Wide>,
}
