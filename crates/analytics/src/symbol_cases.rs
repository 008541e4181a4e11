//! Symbols that differ only in case.

use hub_core::Symbol;
use hub_core::symbol::SymbolCase;
use rpds::RedBlackTreeMapSync;

/// Known symbols by their letters, whatever the case: persistent, so that a clone is O(1).
#[derive(Clone)]
pub(crate) struct SymbolCases {
    /// By its upper case, the symbol that was known first.
    first: RedBlackTreeMapSync<Symbol, Symbol>,
    /// Of each that was known later, that one.
    later: RedBlackTreeMapSync<Symbol, Symbol>,
}

impl Default for SymbolCases {
    fn default() -> SymbolCases {
        SymbolCases { first: RedBlackTreeMapSync::new_sync(), later: RedBlackTreeMapSync::new_sync() }
    }
}

impl SymbolCases {
    /// Notes a symbol that is known from now on.
    pub(crate) fn add(&mut self, symbol: &Symbol) {
        if let Some(first) = self.of_unknown(symbol).cloned() {
            self.later.insert_mut(symbol.clone(), first);
        } else {
            self.first.insert_mut(upper(symbol), symbol.clone());
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
