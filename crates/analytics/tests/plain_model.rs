//! Whatever happens, the projection says what plain arithmetic says.

mod support;

use std::collections::BTreeSet;

use hub_core::{Offset, PortfolioId, Record};
use hub_fanout::{Filter, RowKey, View};
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use support::model::Model;
use support::script::{PORTFOLIOS, SYMBOLS, history};
use support::{Fixture, elements, field, portfolio, text};

proptest! {
    #[test]
    fn same_outcomes_same_rows_same_marks(records in history(300), watched: bool) {
        let mut hub = if watched { Fixture::watched() } else { Fixture::new() };
        let mut model = Model::default();
        for record in &records {
            let outcome = hub.apply(record);
            let verdict = model.apply(record);
            prop_assert_eq!((outcome.status(), field(&outcome)), verdict, "{:?}", record);
            if record.offset.0 % 3 == 0 {
                compare(&mut hub, &model);
            }
        }
        compare(&mut hub, &model);
    }

    #[test]
    fn what_changed_is_answered_from_versions_alone(
        records in history(300), watched: bool, questions in prop::collection::vec(question(), 40),
    ) {
        let mut hub = if watched { Fixture::watched() } else { Fixture::new() };
        let mut model = Model::default();
        for record in &records {
            hub.apply(record);
            model.apply(record);
        }
        let [positions, marks] = hub.publish();
        let rows: Vec<_> = model.positions.iter().map(|row| (row.portfolio, row.version)).collect();
        let portfolios: Vec<_> = model.portfolios.iter().map(|(id, _, version)| (*id, *version)).collect();
        for question in &questions {
            question.check(&*positions.view, &rows);
            question.check(&*marks.view, &portfolios);
        }
    }
}

fn compare(hub: &mut Fixture, model: &Model) {
    hub.settle();
    let [positions, marks] = hub.publish();
    let state = hub.reads.settled();
    let rows: Vec<_> = state.positions().map(|row| row.unwrap().position().clone()).collect();
    assert_eq!(rows, model.rows());
    let encoded: Vec<_> = state.positions().map(|row| Some(row.unwrap().json())).collect();
    assert_eq!(elements(&*positions.view), encoded);
    let values: Vec<_> = elements(&*marks.view).into_iter().map(|mark| mark.map(text)).collect();
    assert_eq!(values, model.marks());
    assert!(state.portfolios().map(|id| state.mark(id.unwrap()).unwrap().map(text)).eq(values));
    for symbol in SYMBOLS.iter().map(|symbol| symbol.parse().unwrap()) {
        let quote = state.quote(&symbol).map(|quote| (quote.price.units(), quote.time.micros()));
        assert_eq!(quote, model.prices.get(&symbol).copied());
    }
}

/// One call of `View::changed`.
#[derive(Clone, Debug)]
struct Question {
    after: u64,
    from: Option<RowKey>,
    of: Option<BTreeSet<PortfolioId>>,
    limit: usize,
}

fn question() -> impl Strategy<Value = Question> {
    // One more than there are, so that some are unknown.
    let of = prop::option::of(prop::collection::btree_set((0..=PORTFOLIOS).prop_map(portfolio), 0..4));
    let after = prop_oneof![Just(0), 0..310_u64, Just(u64::MAX)];
    let from = prop::option::of(prop_oneof![9 => 0..14_u32, 1 => Just(u32::MAX)]);
    let limit = prop_oneof![0..6_usize, Just(usize::MAX)];
    (after, from, of, limit).prop_map(|(after, from, of, limit)| Question { after, from, of, limit })
}

impl Question {
    fn check(&self, view: &dyn View, versions: &[(PortfolioId, Offset)]) {
        let admitted = |id: PortfolioId| self.of.as_ref().is_none_or(|of| of.contains(&id));
        let wanted = |(key, (id, version)): (RowKey, &(PortfolioId, Offset))| {
            let asked = self.from.is_none_or(|from| key > from) && admitted(*id) && version.0 > self.after;
            asked.then_some(key)
        };
        let mut expected: Vec<RowKey> = (0..).zip(versions).filter_map(wanted).collect();
        let more = expected.len() > self.limit;
        expected.truncate(self.limit);
        let filter = self.of.clone().map_or(Filter::ALL, Filter::of);
        // What is there already stays.
        let mut keys = vec![99, 7];
        assert_eq!(
            view.changed(Offset(self.after), self.from, &filter, self.limit, &mut keys),
            Ok(more),
            "{self:?}"
        );
        assert_eq!(keys, [&[99, 7], &expected[..]].concat(), "{self:?}");
    }
}

/// The random histories reach what they are meant to reach.
#[test]
fn the_histories_are_worth_their_while() {
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let (mut verdicts, mut closings, mut silent, mut stale) = (BTreeSet::new(), 0, 0, 0);
    for _ in 0..50 {
        let records: Vec<Record> = history(300).new_tree(&mut runner).unwrap().current();
        let mut model = Model::default();
        verdicts.extend(records.iter().map(|record| model.apply(record)));
        closings += model.rows().iter().filter(|row| row.holdings.is_zero()).count();
        silent += model.marks().iter().filter(|mark| mark.is_none()).count();
        stale += model.marks().iter().flatten().filter(|mark| mark.contains("stale")).count();
    }
    for verdict in [
        ("duplicate", None),
        ("stale", None),
        ("rejected", Some("timestamp")),
        ("rejected", Some("quantity")),
        ("rejected", Some("totalInvested")),
        ("rejected", Some("realizedPnl")),
    ] {
        assert!(verdicts.contains(&verdict), "{verdict:?}");
    }
    assert!(closings >= 20 && silent >= 5, "{closings} closed positions, {silent} unpriced portfolios");
    assert!((20..150).contains(&stale), "{stale} of 200 marks are stale");
}
