//! The market's configuration.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// `[demo]`: the market that runs where no real one is connected.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct DemoConfig {
    /// Runs the market; `--demo` on the command line says so, too.
    pub enabled: bool,
    /// The same seed makes the same market.
    pub seed: u64,
    /// Portfolios that trade.
    #[schemars(range(min = 1, max = 100_000))]
    pub portfolios: u32,
    /// Symbols that are traded.
    #[schemars(range(min = 1, max = 10_000))]
    pub symbols: u32,
    /// Price ticks per second, over all symbols.
    #[schemars(range(max = 100_000))]
    pub prices_per_second: u32,
    /// Transactions per second, over all portfolios.
    #[schemars(range(max = 100_000))]
    pub transactions_per_second: u32,
    /// The share of transactions that are wrong on purpose.
    #[schemars(range(min = 0, max = 1))]
    pub invalid_share: f64,
    /// Days before the opening of which the first thousand portfolios have a value.
    #[schemars(range(max = 400))]
    pub history_days: u32,
    /// Risk metrics per second, over all portfolios, as somebody upstream reports them; 0: ranks follow from days.
    #[schemars(range(max = 100_000))]
    pub risk_per_second: u32,
    /// Trades per second that enter the pipeline; 0: there is no pipeline.
    #[schemars(range(max = 10_000))]
    pub trades_per_second: u32,
    /// The share of them that fail on their way.
    #[schemars(range(min = 0, max = 1))]
    pub failing_share: f64,
    /// Sessions of the auto-trader; 0: nobody trades there.
    #[schemars(range(max = 100))]
    pub trading_sessions: u32,
}

impl Default for DemoConfig {
    fn default() -> DemoConfig {
        DemoConfig {
            enabled: false,
            seed: 42,
            portfolios: 100,
            symbols: 40,
            prices_per_second: 200,
            transactions_per_second: 5,
            invalid_share: 0.02,
            history_days: 40,
            risk_per_second: 10,
            trades_per_second: 5,
            failing_share: 0.02,
            trading_sessions: 2,
        }
    }
}
