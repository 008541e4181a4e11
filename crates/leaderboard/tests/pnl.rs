//! P&L beside a rank is live: told once in a round, to nobody whose rows it did not move.

mod support;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use hub_core::views::{PnlView, PortfolioPnl};
use hub_core::{Expired, Offset, Pnl, PortfolioId, Position};
use hub_fanout::{Document, Occasion};
use hub_leaderboard::LeaderboardConfig;
use support::{EPOCH, Hub, ids, json, portfolio};

type Amounts = BTreeMap<(PortfolioId, Offset), i128>;

/// P&L by portfolio and the offset that set it; all that was is kept, from `kept` on.
#[derive(Default)]
struct Moving {
    amounts: Mutex<Amounts>,
    kept: Mutex<Offset>,
}

struct At {
    position: Position,
    amounts: Amounts,
}

impl PortfolioPnl for Moving {
    fn settled(&self) -> Box<dyn PnlView> {
        panic!("what a flush shows is of its position");
    }

    fn at(&self, position: Position) -> Result<Box<dyn PnlView>, Expired> {
        if position.offset < *self.kept.lock().unwrap() {
            return Err(Expired);
        }
        Ok(Box::new(At { position, amounts: self.amounts.lock().unwrap().clone() }))
    }
}

impl At {
    fn newest_of(&self, id: PortfolioId) -> Option<(Offset, i128)> {
        let all = self.amounts.range((id, Offset::START)..=(id, self.position.offset));
        all.last().map(|((_, offset), amount)| (*offset, *amount))
    }
}

impl PnlView for At {
    fn position(&self) -> Position {
        self.position
    }

    fn pnl(&self, id: PortfolioId) -> Result<Option<Pnl>, Expired> {
        let pnl = |(_, units)| Pnl {
            amount: hub_core::Money::from_units(units),
            is_partial: false,
            stale_as_of: None,
        };
        Ok(self.newest_of(id).map(pnl))
    }

    fn version(&self, id: PortfolioId) -> Result<Offset, Expired> {
        Ok(self.newest_of(id).map_or(Offset::START, |(offset, _)| offset))
    }

    fn newest(&self) -> Offset {
        let known = self.amounts.keys().map(|(_, offset)| *offset);
        known.filter(|offset| *offset <= self.position.offset).max().unwrap_or_default()
    }
}

struct World {
    hub: Hub,
    pnl: Arc<Moving>,
}

/// Portfolios 1 to 9, ranked in this order, at the beginning of a round.
fn world(pnl_ms: u32) -> World {
    let pnl = Arc::new(Moving::default());
    let config = LeaderboardConfig { pnl_ms, ..LeaderboardConfig::default() };
    let mut hub = Hub::configured(None, Some(Arc::clone(&pnl) as _), &config);
    (1..=9).for_each(|n| drop(hub.sharpe(n, &(20 - n).to_string())));
    hub.flush();
    World { hub, pnl }
}

impl World {
    /// P&L of a portfolio moves, so many milliseconds later.
    fn set(&mut self, after_ms: i64, of: u8, units: i128) {
        self.hub.pass(after_ms);
        self.pnl.amounts.lock().unwrap().insert((portfolio(of), Offset(self.hub.offset)), units);
        self.hub.flush();
    }

    /// The portfolios whose rows one is sent who has everything up to `after`, and how far he is then.
    fn told(&self, document: &dyn Document, after: u64) -> (Option<Vec<u8>>, u64) {
        let (messages, upto) = self.hub.compose(document, Occasion::Changed { after: Offset(after) });
        let rows = |message: &String| {
            let message = json(message);
            let rows = [&message["data"]["entries"], &message["data"], &message["top"]];
            ids(rows.into_iter().find(|rows| rows.is_array()).unwrap())
        };
        (messages.first().map(rows), upto)
    }
}

#[test]
fn a_row_whose_pnl_moved_is_sent_in_the_next_round_and_no_other() {
    for pnl_ms in [1000, 5000] {
        let mut world = world(pnl_ms);
        let documents = ["/ws/updates?limit=3", "/ws/top?n=3", "/ws/updates?limit=3&dialect=pms"]
            .map(|url| world.hub.follow(url).unwrap());
        let after = world.hub.offset;
        world.set(100, 2, 1);
        world.set(100, 5, 1);
        for document in &documents {
            assert_eq!(world.told(&**document, after), (None, after), "not yet");
        }
        world.set(i64::from(pnl_ms) - 200, 8, 1);
        let now = world.hub.offset;
        assert_eq!(world.told(&*documents[0], after), (Some(vec![2]), now));
        assert_eq!(world.told(&*documents[1], after), (Some(vec![1, 2, 3]), now));
        assert_eq!(world.told(&*documents[2], after), (Some(vec![1, 2, 3]), now));
        world.set(i64::from(pnl_ms), 8, 2);
        for document in &documents {
            assert_eq!(world.told(&**document, now), (None, world.hub.offset), "none of theirs moved");
        }
    }
}

#[test]
fn what_moved_and_came_back_is_told_only_if_nobody_knows_what_was() {
    let mut world = world(1000);
    world.set(0, 1, 7);
    let updates = world.hub.follow("/ws/updates").unwrap();
    let after = world.hub.offset;
    world.set(500, 1, 8);
    world.set(500, 1, 7);
    assert_eq!(world.told(&*updates, after), (None, world.hub.offset));
    *world.pnl.kept.lock().unwrap() = Offset(world.hub.offset);
    assert_eq!(world.told(&*updates, after), (Some(vec![1]), world.hub.offset));
}

#[test]
fn a_rank_that_moves_within_a_round_brings_the_pnl_of_all_rows_and_nothing_is_told_twice() {
    let mut world = world(1000);
    let updates = world.hub.follow("/ws/updates?limit=3").unwrap();
    let after = world.hub.offset;
    world.set(100, 1, 1);
    world.hub.sharpe(3, "17.5");
    world.hub.flush();
    let now = world.hub.offset;
    assert_eq!(world.told(&*updates, after), (Some(vec![1, 3]), now));
    world.hub.pass(1000);
    world.hub.flush();
    assert_eq!(world.told(&*updates, now), (None, world.hub.offset));
}

#[test]
fn who_comes_back_is_told_what_moved_meanwhile_in_whatever_round() {
    let mut world = world(1000);
    let left = world.hub.offset;
    world.set(10, 4, 1);
    let message = json(&world.hub.connect(&format!("/ws/updates?resume={EPOCH}-{left}")));
    assert_eq!((&message["type"], ids(&message["data"]["entries"])), (&"update".into(), vec![4]));
    assert_eq!(message["data"]["removed"], json("[]"));
}

#[test]
fn of_many_windows_those_are_asked_that_have_a_row_whose_pnl_moved() {
    let mut world = world(1000);
    let windows: Vec<_> = (1..=9)
        .flat_map(|n| [0, 2].map(|range| (n, range)))
        .map(|(n, range)| {
            let url = format!("/ws/around?portfolioId={}&range={range}", portfolio(n));
            (n, range, world.hub.follow(&url).unwrap())
        })
        .collect();
    let member = |document: &Arc<dyn Document>| document.member().unwrap();
    let crowd = member(&windows[0].2).crowd;
    let opened = world.hub.offset;
    let since = crowd.touched(Offset(0)).upto;
    world.set(500, 4, 1);
    let touched = crowd.touched(since);
    assert_eq!(touched.members.as_deref(), Some(&[][..]), "not in this round");
    let within = touched.upto;
    world.set(500, 9, 2);
    let touched = crowd.touched(within);
    assert_eq!(touched.stood, Offset(opened), "what moved within the round is told now");
    let members = touched.members.unwrap();
    for (n, range, document) in windows {
        let sees = |moved: u8| n.abs_diff(moved) <= range;
        assert_eq!(members.contains(&member(&document).number), sees(4) || sees(9), "{n} {range}");
        let told = world.told(&*document, touched.stood.0).0;
        assert_eq!(told.is_some(), sees(4) || sees(9), "{n} {range}");
    }
    world.hub.pass(1000);
    world.hub.flush();
    assert_eq!(crowd.touched(touched.upto).members.as_deref(), Some(&[][..]), "nothing moved");
}
