//! Traders at the auto-trader's desk.

use std::time::Instant;

use hub_autotrader::{CommandError, Desk};
use hub_core::trouble::Trouble;
use hub_server::IngestError;

use crate::config::DemoConfig;
use crate::market::Trader;

/// Requests that a trader may make in one step.
const REQUESTS_MAX: usize = 10;

/// The traders of all sessions, and where they ask.
pub(super) struct Trading {
    traders: Vec<Trader>,
    desk: Desk,
    refusals: Trouble,
}

impl Trading {
    pub(super) fn new(config: &DemoConfig, desk: Desk) -> Trading {
        Trading { traders: Trader::all(config), desk, refusals: Trouble::default() }
    }

    /// Each trader gets what it asks for now, and sees what became of it
    /// before it asks for more.
    pub(super) async fn step(&mut self) -> Result<(), IngestError> {
        // That a refusal was the last one is nothing to tell.
        self.refusals.over(Instant::now());
        for trader in &mut self.traders {
            for _ in 0..REQUESTS_MAX {
                let state = self.desk.settled();
                let Some(request) = trader.next(&state) else { break };
                match self.desk.command(request).await {
                    Ok(answered) => trader.answered(&answered.answer),
                    Err(CommandError::Refused(rejection)) => {
                        if let Some(times) = self.refusals.again(Instant::now()) {
                            tracing::info!(%rejection, times, "a trader of the demo is refused");
                        }
                        trader.refused(&rejection, state.applied().at);
                    }
                    Err(CommandError::Ingest(error)) => return Err(error),
                    // It was done all the same, as the next step will see.
                    Err(CommandError::Forgotten) => break,
                }
            }
        }
        Ok(())
    }
}
