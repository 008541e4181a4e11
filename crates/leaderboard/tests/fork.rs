//! A fork is what the projection would become, and nobody else sees it.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hub_core::event::RiskMetrics;
use hub_core::{Derived, Event, Expired, Offset, Outcome, Record, Timestamp, Verdict};
use hub_fanout::{
    Applied, DryRun, FlushBuilder, Foreseen, Fork, Projection, Remembered, Snapshot, Step, WalkError, Walked,
    walk,
};
use hub_leaderboard::{Dialect, LeaderboardFork, State};
use proptest::prelude::*;
use support::compared::check;
use support::model::Model;
use support::script::{PORTFOLIOS, event};
use support::{Hub, START_MILLIS, named, portfolio, risk};

/// A record and what an earlier projection derives before it, as time passes, and from it.
#[derive(Clone, Debug)]
struct Planned {
    at: Timestamp,
    event: Event,
    before: Vec<RiskMetrics>,
    from: Vec<RiskMetrics>,
}

/// The earlier projection and its fork: derives what is planned, and warns of each fact.
#[derive(Clone, Default)]
struct Earlier {
    applied: Arc<Mutex<Applied>>,
    plan: Arc<Mutex<BTreeMap<Offset, Planned>>>,
}

impl Earlier {
    fn at(applied: Applied) -> Earlier {
        Earlier { applied: Arc::new(Mutex::new(applied)), plan: Arc::default() }
    }

    fn applied(&self) -> Applied {
        *self.applied.lock().unwrap()
    }

    fn plan(&self, offset: Offset, planned: &Planned) {
        self.plan.lock().unwrap().insert(offset, planned.clone());
    }

    fn derive(&self, offset: Offset, facts: fn(&Planned) -> &[RiskMetrics], step: &mut Step) {
        let plan = self.plan.lock().unwrap();
        for risk in facts(&plan[&offset]) {
            step.derive(Derived::Risk(risk.clone()));
        }
    }
}

impl Projection for Earlier {
    fn advance(&mut self, _: Timestamp, offset: Offset, step: &mut Step) {
        self.derive(offset, |planned| &planned.before, step);
    }

    fn apply(&mut self, record: &Record, step: &mut Step) {
        self.derive(record.offset, |planned| &planned.from, step);
        step.warn(format!("{} facts", step.derived().len()));
    }

    fn settle(&mut self, applied: Applied) {
        *self.applied.lock().unwrap() = applied;
    }

    fn flush(&mut self, _: &mut FlushBuilder) {}

    fn remembered(&self) -> Remembered<'_> {
        Remembered::nothing("earlier/1")
    }

    fn restore(&mut self, from: Walked<'_, '_>) -> Result<(), WalkError> {
        walk::read(from)
    }
}

impl Fork for Earlier {
    fn applied(&self) -> Applied {
        Earlier::applied(self)
    }

    fn advance(&mut self, now: Timestamp, offset: Offset, step: &mut Step) -> Result<(), Expired> {
        Projection::advance(self, now, offset, step);
        Ok(())
    }

    fn apply(&mut self, record: &Record, step: &mut Step) -> Result<(), Expired> {
        Projection::apply(self, record, step);
        Ok(())
    }
}

/// The real projection behind the earlier one, and the model of it.
struct Real {
    hub: Hub,
    earlier: Earlier,
    model: Model,
}

/// A state that somebody holds, and what it has to be.
struct Held {
    state: Snapshot<State>,
    applied: Applied,
    model: Model,
}

impl Real {
    fn new() -> Real {
        let earlier = Earlier::default();
        let hub = Hub::after(Some(Box::new(earlier.clone())), None, Dialect::Native);
        Real { hub, earlier, model: Model::default() }
    }

    fn apply(&mut self, planned: &Planned) -> Foreseen {
        let record =
            Record { offset: Offset(self.hub.offset + 1), at: planned.at, event: planned.event.clone() };
        self.earlier.plan(record.offset, planned);
        let outcome = self.hub.apply(&record);
        let verdict = Verdict { outcome, warnings: self.hub.warnings().to_vec() };
        assert_eq!(verdict.outcome == Outcome::Accepted, expect(&mut self.model, &record, planned));
        Foreseen { verdict, items: self.hub.items().to_vec() }
    }

    fn hold(&mut self) -> Held {
        self.hub.settle();
        Held { state: self.hub.reads.settled(), applied: self.earlier.applied(), model: self.model.clone() }
    }
}

/// Has the model take in a record and what is derived; true if it is accepted.
fn expect(model: &mut Model, record: &Record, planned: &Planned) -> bool {
    let facts = planned.before.iter().chain(&planned.from);
    facts.for_each(|risk| model.derive(record.offset, record.at, risk));
    model.apply(record)
}

/// Forks of one position, and the model of what they are to be.
struct Forked {
    earlier: Earlier,
    leaderboard: LeaderboardFork,
    model: Model,
}

impl Forked {
    fn of(held: &Held) -> Forked {
        let leaderboard = LeaderboardFork::of(held.state.clone());
        assert_eq!(leaderboard.applied(), held.applied);
        let earlier = Earlier::at(held.applied);
        Forked { earlier, leaderboard, model: held.model.clone() }
    }

    /// Takes both through this, and between one and the next does something else.
    fn run(&mut self, plan: &[Planned], mut meanwhile: impl FnMut(usize)) -> Vec<Foreseen> {
        let earlier = self.earlier.clone();
        let Applied { mut position, mut at } = self.earlier.applied();
        let mut run = DryRun::of(vec![&mut self.earlier, &mut self.leaderboard]).unwrap();
        let mut foreseen = Vec::new();
        for (index, planned) in plan.iter().enumerate() {
            meanwhile(index);
            (position.offset, at) = (position.offset.next(), at.max(planned.at));
            earlier.plan(position.offset, planned);
            let outcome = run.apply(planned.at, planned.event.clone()).unwrap();
            let record = Record { offset: position.offset, at, event: planned.event.clone() };
            let is_accepted = expect(&mut self.model, &record, planned);
            assert_eq!(outcome.verdict.outcome == Outcome::Accepted, is_accepted);
            foreseen.push(outcome);
        }
        foreseen
    }

    fn check(&self) {
        check(&self.leaderboard, &self.model);
    }
}

/// Metrics without a score, which are refused or derived in vain.
fn huge(of: u8) -> Event {
    let Event::Risk(mut risk) = risk(of, "0", "0", "0") else { unreachable!("risk") };
    risk.sharpe_ratio = hub_core::Ratio::from_units(i128::MAX);
    Event::Risk(risk)
}

fn events() -> impl Strategy<Value = Event> {
    prop_oneof![12 => event(), 1 => (1..=PORTFOLIOS).prop_map(huge)]
}

fn facts() -> impl Strategy<Value = Vec<RiskMetrics>> {
    let risks = events().prop_filter_map("risk alone is derived", |event| match event {
        Event::Risk(risk) => Some(risk),
        _ => None,
    });
    prop_oneof![3 => Just(Vec::new()), 1 => prop::collection::vec(risks, 1..4)]
}

fn plan(records: usize) -> impl Strategy<Value = Vec<Planned>> {
    prop::collection::vec((events(), 0..200_i64, facts(), facts()), 0..records).prop_map(|steps| {
        let mut millis = START_MILLIS;
        let planned = |(event, pause, before, from)| {
            millis += pause;
            Planned { at: Timestamp::from_millis(millis).unwrap(), event, before, from }
        };
        steps.into_iter().map(planned).collect()
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_fork_of_any_state_is_what_the_projection_became(
        plan in plan(40), cuts in prop::collection::vec(any::<(prop::sample::Index, prop::sample::Index)>(), 8),
    ) {
        let mut real = Real::new();
        let (mut held, mut became) = (vec![real.hold()], Vec::new());
        for planned in &plan {
            became.push(real.apply(planned));
            held.push(real.hold());
        }
        for (one, other) in cuts {
            let [one, other] = [one, other].map(|index| index.index(held.len()));
            let (from, to) = (one.min(other), one.max(other));
            let mut forked = Forked::of(&held[from]);
            let foreseen = forked.run(&plan[from..to], |_| {});
            prop_assert_eq!(&foreseen[..], &became[from..to]);
            forked.check();
            let (fork, board) = (&forked.leaderboard, held[to].state.board());
            prop_assert!(fork.rows(0, usize::MAX).eq(board.rows(0, usize::MAX)));
        }
        // However many were forked, and whatever was applied since.
        for Held { state, model, .. } in &held {
            check(state.board(), model);
        }
    }

    #[test]
    fn nobody_else_sees_what_a_fork_is_taken_through(
        before in plan(30), meanwhile in plan(30), one in plan(30), other in plan(30),
    ) {
        let mut real = Real::new();
        for planned in &before {
            real.apply(planned);
        }
        let held = real.hold();
        let mut forks = [Forked::of(&held), Forked::of(&held)];
        let untouched = Forked::of(&held);
        let mut rest = meanwhile.iter();
        for (fork, plan) in forks.iter_mut().zip([&one, &other]) {
            fork.run(plan, |index| {
                if let Some(planned) = rest.next() {
                    let at = planned.at.max(real.hub.now());
                    real.apply(&Planned { at, ..planned.clone() });
                }
                if index % 3 == 0 {
                    real.hold();
                }
            });
        }
        forks.iter().for_each(Forked::check);
        untouched.check();
        Forked::of(&held).check();
        check(held.state.board(), &held.model);
        check(real.hold().state.board(), &real.model);
    }
}

#[test]
fn a_portfolio_that_was_only_named_is_ranked_with_its_name() {
    let mut hub = Hub::new();
    hub.name(1, "Growth");
    hub.name(2, "Income");
    hub.settle();
    let mut fork = LeaderboardFork::of(hub.reads.settled());
    let mut run = DryRun::of(vec![&mut fork]).unwrap();
    for event in [
        named(2, "Other"),
        named(3, "New"),
        risk(1, "0", "1", "0"),
        risk(2, "0", "1", "0"),
        risk(3, "0", "1", "0"),
    ] {
        assert_eq!(run.apply(hub.now(), event).unwrap().verdict.outcome, Outcome::Accepted);
    }
    let names = |fork: &LeaderboardFork| {
        fork.rows(0, 9).map(|(rank, row)| (rank, row.name.as_deref().unwrap().to_owned())).collect::<Vec<_>>()
    };
    assert_eq!(
        names(&fork),
        [(1, "Growth".into()), (2, "Other".into()), (3, "New".into())],
        "who was first is first"
    );
    assert!(LeaderboardFork::of(hub.reads.settled()).is_empty());
    hub.sharpe(2, "1");
    hub.settle();
    assert_eq!(names(&LeaderboardFork::of(hub.reads.settled())), [(1, "Income".into())]);
}

#[test]
fn an_ingested_portfolio_keeps_to_what_was_ingested_also_where_only_the_fork_ingested_it() {
    let mut real = Real::new();
    let Event::Risk(derived) = risk(1, "0", "9", "0") else { unreachable!("risk") };
    let at = real.hub.now();
    let planned = |event, from: &[&RiskMetrics]| Planned {
        at,
        event,
        before: Vec::new(),
        from: from.iter().map(|risk| (*risk).clone()).collect(),
    };
    real.apply(&planned(Event::Tick, &[&derived]));
    let held = real.hold();
    let sharpe = |forked: &Forked| forked.leaderboard.entry(portfolio(1)).unwrap().metrics.sharpe.to_string();
    let Event::Risk(other) = risk(1, "0", "8", "0") else { unreachable!("risk") };
    let mut forked = Forked::of(&held);
    forked.run(&[planned(risk(1, "0", "9", "0"), &[]), planned(Event::Tick, &[&other])], |_| {});
    assert_eq!(sharpe(&forked), "9", "though what was ingested changed nothing");
    let mut forked = Forked::of(&held);
    forked.run(&[planned(Event::Tick, &[&other])], |_| {});
    assert_eq!(sharpe(&forked), "8", "the other fork ingested it, this one did not");
}
