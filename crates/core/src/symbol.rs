//! Ticker symbols.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A ticker symbol: 1 to 32 characters, taken as they are (`BRK.B` and
/// `brk.b` are two symbols), U+FFFD not among them: it stands for text that was
/// lost, and of two symbols it would make one. Up to 23 bytes are kept without an allocation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Symbol(SmolStr);

/// The longest symbol, in characters.
pub const SYMBOL_MAX_CHARS: usize = 32;

/// A text that is no symbol.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("must be 1 to {SYMBOL_MAX_CHARS} whole characters, not blank, without U+FFFD")]
pub struct SymbolError;

impl Symbol {
    /// The symbol's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Symbol, SymbolError> {
        let is_whole = !text.contains(hub_json::REPLACEMENT);
        if text.trim().is_empty() || text.chars().count() > SYMBOL_MAX_CHARS || !is_whole {
            return Err(SymbolError);
        }
        Ok(Symbol(SmolStr::new(text)))
    }
}

impl fmt::Display for Symbol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn length_counts_characters_not_bytes() {
        assert!("é".repeat(32).parse::<Symbol>().is_ok());
        assert!("é".repeat(33).parse::<Symbol>().is_err());
        assert!("".parse::<Symbol>().is_err());
        assert!("  ".parse::<Symbol>().is_err());
        assert!("A\u{fffd}".parse::<Symbol>().is_err());
    }
}
