//! Symbols that differ only in case.

use std::collections::HashMap;

use hub_core::Symbol;
use hub_core::symbol::SymbolCase;

/// Known symbols by their letters, whatever the case: looked up, never walked.
#[derive(Default)]
pub(crate) struct SymbolCases {
    /// By its upper case, the symbol that was known first.
    first: HashMap<Symbol, Symbol>,
    /// Of each that was known later, that one.
    later: HashMap<Symbol, Symbol>,
}

impl SymbolCases {
    /// Notes a symbol that is known from now on.
    pub(crate) fn add(&mut self, symbol: &Symbol) {
        if let Some(first) = self.of_unknown(symbol).cloned() {
            self.later.insert(symbol.clone(), first);
        } else {
            self.first.insert(upper(symbol), symbol.clone());
        }
    }

    /// The symbol that was known before one that is known, too, and differs only in case.
    pub(crate) fn of_known(&self, symbol: &Symbol) -> Option<&Symbol> {
        // Mostly there are none, and an empty map costs nothing.
        self.later.get(symbol)
    }

    /// The known symbol from which one that is not known differs only in case.
    pub(crate) fn of_unknown(&self, symbol: &Symbol) -> Option<&Symbol> {
        self.first.get(&upper(symbol))
    }
}

fn upper(symbol: &Symbol) -> Symbol {
    let mut upper = symbol.clone();
    SymbolCase::Upper.fold(&mut upper);
    upper
}
