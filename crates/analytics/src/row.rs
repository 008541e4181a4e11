//! One position as people see it.

use std::sync::OnceLock;

use bytes::Bytes;
use hub_core::dto::PositionRow;

use crate::listing::SymbolKey;
use crate::portfolio::PortfolioKey;

/// A position at one version (AN-WS-1): immutable, shared by the topic, REST
/// and all snapshots that hold this version of it.
#[derive(Debug)]
pub struct Row {
    pub(crate) portfolio: PortfolioKey,
    pub(crate) symbol: SymbolKey,
    position: PositionRow,
    json: OnceLock<Bytes>,
}

impl Row {
    pub(crate) fn new(portfolio: PortfolioKey, symbol: SymbolKey, position: PositionRow) -> Row {
        Row { portfolio, symbol, position, json: OnceLock::new() }
    }

    /// Its values.
    pub fn position(&self) -> &PositionRow {
        &self.position
    }

    /// Its values as JSON, encoded when first asked for and never again.
    pub fn json(&self) -> Bytes {
        let encode = || {
            let mut json = Vec::with_capacity(JSON_USUAL_BYTES);
            self.position.write_json(&mut json);
            Bytes::from(json)
        };
        self.json.get_or_init(encode).clone()
    }
}

/// Room for a row with numbers of usual size.
const JSON_USUAL_BYTES: usize = 256;
