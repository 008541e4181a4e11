//! Prices that grow old.

use hub_core::settings::PriceSettings;
use hub_core::{FreshPrices, Offset, Symbol, Timestamp};

use super::Ledger;

impl Ledger {
    /// The next time at which a price may become stale.
    pub(crate) fn next_stale(&self) -> Option<Timestamp> {
        self.fresh.next_due()
    }

    /// Log time passes to `now`: what has become stale changed at `offset`.
    pub(crate) fn advance(&mut self, now: Timestamp, offset: Offset) {
        self.now = now;
        let quotes = &self.state.quotes;
        let time = |symbol: &Symbol| quotes.get(symbol).map(|quote| quote.time);
        let stale = self.fresh.take_stale(self.state.prices, now, time);
        self.touch_prices(&stale, offset);
    }

    /// From here on other prices are stale.
    pub(crate) fn configure_prices(&mut self, prices: PriceSettings, offset: Offset) {
        if self.state.prices == prices {
            return;
        }
        let [was, is] = [self.state.prices, prices].map(|prices| prices.at(self.now));
        let differ =
            self.state.quotes.iter().filter(|(_, quote)| was.is_stale(quote.time) != is.is_stale(quote.time));
        let differ: Vec<Symbol> = differ.map(|(symbol, _)| symbol.clone()).collect();
        self.touch_prices(&differ, offset);
        self.state.prices = prices;
        self.await_stale();
    }

    /// Finds out when the next price becomes stale, from all of them.
    pub(super) fn await_stale(&mut self) {
        let times = self.state.quotes.iter().map(|(symbol, quote)| (symbol.clone(), quote.time));
        self.fresh = FreshPrices::of(times, self.state.prices, self.now);
    }

    fn touch_prices(&mut self, symbols: &[Symbol], offset: Offset) {
        for symbol in symbols {
            if let Some(quote) = self.state.quotes.get_mut(symbol) {
                quote.changed = offset;
                self.state.priced = offset;
            }
        }
    }
}
