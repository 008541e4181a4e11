//! Every screen adds up: summaries, movers and sectors of a flush are those that its rows and prices come to, for
//! whoever wants all or some of them, and so is what each subscriber is told on the way.

mod support;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::{Display, Write as _};

use hub_core::dto::PositionRow;
use hub_core::{Event, Money, Offset, PortfolioId, Price, Quantity, Record, Symbol, Timestamp};
use hub_fanout::{Changed, Filter, RowKey, StateFlush};
use proptest::prelude::*;
use support::days::{Days, whole_sum};
use support::script::history;
use support::{Fixture, portfolio, quote, text};

/// All that screens are made of, as the records say it.
#[derive(Default)]
struct World {
    days: Days,
    names: BTreeMap<PortfolioId, String>,
    sectors: BTreeMap<Symbol, String>,
    now: Timestamp,
}

/// A number, or null.
fn or_null(value: Option<impl ToString>) -> String {
    value.map_or("null".to_owned(), |value| value.to_string())
}

fn quoted(value: impl Display) -> String {
    format!("\"{value}\"")
}

fn sum(amounts: impl IntoIterator<Item = Option<Money>>) -> Option<Money> {
    whole_sum(amounts.into_iter().collect::<Option<Vec<Money>>>()?)
}

impl World {
    fn apply(&mut self, record: &Record) {
        self.now = record.at;
        match &record.event {
            Event::Portfolio(info) => drop(self.names.insert(info.portfolio_id, info.name.clone())),
            Event::Symbol(info) => drop(self.sectors.insert(info.symbol.clone(), info.sector.clone())),
            _ => {}
        }
        self.days.apply(record);
    }

    fn price(&self, symbol: &Symbol) -> Option<(Price, Timestamp)> {
        let (price, time) = self.days.model.prices.get(symbol)?;
        Some((Price::from_units(*price), Timestamp::from_micros(*time).unwrap()))
    }

    fn is_stale(&self, time: Timestamp) -> bool {
        let prices = self.days.model.settings.prices;
        prices.stale_from(time).is_some_and(|from| from <= self.now)
    }

    fn rows(&self, wanted: Option<&BTreeSet<PortfolioId>>) -> Vec<PositionRow> {
        let mut rows = self.days.model.rows();
        rows.retain(|row| wanted.is_none_or(|wanted| wanted.contains(&row.portfolio_id)));
        rows
    }

    fn summaries(&self) -> Vec<(PortfolioId, String)> {
        let ids = self.days.model.portfolios.iter().map(|(id, ..)| *id);
        ids.map(|id| (id, self.summary(id))).collect()
    }

    fn summary(&self, id: PortfolioId) -> String {
        let rows = self.rows(Some(&BTreeSet::from([id])));
        let open: Vec<_> = rows.iter().filter(|row| !row.holdings.is_zero()).collect();
        let priced: Vec<_> = open.iter().filter_map(|row| Some((row, self.price(&row.symbol)?))).collect();
        let mut is_known = !priced.is_empty() || open.is_empty();
        let worth = |(row, (price, _)): &(&&PositionRow, (Price, _))| Money::of(*price, row.holdings);
        let mut market = sum(priced.iter().map(worth)).filter(|_| is_known);
        let gain = |it: &_| worth(it)?.checked_sub(it.0.total_invested);
        let mut unrealized = sum(priced.iter().map(gain)).filter(|_| is_known);
        let mut stale = priced.iter().map(|(_, (_, time))| *time).filter(|time| self.is_stale(*time)).min();
        let mut unpriced: Vec<_> =
            open.iter().filter(|row| self.price(&row.symbol).is_none()).map(|row| &row.symbol).collect();
        if self.days.model.is_relayed(id) {
            let mark = self.days.model.relayed_mark(id);
            // As upstream says, which does not say what it is worth.
            market = market.filter(|_| open.is_empty());
            is_known = mark.is_some() || open.is_empty();
            unrealized = mark.map(|mark| mark.overall).or(is_known.then_some(Money::ZERO));
            stale = mark.and_then(|mark| mark.as_of);
            unpriced = mark.map(|mark| mark.unpriced.iter().collect()).unwrap_or_default();
        }
        unpriced.sort();
        let realized = sum(rows.iter().map(|row| Some(row.realized_pnl)));
        let is_whole = is_known && unpriced.is_empty();
        let change = self.days.ends.get(&id).filter(|_| is_whole).and_then(|before| {
            let parts = rows.iter().map(|row| Some(row.realized_pnl));
            let gains: Vec<Option<Money>> = match self.days.model.relayed_mark(id) {
                Some(mark) => vec![Some(mark.overall)],
                None if self.days.model.is_relayed(id) => vec![],
                None => priced.iter().map(gain).collect(),
            };
            sum(parts.chain(gains).chain([Some(Money::from_units(-before.units()))]))
        });
        let holdings = open.iter().try_fold(Quantity::ZERO, |sum, row| sum.checked_add(row.holdings));
        format!(
            r#"{{"portfolioId":"{id}","name":{},"positions":{},"holdings":{},"totalInvested":{},"marketValue":{},"realizedPnl":{},"unrealizedPnl":{},"dayChange":{},"asOf":{},"stale":{},"unpriced":[{}]}}"#,
            or_null(self.names.get(&id).map(quoted)),
            open.len(),
            or_null(holdings),
            or_null(sum(open.iter().map(|row| Some(row.total_invested)))),
            or_null(market),
            or_null(realized),
            or_null(unrealized),
            or_null(change),
            or_null(stale.map(quoted)),
            stale.is_some(),
            unpriced.into_iter().map(quoted).collect::<Vec<_>>().join(","),
        )
    }

    fn movers(&self, wanted: Option<&BTreeSet<PortfolioId>>, limit: usize) -> String {
        let mut by_symbol: BTreeMap<Symbol, Vec<PositionRow>> = BTreeMap::new();
        for row in self.rows(wanted) {
            by_symbol.entry(row.symbol.clone()).or_default().push(row);
        }
        let mut movers = Vec::new();
        for (symbol, rows) in by_symbol {
            let price = self.price(&symbol);
            let (relayed, own): (Vec<_>, Vec<_>) =
                rows.iter().partition(|row| self.days.model.is_relayed(row.portfolio_id));
            let said = relayed.iter().filter(|row| !row.holdings.is_zero()).filter_map(|row| {
                self.days.model.relayed_mark(row.portfolio_id)?.symbols.get(&symbol).copied()
            });
            let mut gains: Vec<Money> = said.collect();
            let held: i128 = own.iter().map(|row| row.holdings.units()).sum();
            let mut time = None;
            if let Some((price, priced_at)) = price.filter(|_| held > 0) {
                let worth = i128::from(price.units()).checked_mul(held).and_then(Money::from_units_checked);
                let invested = sum(own.iter().map(|row| Some(row.total_invested)));
                let gain = worth.zip(invested).and_then(|(worth, invested)| worth.checked_sub(invested));
                let Some(gain) = gain else { continue };
                gains.push(gain);
                time = Some(priced_at);
            }
            let Some(gain) = whole_sum(gains.iter().copied()).filter(|_| !gains.is_empty()) else { continue };
            let before = self.days.end_prices.get(&symbol).zip(price);
            let change =
                before.and_then(|(before, (price, _))| percent(price.units().into(), (*before).into()));
            let mut json = format!(
                r#"{{"symbol":"{symbol}","unrealizedPnl":{gain},"priceChangePercent":{}"#,
                or_null(change)
            );
            if let Some(time) = time.filter(|time| self.is_stale(*time)) {
                write!(json, r#","stale":true,"asOf":"{time}""#).unwrap();
            }
            movers.push((gain, symbol, json + "}"));
        }
        let list = |mut of: Vec<&(Money, Symbol, String)>, best_first: bool| {
            of.sort_by_key(|(gain, symbol, _)| {
                (if best_first { -gain.units() } else { gain.units() }, symbol.clone())
            });
            of.iter().take(limit).map(|(.., json)| json.as_str()).collect::<Vec<_>>().join(",")
        };
        let (gainers, losers): (Vec<_>, Vec<_>) = movers.iter().partition(|(gain, ..)| *gain >= Money::ZERO);
        format!(r#"{{"gainers":[{}],"losers":[{}]}}"#, list(gainers, true), list(losers, false))
    }

    /// Sums alone: shares have a test of their own.
    fn sectors(&self, wanted: Option<&BTreeSet<PortfolioId>>) -> BTreeMap<String, [String; 3]> {
        let mut by_sector: BTreeMap<String, Vec<PositionRow>> = BTreeMap::new();
        for row in self.rows(wanted) {
            let sector = self.sectors.get(&row.symbol).cloned().unwrap_or("Unclassified".to_owned());
            by_sector.entry(sector).or_default().push(row);
        }
        let sums = |rows: Vec<PositionRow>| {
            let held: i128 = rows.iter().map(|row| row.holdings.units()).sum();
            [
                Quantity::from_units(held).to_string(),
                or_null(sum(rows.iter().map(|row| Some(row.total_invested)))),
                or_null(whole_sum(rows.iter().map(|row| row.realized_pnl))),
            ]
        };
        by_sector.into_iter().map(|(sector, rows)| (sector, sums(rows))).collect()
    }
}

/// Percent to two places, half up.
fn percent(now: i128, before: i128) -> Option<Price> {
    let by = (now - before).abs();
    let hundredths = (by * 20_000 + before) / (2 * before);
    let units = i64::try_from(hundredths).ok()?.checked_mul(1_000_000)?;
    Some(Price::from_units(if now < before { -units } else { units }))
}

/// What a subscriber who wants these was told, by key.
struct Follower {
    topic: usize,
    filter: Filter,
    /// Up to here it was told everything.
    watermark: Offset,
    told: BTreeMap<RowKey, Option<String>>,
}

impl Follower {
    /// Takes a flush as shards do: by what it lists, where it does.
    fn take(&mut self, flush: &StateFlush, upto: Offset) -> usize {
        let mut keys = Vec::new();
        let listed = match &flush.changed {
            Changed::Keys(keys) if self.watermark > Offset::START => Some(keys),
            _ => None,
        };
        if let Some(listed) = listed {
            let is_wanted = |key: &&RowKey| {
                let of = |wanted: &BTreeSet<PortfolioId>| {
                    flush.view.portfolio(**key).unwrap().is_some_and(|id| wanted.contains(&id))
                };
                self.filter.portfolios().is_none_or(|wanted| of(wanted))
            };
            keys.extend(listed.iter().filter(is_wanted).copied());
        } else {
            let more = flush.view.changed(self.watermark, None, &self.filter, usize::MAX, &mut keys);
            assert_eq!(more, Ok(false));
        }
        self.watermark = upto;
        let mut changed = 0;
        for key in keys {
            let json = flush.view.element_for(key, &self.filter).unwrap().map(text);
            changed += usize::from(self.told.insert(key, json.clone()) != Some(json));
        }
        changed
    }
}

fn wanted(n: u8) -> BTreeSet<PortfolioId> {
    [portfolio(n), portfolio(n + 1)].into()
}

fn followers() -> Vec<Follower> {
    let filters = [Filter::ALL, Filter::of(wanted(0)), Filter::of(wanted(2)), Filter::ALL.limited(Some(1))];
    let each = |topic| {
        filters.clone().map(|filter| Follower {
            topic,
            filter,
            watermark: Offset::START,
            told: BTreeMap::new(),
        })
    };
    [2, 3, 4].into_iter().flat_map(each).collect()
}

fn check(follower: &Follower, world: &World) {
    let wanted = follower.filter.portfolios().map(|wanted| &**wanted);
    let told = || follower.told.get(&0).cloned().flatten().expect("a document");
    match follower.topic {
        2 => {
            let all = world.summaries();
            let of =
                all.iter().enumerate().filter(|(_, (id, _))| wanted.is_none_or(|wanted| wanted.contains(id)));
            let expected: BTreeMap<RowKey, Option<String>> =
                of.map(|(key, (_, json))| (key as RowKey, Some(json.clone()))).collect();
            assert_eq!(follower.told, expected);
        }
        3 => {
            let limit = follower.filter.limit().map_or(5, usize::from);
            assert_eq!(told(), world.movers(wanted, limit));
        }
        _ => {
            let rows: Vec<serde_json::Map<String, serde_json::Value>> =
                serde_json::from_str(&told()).unwrap();
            let names: Vec<_> = rows.iter().map(|row| row["sector"].as_str().unwrap().to_owned()).collect();
            let expected = world.sectors(wanted);
            assert_eq!(names, expected.keys().cloned().collect::<Vec<_>>());
            // Digits as they are: nothing passes through a float.
            let mut rest = told();
            for [holdings, invested, realized] in expected.into_values() {
                let part = format!(
                    r#""totalHoldings":{holdings},"totalInvested":{invested},"realizedPnl":{realized}}}"#
                );
                let at = rest.find(&part).unwrap_or_else(|| panic!("no {part} in {rest}"));
                rest = rest[at + part.len()..].to_owned();
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn screens_are_those_of_a_plain_model(
        records in history(200), flushes in prop::collection::vec(prop::bool::weighted(0.3), 200),
        watched in prop::collection::vec(any::<bool>(), 200),
    ) {
        let (mut hub, mut world, mut followers) = (Fixture::new(), World::default(), followers());
        let mut is_watched = false;
        for ((record, flushed), watch) in records.iter().zip(flushes).zip(watched) {
            hub.apply(record);
            world.apply(record);
            if !flushed {
                continue;
            }
            // Somebody comes or goes now and then, which makes no difference to the others.
            if watch != is_watched {
                is_watched = watch;
                for topic in hub.catalog.states() {
                    if watch { topic.interest().enter() } else { topic.interest().leave() }
                }
            }
            hub.settle();
            let flush = hub.publish_all();
            for follower in &mut followers {
                follower.take(&flush[follower.topic], record.offset);
                check(follower, &world);
            }
        }
    }
}

/// What says the same is not sent again to whoever wants all of it.
#[test]
fn a_document_that_says_the_same_is_not_sent_again() {
    let mut hub = Fixture::watched();
    hub.buy(1, "A", "2", "10");
    hub.price("A", "11");
    let flush = hub.publish_all();
    let mut followers = followers();
    for follower in &mut followers {
        follower.take(&flush[follower.topic], Offset(hub.offset));
    }
    // Nobody holds it.
    hub.send(quote("OTHER", "1", None));
    let flush = hub.publish_all();
    let changed = |flush: &StateFlush| {
        let mut keys = Vec::new();
        flush.view.changed(Offset(2), None, &Filter::ALL, 1, &mut keys).unwrap();
        keys
    };
    assert_eq!((changed(&flush[3]), changed(&flush[4])), (vec![], vec![]));
    hub.price("A", "12");
    let flush = hub.publish_all();
    assert_eq!((changed(&flush[3]), changed(&flush[4])), (vec![0], vec![]));
}

/// Before anything is known they say so.
#[test]
fn an_empty_hub_has_documents() {
    let mut hub = Fixture::new();
    let flush = hub.publish_all();
    let all = |flush: &StateFlush| {
        let mut keys = Vec::new();
        flush.view.changed(Offset::START, None, &Filter::ALL, 9, &mut keys).unwrap();
        keys.into_iter().map(|key| text(flush.view.element(key).unwrap().unwrap())).collect::<Vec<_>>()
    };
    assert_eq!(all(&flush[2]), [""; 0]);
    assert_eq!(all(&flush[3]), [r#"{"gainers":[],"losers":[]}"#]);
    assert_eq!(all(&flush[4]), ["[]"]);
}
