//! Ticker symbols.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A ticker symbol: 1 to 32 characters without blanks around them, which are trimmed, and in the case in which they
/// came (`BRK.B` and `brk.b` are two symbols, unless a [`SymbolCase`] says otherwise). What nobody sees is not among them:
/// control characters, and those without width, which spreadsheets and web pages bring along and which are trimmed as
/// blanks are. Nor is U+FFFD: it stands for text that was lost, and of two symbols it would make one. Up to 23 bytes are kept without an allocation.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Symbol(SmolStr);

/// The longest symbol, in characters.
pub const SYMBOL_MAX_CHARS: usize = 32;

/// A text that is no symbol.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum SymbolError {
    /// Nothing is left when blanks around it are trimmed.
    #[error("must not be blank")]
    Blank,
    /// Beyond [`SYMBOL_MAX_CHARS`].
    #[error("must have at most {SYMBOL_MAX_CHARS} characters")]
    TooLong,
    /// Within it is a character that nobody sees.
    #[error("must not have invisible characters, such as its U+{:04X}", u32::from(*.0))]
    Invisible(char),
    /// Text of it was lost.
    #[error("must be whole: half of a character, or U+FFFD, tells no two apart")]
    Lost,
}

impl Symbol {
    /// The symbol's text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A text that tells things apart, without blanks around it: something that people see, and all of it.
pub(crate) fn visible(text: &str) -> Result<&str, SymbolError> {
    let text = text.trim_matches(|c: char| c.is_whitespace() || has_no_width(c));
    if text.is_empty() {
        return Err(SymbolError::Blank);
    }
    if text.contains(hub_json::REPLACEMENT) {
        return Err(SymbolError::Lost);
    }
    match text.chars().find(|c| c.is_control() || has_no_width(*c)) {
        Some(invisible) => Err(SymbolError::Invisible(invisible)),
        None => Ok(text),
    }
}

impl FromStr for Symbol {
    type Err = SymbolError;

    fn from_str(text: &str) -> Result<Symbol, SymbolError> {
        let text = visible(text)?;
        if text.chars().count() > SYMBOL_MAX_CHARS {
            return Err(SymbolError::TooLong);
        }
        Ok(Symbol(SmolStr::new(text)))
    }
}

/// True of characters that are shown as nothing: soft hyphen, zero-width blanks and joiners, marks of direction, the
/// byte-order mark.
fn has_no_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

/// The case of symbols that come in.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum SymbolCase {
    /// As they came: some markets tell symbols apart by it.
    #[default]
    Kept,
    /// ASCII letters in upper case, so that `aapl` is `AAPL`.
    Upper,
}

impl SymbolCase {
    /// Makes a symbol one of this case.
    pub fn fold(self, symbol: &mut Symbol) {
        let folds = self == SymbolCase::Upper && symbol.0.bytes().any(|byte| byte.is_ascii_lowercase());
        if folds {
            *symbol = Symbol(SmolStr::new(symbol.0.to_ascii_uppercase()));
        }
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
        assert!(
            format!("\t {} \n", "é".repeat(32)).parse::<Symbol>().is_ok(),
            "blanks around it do not count"
        );
    }

    #[test]
    fn blanks_around_a_symbol_are_trimmed_and_control_characters_in_it_refused() {
        for text in ["AAPL", " AAPL", "AAPL\r\n", "\u{a0}AAPL\u{3000}", "\u{feff}AAPL \u{200b}"] {
            assert_eq!(text.parse::<Symbol>().unwrap().as_str(), "AAPL", "{text:?}");
        }
        assert_eq!(" BRK B ".parse::<Symbol>().unwrap().as_str(), "BRK B");
        for text in ["A\0", "A\u{200b}B", "A\u{202e}B", "A\nB", "A\u{7f}", "\u{85}A\u{80}", "A\u{1b}[31m"] {
            let error = text.parse::<Symbol>().unwrap_err();
            assert!(matches!(error, SymbolError::Invisible(_)), "{text:?}: {error}");
        }
    }

    #[test]
    fn the_rule_that_is_broken_is_told() {
        for (text, told) in [
            ("\u{200b}", "must not be blank"),
            ("A\u{200b}B", "must not have invisible characters, such as its U+200B"),
            ("A\tB", "must not have invisible characters, such as its U+0009"),
            ("A\u{fffd}", "must be whole: half of a character, or U+FFFD, tells no two apart"),
            ("ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456", "must have at most 32 characters"),
        ] {
            assert_eq!(text.parse::<Symbol>().unwrap_err().to_string(), told, "{text:?}");
        }
    }

    #[test]
    fn case_is_kept_or_that_of_ascii_folded() {
        for (text, upper) in [("aapl", "AAPL"), ("BRK.b", "BRK.B"), ("münch", "MüNCH"), ("AAPL", "AAPL")] {
            let of = |case: SymbolCase| {
                let mut symbol: Symbol = text.parse().unwrap();
                case.fold(&mut symbol);
                symbol.as_str().to_owned()
            };
            assert_eq!((of(SymbolCase::Kept).as_str(), of(SymbolCase::Upper).as_str()), (text, upper));
        }
    }
}
