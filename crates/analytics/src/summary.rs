//! `/topic/portfolio-summary`: what a portfolio comes to, which dashboards would add up themselves (FE-4).

use bytes::Bytes;
use hub_core::dto::put_string;
use hub_core::{Expired, Money, Offset, PortfolioId, Quantity, Symbol, Timestamp};
use hub_fanout::{Filter, RowKey, Snapshot, View};

use crate::history::Day;
use crate::marks::{MarksView, Positions as _, unrealized};
use crate::page::extend_page;
use crate::portfolio::PortfolioKey;
use crate::position::Balance;
use crate::relayed::Relayed;
use crate::row::{Entry, Phase};
use crate::state::State;
use crate::wide::Wide;
use crate::written::{put_money, put_or_null};

/// One element per portfolio, in the order of their marks.
pub(crate) struct SummariesView {
    state: Snapshot<State>,
    /// Marks change with whatever else does.
    marks: MarksView,
}

/// Totals of a portfolio's positions.
struct Totals<'s> {
    open: u64,
    priced: u64,
    holdings: Option<Quantity>,
    invested: Wide,
    realized: Wide,
    /// None where one of its parts is more than money holds, or nobody says.
    market_value: Option<Wide>,
    unrealized: Option<Wide>,
    unpriced: Vec<&'s Symbol>,
    stale_as_of: Option<Timestamp>,
}

impl SummariesView {
    pub(crate) fn new(state: Snapshot<State>) -> SummariesView {
        SummariesView { marks: MarksView::new(state.clone()), state }
    }
}

impl View for SummariesView {
    fn changed(
        &self,
        after: Offset,
        from: Option<RowKey>,
        filter: &Filter,
        limit: usize,
        keys: &mut Vec<RowKey>,
    ) -> Result<bool, Expired> {
        let state = &self.state;
        if filter.is_all() && state.names_and_days() <= after {
            return self.marks.changed(after, from, filter, limit, keys);
        }
        let mut found = Vec::new();
        let mut look = |key| {
            let is_newer = state.summary_version(key)? > after;
            found.extend(Some(key).filter(|_| is_newer));
            Ok(found.len())
        };
        if let Some(wanted) = filter.portfolios() {
            for key in wanted.iter().filter_map(|id| state.key(*id)) {
                look(key)?;
            }
        } else {
            let first = from.map_or(Some(0), |from| from.checked_add(1)).unwrap_or(RowKey::MAX);
            for key in first..state.portfolios.len() {
                if look(key)? > limit {
                    break;
                }
            }
        }
        Ok(extend_page(keys, found, from, limit))
    }

    fn portfolio(&self, key: RowKey) -> Result<Option<PortfolioId>, Expired> {
        self.state.portfolio_id(key)
    }

    fn element(&self, key: RowKey) -> Result<Option<Bytes>, Expired> {
        let Some(encoded) = self.state.encoded.get(key) else { return Ok(None) };
        encoded.summary.at(self.state.summary_version(key)?, || self.state.summary(key))
    }
}

impl State {
    /// The last record that named a portfolio or ended a day: it changes summaries beside marks.
    pub(crate) fn names_and_days(&self) -> Offset {
        let day = self.history().last().map(|day| day.offset);
        day.unwrap_or_default().max(self.reference.described())
    }

    /// The offset that last changed a portfolio's summary: its mark, its name, or the day that it is compared with.
    pub(crate) fn summary_version(&self, key: PortfolioKey) -> Result<Offset, Expired> {
        let Some(id) = self.portfolio_id(key)? else { return Ok(Offset::START) };
        let day = self.history().last().map_or(Offset::START, |day: &Day| day.offset);
        Ok(self.mark_version(key)?.max(self.reference.described_at(id)).max(day))
    }

    /// A portfolio's summary as JSON; `None` if it never had a position. O(positions of the portfolio).
    pub(crate) fn summary(&self, key: PortfolioKey) -> Result<Option<Bytes>, Expired> {
        let Some(id) = self.portfolio_id(key)? else { return Ok(None) };
        let totals = self.totals(key)?;
        let mut json = Vec::with_capacity(JSON_USUAL_BYTES);
        json.extend_from_slice(br#"{"portfolioId":""#);
        id.write_to(&mut json);
        json.extend_from_slice(br#"","name":"#);
        put_or_null(&mut json, self.portfolio_info(id), |out, info| put_string(out, &info.name));
        totals.write(self.day_change(key, &totals), &mut json);
        Ok(Some(json.into()))
    }

    fn totals(&self, key: PortfolioKey) -> Result<Totals<'_>, Expired> {
        let mut totals = Totals {
            open: 0,
            priced: 0,
            holdings: Some(Quantity::ZERO),
            invested: Wide::default(),
            realized: Wide::default(),
            market_value: Some(Wide::default()),
            unrealized: Some(Wide::default()),
            unpriced: Vec::new(),
            stale_as_of: None,
        };
        for member in self.members(key) {
            let (_, entry) = member?;
            totals.add(self, &entry);
        }
        if let Some(relayed) = self.relayed(key) {
            totals.relay(relayed);
        }
        totals.unpriced.sort_unstable();
        Ok(totals)
    }

    /// Total P&L less that at the end of the last day: a purchase is no gain. `None` before there is such a day, or where
    /// one of both is not known in full.
    fn day_change(&self, key: PortfolioKey, totals: &Totals<'_>) -> Option<Money> {
        let before = self.history().ends()?.pnl.get(key)?;
        let is_whole = totals.priced == totals.open && totals.unpriced.is_empty();
        let now = totals.realized.plus(totals.unrealized.filter(|_| is_whole)?);
        now.minus(before.into()).money()
    }
}

/// Room for a summary with numbers of usual size.
const JSON_USUAL_BYTES: usize = 384;

impl<'s> Totals<'s> {
    fn add(&mut self, state: &'s State, entry: &Entry) {
        let Balance { holdings, total_invested, realized_pnl } = entry.balance;
        let plus = |sum: Option<Wide>, amount: Option<Money>| Some(sum?.plus(amount?.into()));
        self.realized = self.realized.plus(realized_pnl.into());
        if !matches!(entry.phase, Phase::Open | Phase::Relayed) {
            return;
        }
        self.open += u64::from(!holdings.is_zero());
        self.holdings = self.holdings.and_then(|sum| sum.checked_add(holdings));
        self.invested = self.invested.plus(total_invested.into());
        if entry.phase == Phase::Relayed {
            return;
        }
        let Some(listing) = state.reference.listings.get(entry.symbol) else { return };
        let Some(quote) = listing.quote else {
            self.unpriced.push(&listing.symbol);
            return;
        };
        self.priced += 1;
        self.market_value = plus(self.market_value, Money::of(quote.price, holdings));
        self.unrealized = plus(self.unrealized, unrealized(Some(quote.price), holdings, total_invested));
        if state.freshness().is_stale(quote.time) {
            self.stale_as_of = Some(self.stale_as_of.map_or(quote.time, |oldest| oldest.min(quote.time)));
        }
    }

    /// Takes over what upstream says of the whole, which does not say what it is worth.
    fn relay(&mut self, relayed: &'s Relayed) {
        if self.open > 0 {
            self.market_value = None;
        }
        if let Some(mark) = &relayed.mark {
            (self.priced, self.unrealized, self.stale_as_of) =
                (self.open, Some(mark.overall.into()), mark.as_of);
            self.unpriced.extend(&mark.unpriced);
        }
    }

    /// Appends the members behind the name, and the end.
    fn write(&self, day_change: Option<Money>, out: &mut Vec<u8>) {
        // Nothing of what is held has a price: there is no value, rather than a 0 that is none.
        let is_known = self.priced > 0 || self.open == 0;
        let shown = |sum: Option<Wide>| sum.filter(|_| is_known).and_then(Wide::money);
        out.extend_from_slice(format!(r#","positions":{},"holdings":"#, self.open).as_bytes());
        put_or_null(out, self.holdings, |out, holdings| holdings.write_to(out));
        for (name, amount) in [
            ("totalInvested", self.invested.money()),
            ("marketValue", shown(self.market_value)),
            ("realizedPnl", self.realized.money()),
            ("unrealizedPnl", shown(self.unrealized)),
            ("dayChange", day_change),
        ] {
            out.extend_from_slice(format!(r#","{name}":"#).as_bytes());
            put_or_null(out, amount, put_money);
        }
        out.extend_from_slice(br#","asOf":"#);
        put_or_null(out, self.stale_as_of, |out, time| {
            out.extend_from_slice(format!(r#""{time}""#).as_bytes());
        });
        out.extend_from_slice(format!(r#","stale":{},"unpriced":["#, self.stale_as_of.is_some()).as_bytes());
        for (number, symbol) in self.unpriced.iter().enumerate() {
            out.extend_from_slice(if number == 0 { b"" } else { b"," });
            put_string(out, symbol.as_str());
        }
        out.extend_from_slice(b"]}");
    }
}
