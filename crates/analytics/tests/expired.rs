//! A state that is held while more changes than may be kept: what it answers is what was, or that it has expired.

mod support;

use std::time::Duration;

use bytes::Bytes;
use hub_analytics::State;
use hub_core::event::{PortfolioInfo, Trade};
use hub_core::{Event, Expired, Pnl};
use hub_fanout::{Filter, Snapshot, StateFlush, View};
use proptest::prelude::*;
use support::{Fixture, portfolio, trade};

const PORTFOLIOS: u8 = 4;
const SYMBOLS: [&str; 3] = ["AAPL", "MSFT", "NVDA"];

/// A state and a flush, and what they answered when they were new.
struct Held {
    state: Snapshot<State>,
    flush: [StateFlush; 2],
    answers: Answers,
}

type Answer<T> = Result<T, Expired>;

/// Answers of every kind of reader.
struct Answers {
    rows: Vec<Answer<Option<Bytes>>>,
    marks: Vec<Answer<Option<Bytes>>>,
    pnl: Vec<Answer<Option<Pnl>>>,
    elements: Vec<Answer<Option<Bytes>>>,
    changed: Vec<Answer<Vec<u32>>>,
}

fn changed(view: &dyn View, after: u64, filter: &Filter) -> Answer<Vec<u32>> {
    let mut keys = Vec::new();
    view.changed(hub_core::Offset(after), None, filter, usize::MAX, &mut keys).map(|_| keys)
}

fn answers(state: &State, flush: &[StateFlush; 2], after: u64) -> Answers {
    let ids = || (0..PORTFOLIOS).map(portfolio);
    let filters = || [Filter::ALL, Filter::portfolio(portfolio(1))];
    let of_views = |view: &StateFlush| (0..12).map(|key| view.view.element(key)).collect::<Vec<_>>();
    Answers {
        rows: (0..12).map(|key| state.position(key).map(|row| row.map(|row| row.json()))).collect(),
        marks: ids().map(|id| state.mark(id)).collect(),
        pnl: ids().map(|id| state.pnl(id)).collect(),
        elements: flush.iter().flat_map(of_views).collect(),
        changed: flush
            .iter()
            .flat_map(|part| filters().map(|filter| changed(&*part.view, after, &filter)))
            .collect(),
    }
}

/// Gives how many of the answers are that the state has expired; all others are as before.
fn expired<T: PartialEq + std::fmt::Debug>(before: &[Answer<T>], now: &[Answer<T>]) -> usize {
    assert_eq!(before.len(), now.len());
    for (before, now) in before.iter().zip(now) {
        assert!(before.is_ok(), "the newest state has not expired");
        assert!(now == before || *now == Err(Expired), "{now:?}, and was {before:?}");
    }
    now.iter().filter(|answer| answer.is_err()).count()
}

impl Held {
    fn take(hub: &mut Fixture) -> Held {
        let flush = hub.publish();
        let state = hub.reads.settled();
        let answers = answers(&state, &flush, 3);
        Held { state, flush, answers }
    }

    fn expired(&self) -> usize {
        let now = answers(&self.state, &self.flush, 3);
        let before = &self.answers;
        expired(&before.rows, &now.rows)
            + expired(&before.marks, &now.marks)
            + expired(&before.pnl, &now.pnl)
            + expired(&before.elements, &now.elements)
            + expired(&before.changed, &now.changed)
    }
}

fn buy(hub: &mut Fixture, of: u8, symbol: usize) {
    // Ids are one byte here, and the log forgets them at once.
    hub.millis += 10;
    let id = hub.offset as u8;
    hub.send(trade(id, of, SYMBOLS[symbol], "1", Trade::Buy { price: "10".parse().unwrap() }));
}

fn within(view_bytes: usize) -> Fixture {
    let mut hub = Fixture::within(view_bytes);
    hub.configure(1, 1);
    hub
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_a_held_state_answers_is_what_was_or_that_it_has_expired(
        steps in prop::collection::vec((0..PORTFOLIOS, 0..SYMBOLS.len(), 0..6_u8), 1..150),
        view_bytes in 0_usize..3000,
    ) {
        let mut hub = within(view_bytes);
        let (mut held, mut pins) = (Vec::<Held>::new(), Vec::new());
        for (of, symbol, then) in steps {
            buy(&mut hub, of, symbol);
            match then {
                0 => {
                    hub.price(SYMBOLS[symbol], &hub.offset.to_string());
                }
                1 => held.push(Held::take(&mut hub)),
                2 if held.len() > 3 => drop(held.remove(0)),
                3 if pins.is_empty() && held.len() > 1 => {
                    let last = held.len() - 1;
                    if let Ok(pin) = held[last].state.pin() {
                        prop_assert_eq!(held[last].expired(), 0);
                        pins.push((held.remove(last), pin));
                    }
                }
                _ => hub.settle(),
            }
        }
        for held in &held {
            // However many: no answer is another than it was.
            prop_assert!(held.expired() <= 100);
        }
        for (held, _) in &pins {
            prop_assert_eq!(held.expired(), 0, "somebody holds on to it");
        }
        prop_assert_eq!(Held::take(&mut hub).expired(), 0);
    }
}

#[test]
fn a_state_expires_once_more_is_kept_for_it_than_may_be_and_not_before() {
    let mut hub = within(1000);
    (0..PORTFOLIOS).for_each(|of| buy(&mut hub, of, 0));
    let held = Held::take(&mut hub);
    for _ in 0..100 {
        buy(&mut hub, 0, 0);
    }
    hub.settle();
    assert_eq!(held.expired(), 0, "one row and one portfolio are kept");
    let kept = hub.meter.rows.bytes();
    assert!((100..1000).contains(&kept) && hub.meter.rows.expired() == 0, "{kept} bytes");
    let mut settles = 0;
    while held.expired() == 0 {
        (0..PORTFOLIOS).for_each(|of| buy(&mut hub, of, 0));
        hub.settle();
        settles += 1;
        assert!(settles < 100, "it is never given up");
    }
    assert!(held.state.pin().is_err(), "too late");
    assert_eq!(hub.meter.rows.expired(), 1, "those that nobody had are not counted");
    assert!(hub.meter.rows.bytes() <= 1000);
    assert_eq!(Held::take(&mut hub).expired(), 0);
}

#[test]
fn a_state_that_somebody_holds_on_to_outlives_any_bound() {
    let mut hub = within(0);
    (0..PORTFOLIOS).for_each(|of| buy(&mut hub, of, 0));
    let held = Held::take(&mut hub);
    let pin = held.state.pin();
    assert!(pin.is_ok());
    for _ in 0..10 {
        (0..PORTFOLIOS).for_each(|of| buy(&mut hub, of, 0));
        hub.settle();
    }
    assert_eq!(held.expired(), 0);
    drop(pin);
    hub.settle();
    buy(&mut hub, 0, 0);
    hub.settle();
    assert!(held.expired() > 0, "nobody does any more");
}

#[test]
fn flushes_are_kept_by_their_positions_as_far_as_their_prices_go() {
    let mut hub = Fixture::keeping(Duration::from_secs(60), 1 << 20);
    buy(&mut hub, 0, 0);
    let mut flushes = Vec::new();
    for _ in 0..2000 {
        let price = hub.offset.to_string();
        hub.price(SYMBOLS[0], &price);
        hub.publish();
        flushes.push((hub.position(), price));
    }
    let kept: Vec<_> = flushes.iter().map(|(position, price)| (hub.reads.at(*position), price)).collect();
    let gone = kept.iter().take_while(|(state, _)| state.is_err()).count();
    assert!((10..1990).contains(&gone), "{gone} of 2,000 are gone");
    assert_eq!(hub.meter.flushes.expired(), gone as u64);
    let bytes = hub.meter.flushes.bytes();
    assert!(((1 << 18)..=1 << 19).contains(&bytes), "{bytes} bytes: half of what there may be");
    let symbol = SYMBOLS[0].parse().unwrap();
    for (state, price) in &kept[gone..] {
        let quote = state.as_ref().unwrap().quote(&symbol).unwrap();
        assert_eq!(quote.price.to_string(), **price);
    }
}

#[test]
fn a_flush_of_which_rows_have_expired_is_kept_no_longer() {
    let mut hub = Fixture::keeping(Duration::from_secs(60), 2000);
    hub.configure(1, 1);
    let flush = |hub: &mut Fixture| {
        (0..PORTFOLIOS).for_each(|of| buy(hub, of, 0));
        hub.publish();
        hub.position()
    };
    let first = flush(&mut hub);
    assert!(hub.reads.at(first).is_ok());
    let last = (0..20).map(|_| flush(&mut hub)).last().unwrap();
    assert!(hub.reads.at(first).is_err_and(|error| error == Expired), "its rows are gone, so it is");
    assert_eq!(hub.meter.flushes.expired(), 0, "nothing but its rows");
    assert!(hub.meter.rows.expired() > 0);
    assert!(hub.reads.at(last).is_ok());
}

#[test]
fn flushes_are_kept_as_far_as_their_master_data_go() {
    let mut hub = Fixture::keeping(Duration::from_secs(60), 1 << 20);
    let mut positions = Vec::new();
    for round in 0..40 {
        for n in 0..200 {
            let portfolio_id = portfolio(n);
            let name = format!("a name of round {round}");
            let info = PortfolioInfo { portfolio_id, name, phone_number: None, address: None };
            hub.send(Event::Portfolio(info));
        }
        hub.publish();
        positions.push(hub.position());
    }
    let kept = positions.iter().filter(|position| hub.reads.at(**position).is_ok()).count();
    assert!((2..38).contains(&kept), "{kept} of 40 are kept");
}
