//! Positions and P&L are walked and restored at whatever record, and go on as if nothing had been.

mod support;

use std::path::Path;

use bytes::Bytes;
use hub_analytics::State;
use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::event::{PortfolioInfo, Trade, Upstream, Valuation};
use hub_core::settings::Close;
use hub_core::{Date, Event, Record, Settings};
use hub_fanout::testing::walks::{Walkable, check_damage, check_goes_on_alike};
use hub_fanout::{RowKey, Snapshot};
use proptest::prelude::*;
use support::script::{PORTFOLIOS, SYMBOLS, history};
use support::{Fixture, all_changed, elements, portfolio, trade};

/// Both topics, and which of their elements changed since each offset.
type Topics = Vec<(Vec<Option<Bytes>>, Vec<Vec<RowKey>>)>;

/// Everything that people see.
fn seen(hub: &mut Fixture) -> (Topics, Vec<String>) {
    let topics = hub.publish().map(|topic| {
        let changed = (0..=hub.offset).map(|after| all_changed(&*topic.view, after));
        (elements(&*topic.view), changed.collect())
    });
    let state = hub.reads.settled();
    let mut seen = vec![format!("{:?}", state.applied())];
    seen.extend(state.positions().map(|row| format!("{row:?}")));
    seen.extend(state.quotes().map(|quote| format!("{quote:?}")));
    seen.extend(state.portfolio_infos().map(|info| format!("{info:?}")));
    seen.extend(state.symbol_infos().map(|info| format!("{info:?}")));
    seen.extend((0..PORTFOLIOS).map(|n| format!("{:?}", state.pnl(portfolio(n)))));
    seen.extend((0..PORTFOLIOS).map(|n| format!("{:?}", state.worths(portfolio(n)).collect::<Vec<_>>())));
    (topics.into(), seen)
}

/// Symbols of the history in another case now and then, so that it is told.
fn in_cases(records: &mut [Record], lower: &[bool]) {
    for (record, lower) in records.iter_mut().zip(lower) {
        if *lower {
            record.event.fold_symbol(hub_core::SymbolCase::Upper);
            if let Event::Price(quote) = &mut record.event {
                quote.symbol = quote.symbol.as_str().to_lowercase().parse().unwrap();
            }
        }
    }
}

/// Histories, and where each is cut.
fn cut(histories: impl Strategy<Value = Vec<Record>>) -> impl Strategy<Value = (Vec<Record>, usize)> {
    (histories, any::<prop::sample::Index>()).prop_map(|(records, cut)| {
        let cut = cut.index(records.len() + 1);
        (records, cut)
    })
}

impl Walkable for Fixture {
    type Seen = (Topics, Vec<String>);
    type Held = Snapshot<State>;

    fn start() -> Fixture {
        Fixture::new()
    }

    fn start_watched() -> Fixture {
        Fixture::watched()
    }

    fn show(&mut self) -> Self::Held {
        self.publish();
        self.reads.settled()
    }

    fn seen(&mut self) -> Self::Seen {
        seen(self)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn whoever_is_restored_goes_on_alike((records, cut) in cut(history(200)), looks in prop::collection::vec(any::<bool>(), 200), lower in prop::collection::vec(prop::bool::weighted(0.1), 200)) {
        let mut records = records;
        in_cases(&mut records, &lower);
        check_goes_on_alike::<Fixture>(&records, cut, &looks);
    }

    #[test]
    fn what_is_damaged_is_refused_or_gone_on_from((records, cut) in cut(history(100)), places: [usize; 2], bits in 1..=u8::MAX) {
        check_damage::<Fixture>(&records, cut, places, bits);
    }
}

/// After a restore a flush lists what changed since the one before, as any.
#[test]
fn flushes_list_what_changed_from_there_on() {
    let mut first = Fixture::new();
    for id in 1..=3 {
        first.buy(id, SYMBOLS[usize::from(id) - 1], "1", "10");
    }
    let mut second = Fixture::new();
    second.restore(&first.walk()).unwrap();
    let listed = |hub: &mut Fixture| support::keys(&hub.publish()[0].changed).to_vec();
    assert_eq!(listed(&mut second), [0, 1, 2], "all that there is");
    second.buy(9, SYMBOLS[1], "1", "10");
    assert_eq!(listed(&mut second), [1]);
}

/// Many lots, bought in any order and sold one by one, as they would have been.
#[test]
fn lots_come_back_in_their_order_however_many() {
    let buy = |id, price: &str| trade(id, 1, "MSFT", "1", Trade::Buy { price: price.parse().unwrap() });
    let (mut first, mut second) = (Fixture::new(), Fixture::new());
    for id in 0..40_u8 {
        first.send(buy(id, &(id % 7 + 1).to_string()));
        first.publish();
    }
    second.restore(&first.walk()).unwrap();
    for id in 40..80_u8 {
        let lot_price = (id % 3 == 0).then(|| "2".parse().unwrap());
        let sale = trade(id, 1, "MSFT", "1", Trade::Sell { price: "9".parse().unwrap(), lot_price });
        assert_eq!(second.send(sale.clone()), first.send(sale));
        assert_eq!(second.items(), first.items());
        assert_eq!(second.row(0), first.row(0));
    }
}

#[test]
fn master_data_comes_back_whole() {
    let (mut first, mut second) = (Fixture::new(), Fixture::new());
    let info = PortfolioInfo {
        portfolio_id: portfolio(1),
        name: "Growth".into(),
        phone_number: None,
        address: Some("Somewhere".into()),
    };
    first.send(Event::Portfolio(info.clone()));
    second.restore(&first.walk()).unwrap();
    assert_eq!(second.reads.settled().portfolio_info(portfolio(1)).cloned(), Some(info));
}

#[test]
fn what_is_walked_in_another_way_has_another_form() {
    let mut hub = Fixture::new();
    for id in 1..=12 {
        hub.buy(id, "MANY", "1", "10");
    }
    hub.buy(20, "FEW", "1", "10");
    hub.buy(21, "FEW", "2", "11.5");
    hub.buy(22, "ONE", "3", "12");
    hub.buy(23, "GONE", "1", "10");
    hub.sell(24, "GONE", "1", "11", None);
    hub.price("ONE", "13");
    let info = PortfolioInfo {
        portfolio_id: portfolio(1),
        name: "A".into(),
        phone_number: None,
        address: Some("B".into()),
    };
    hub.send(Event::Portfolio(info));
    let row = PositionRow {
        portfolio_id: portfolio(2),
        symbol: "ONE".parse().unwrap(),
        holdings: "1.5".parse().unwrap(),
        total_invested: "10".parse().unwrap(),
        realized_pnl: "-1".parse().unwrap(),
        created_at: None,
        updated_at: None,
    };
    hub.send(Upstream::Position(row).into());
    let mark = UnrealizedPnl {
        portfolio_id: portfolio(3),
        symbols: [("ONE".parse().unwrap(), "5".parse().unwrap())].into(),
        overall: "5".parse().unwrap(),
        unpriced: vec!["MANY".parse().unwrap()],
        stale: vec!["ONE".parse().unwrap()],
        as_of: Some(hub.now()),
    };
    hub.send(Upstream::UnrealizedPnl(mark).into());
    let close = |n: i32| Close {
        date: Date::from_days(20_491 + n).unwrap(),
        at: hub.now().plus_millis(1000 * (i64::from(n) + 1)),
    };
    let closes = (0..40).map(close).collect();
    hub.send(Event::Settings(Settings {
        idempotency_horizon_ms: 1_000_000,
        resume_horizon_ms: 2_000_000,
        closes,
        ..Settings::default()
    }));
    let date = Date::from_days(20_400).unwrap();
    let valuation = Valuation { portfolio_id: portfolio(1), date, portfolio_value: "9.5".parse().unwrap() };
    hub.send(Upstream::Valuation(valuation).into());
    hub.pass(35_000);
    hub.check_form("analytics", Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/forms")));
}
