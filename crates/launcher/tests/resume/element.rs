//! A row or a mark: what names it, and what it comes to, as the hub says it and as the ledger does.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use serde_json::Value;

use crate::support::ledger::{Held, Key};
use crate::support::session::Topic;

pub(crate) struct Element {
    /// Portfolio, and the symbol of a position.
    pub(crate) name: String,
    /// Of its name and its amounts; equal for equal ones.
    pub(crate) digest: u64,
    /// Of a position.
    pub(crate) updated_at: Option<String>,
}

impl Element {
    pub(crate) fn read(topic: Topic, text: &str) -> Element {
        let value: Value = serde_json::from_str(text).unwrap();
        let member =
            |value: &Value| value.as_str().unwrap_or_else(|| panic!("no {topic:?}: {text}")).to_owned();
        if topic == Topic::Marks {
            return Element {
                name: member(&value["portfolio_id"]),
                digest: digest_of_mark(&value),
                updated_at: None,
            };
        }
        let name = format!("{} {}", member(&value["id"]["portfolioId"]), member(&value["id"]["symbol"]));
        let amounts = [&value["holdings"], &value["totalInvested"], &value["realizedPnl"]];
        let amounts =
            amounts.map(|amount| amount.as_i64().unwrap_or_else(|| panic!("no whole number: {text}")));
        let digest = digest_of_row(&name, amounts);
        Element { name, digest, updated_at: Some(member(&value["updatedAt"])) }
    }
}

/// What the digest of a mark has to be.
pub(crate) fn digest_of_mark(mark: &Value) -> u64 {
    hash(&mark.to_string())
}

/// What the digest of a row has to be.
pub(crate) fn digest_of_held((portfolio, symbol): &Key, held: &Held) -> u64 {
    let amounts = [held.holdings.cast_signed(), held.invested.cast_signed(), held.realized];
    digest_of_row(&format!("{portfolio} {symbol}"), amounts)
}

fn digest_of_row(name: &str, amounts: [i64; 3]) -> u64 {
    hash(&format!("{name} {amounts:?}"))
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
