//! Portfolios that a service upstream computes.

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::event::Upstream;
use hub_core::{PortfolioId, Record, Symbol, Timestamp};

use super::{Model, Position, Refusal, money, refused, text};
use crate::digits::{MONEY_PLACES, decimal};

impl Model {
    pub(super) fn upstream(&mut self, record: &Record, fact: &Upstream) -> Result<(), Refusal> {
        let id = match fact {
            Upstream::Position(row) => row.portfolio_id,
            Upstream::UnrealizedPnl(pnl) => pnl.portfolio_id,
            Upstream::Valuation(_) => return Ok(()),
        };
        let is_computed = self.positions.iter().any(|it| it.portfolio == id && it.told.is_none());
        if is_computed {
            return Err(refused("portfolioId"));
        }
        let mark = self.relayed.entry(id).or_default();
        match fact {
            Upstream::UnrealizedPnl(pnl) => *mark = Some(pnl.clone()),
            Upstream::Position(row) => self.relay(record, row),
            Upstream::Valuation(_) => {}
        }
        Ok(())
    }

    fn relay(&mut self, record: &Record, row: &PositionRow) {
        let is_it = |it: &Position| it.portfolio == row.portfolio_id && it.symbol == row.symbol.as_str();
        let place = self.positions.iter().position(is_it).unwrap_or_else(|| {
            self.positions.push(Position::new(row.portfolio_id, row.symbol.as_str(), record.at));
            self.positions.len() - 1
        });
        let position = &mut self.positions[place];
        let told = Some((row.holdings.units(), row.total_invested.units()));
        if (position.told, position.realized) != (told, row.realized_pnl.units()) {
            position.updated_at = record.at;
        }
        (position.told, position.realized) = (told, row.realized_pnl.units());
    }

    /// What its positions realised and the overall that was told, and what its row says of it.
    pub(super) fn relayed_pnl(&self, id: PortfolioId, mark: Option<&UnrealizedPnl>) -> (String, String) {
        let own = || self.positions.iter().filter(|position| position.portfolio == id);
        let holds = own().any(|position| position.told.is_some_and(|told| told.0 != 0));
        let realized = own().try_fold(0_i128, |sum, position| money(sum.checked_add(position.realized)?));
        let overall = mark.map(|mark| mark.overall.units()).or((!holds).then_some(0));
        let sum = realized.zip(overall).and_then(|(realized, overall)| money(realized.checked_add(overall)?));
        let Some(sum) = sum else { return ("null".to_owned(), String::new()) };
        let mut tail = String::new();
        if mark.is_some_and(|mark| !mark.unpriced.is_empty()) {
            tail += r#","pnlPartial":true"#;
        }
        if let Some(as_of) = mark.and_then(|mark| mark.as_of) {
            tail = format!(r#"{tail},"pnlStale":true,"pnlAsOf":"{as_of}""#);
        }
        (decimal(sum, MONEY_PLACES), tail)
    }
}

pub(super) fn mark(pnl: &UnrealizedPnl) -> String {
    let amount = |(symbol, amount): (&Symbol, &hub_core::Money)| {
        format!("{}:{}", text(symbol.as_str()), decimal(amount.units(), MONEY_PLACES))
    };
    let amounts: Vec<String> = pnl.symbols.iter().map(amount).collect();
    let list = |name: &str, symbols: &[Symbol]| {
        let symbols: Vec<String> = symbols.iter().map(|symbol| text(symbol.as_str())).collect();
        if symbols.is_empty() { String::new() } else { format!(r#","{name}":[{}]"#, symbols.join(",")) }
    };
    let as_of = pnl.as_of.map_or(String::new(), |as_of: Timestamp| format!(r#","asOf":"{as_of}""#));
    format!(
        r#"{{"symbol":{{{}}},"overallUnrealised_Pnl":{},"portfolio_id":"{}"{}{}{as_of}}}"#,
        amounts.join(","),
        decimal(pnl.overall.units(), MONEY_PLACES),
        pnl.portfolio_id,
        list("unpriced", &pnl.unpriced),
        list("stale", &pnl.stale),
    )
}
