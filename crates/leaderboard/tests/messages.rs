//! Every message, byte for byte, and what is refused.

mod support;

use std::sync::Arc;

use hub_core::{Offset, Record, Timestamp};
use hub_fanout::{Cadence, Occasion};
use hub_leaderboard::Dialect;
use hub_server::native::Action;
use support::{Fixed, Hub, document, json, portfolio, risk};

const ROW_1: &str = r#"{"rank":1,"portfolioId":"00000000-0000-0000-0000-000000000001","portfolioName":"Growth \"A\"","pnl":1.25,"compositeScore":115,"avgReturn":0.5,"sharpe":2,"sortino":1.5,"updatedAt":"2026-02-07T10:30:00.000Z","updated":"2026-02-07T10:30:00.000Z"}"#;
const ROW_2: &str = r#"{"rank":2,"portfolioId":"00000000-0000-0000-0000-000000000003","portfolioName":null,"pnl":null,"compositeScore":-0.44098198413848875,"avgReturn":-0.008819639682769775,"sharpe":0,"sortino":0,"updatedAt":"2026-02-07T10:30:00.250Z","updated":"2026-02-07T10:30:00.250Z"}"#;
const NOW: &str = "2026-02-07T10:30:00.250Z";

/// Two portfolios, the second of which nobody knows much of.
fn hub(dialect: Dialect) -> Hub {
    let mut hub = Hub::with(Some(Arc::new(Fixed)), dialect);
    hub.name(1, "Growth \"A\"");
    hub.send(risk(1, "0.5", "2.0", "1.5"));
    hub.millis += 250;
    hub.send(risk(3, "-0.008819639682769775", "0", "0"));
    hub.flush();
    hub
}

#[test]
fn updates_begin_with_a_snapshot_and_repeat_it_every_30_seconds() {
    let hub = hub(Dialect::Native);
    let expected = format!(
        r#"{{"type":"snapshot","data":{{"generatedAt":"{NOW}","total":2,"entries":[{ROW_1},{ROW_2}]}},"resume":"000000000000beef-3"}}"#
    );
    assert_eq!(hub.connect("/ws/updates"), expected);
    let updates = hub.follow("/ws/updates").unwrap();
    assert_eq!(updates.cadence(), Cadence { on_change_ms: Some(250), period_ms: Some(30_000) });
    assert_eq!(hub.compose(&*updates, Occasion::Period), (vec![expected], 3));
    let first = format!(
        r#"{{"type":"snapshot","data":{{"generatedAt":"{NOW}","total":2,"entries":[{ROW_1}]}},"resume":"000000000000beef-3"}}"#
    );
    assert_eq!(hub.connect("/ws/updates?limit=1"), first);
}

#[test]
fn an_update_has_the_rows_that_changed_and_who_left() {
    let mut hub = hub(Dialect::Native);
    let (all, first) = (hub.follow("/ws/updates").unwrap(), hub.follow("/ws/updates?limit=1").unwrap());
    let after = hub.offset;
    hub.sharpe(3, "4");
    hub.flush();
    let new = r#"{"rank":1,"portfolioId":"00000000-0000-0000-0000-000000000003","portfolioName":null,"pnl":null,"compositeScore":120,"avgReturn":0,"sharpe":4,"sortino":0,"updatedAt":"2026-02-07T10:30:00.250Z","updated":"2026-02-07T10:30:00.250Z"}"#;
    let pushed = ROW_1.replace(r#""rank":1"#, r#""rank":2"#);
    assert_eq!(
        hub.changed(&*all, after).unwrap(),
        format!(
            r#"{{"type":"update","data":{{"generatedAt":"{NOW}","entries":[{new},{pushed}],"removed":[]}},"resume":"000000000000beef-4"}}"#
        )
    );
    assert_eq!(
        hub.changed(&*first, after).unwrap(),
        format!(
            r#"{{"type":"update","data":{{"generatedAt":"{NOW}","entries":[{new}],"removed":["{}"]}},"resume":"000000000000beef-4"}}"#,
            portfolio(1)
        )
    );
}

#[test]
fn a_snapshot_instead_of_a_resume_says_why() {
    let hub = hub(Dialect::Native);
    assert_eq!(
        hub.connect("/ws/updates?limit=1&resume=000000000000dead-1"),
        format!(
            r#"{{"type":"snapshot","data":{{"generatedAt":"{NOW}","total":2,"entries":[{ROW_1}]}},"resume":"000000000000beef-3","snapshot":"unknown-epoch"}}"#
        )
    );
}

#[test]
fn top_and_around_are_sent_on_connect_and_on_change() {
    let hub = hub(Dialect::Native);
    assert_eq!(hub.connect("/ws/top"), format!(r#"{{"type":"top-performers","data":[{ROW_1},{ROW_2}]}}"#));
    assert_eq!(hub.connect("/ws/top?n=1"), format!(r#"{{"type":"top-performers","data":[{ROW_1}]}}"#));
    let around = |id, range| format!("/ws/around?portfolioId={}{range}", portfolio(id));
    assert_eq!(
        hub.connect(&around(3, "")),
        format!(r#"{{"type":"around","centerRank":2,"data":[{ROW_1},{ROW_2}]}}"#)
    );
    assert_eq!(
        hub.connect(&around(3, "&range=0")),
        format!(r#"{{"type":"around","centerRank":2,"data":[{ROW_2}]}}"#)
    );
    assert_eq!(hub.connect(&around(77, "")), r#"{"type":"around","centerRank":null,"data":[]}"#);
    for url in ["/ws/top", &around(3, ""), "/ws/updates?dialect=pms"] {
        let cadence = hub.follow(url).unwrap().cadence();
        assert_eq!(cadence, Cadence { on_change_ms: Some(250), period_ms: None }, "{url}");
    }
}

#[test]
fn a_portfolio_that_is_not_ranked_yet_is_shown_around_once_it_is() {
    let mut hub = hub(Dialect::Native);
    let around = hub.follow(&format!("/ws/around?portfolioId={}&range=0", portfolio(7))).unwrap();
    let after = hub.offset;
    hub.sharpe(8, "1");
    hub.flush();
    assert_eq!(hub.changed(&*around, after), None);
    hub.sharpe(7, "9");
    hub.flush();
    let message = json(&hub.changed(&*around, after).unwrap());
    assert_eq!((&message["centerRank"], support::ids(&message["data"])), (&1.into(), vec![7]));
}

#[test]
fn the_dialect_of_the_deployed_frontend_is_spoken_to_who_asks_or_by_configuration() {
    let expected =
        format!(r#"{{"event":"leaderboardSnapshot","timestamp":1770460200250,"top":[{ROW_1},{ROW_2}]}}"#);
    let native = hub(Dialect::Native);
    assert_eq!(native.connect("/ws/updates?dialect=pms"), expected);
    let mut pms = hub(Dialect::Pms);
    assert_eq!(pms.connect("/ws/updates"), expected);
    assert_eq!(pms.connect("/ws/updates?dialect=native"), native.connect("/ws/updates"));
    assert_eq!(pms.connect("/ws/top"), native.connect("/ws/top"));
    let (updates, after) = (pms.follow("/ws/updates").unwrap(), pms.offset);
    pms.sharpe(3, "4");
    pms.flush();
    let message = json(&pms.changed(&*updates, after).unwrap());
    assert_eq!(
        (&message["event"], support::ids(&message["top"])),
        (&"leaderboardSnapshot".into(), vec![3, 1])
    );
}

#[test]
fn under_its_own_base_all_of_it_is_in_the_dialect_of_the_deployed_frontend() {
    let mut hub = hub(Dialect::Native);
    assert_eq!(hub.connect("/pms/ws/updates"), hub.connect("/ws/updates?dialect=pms"));
    assert_eq!(hub.connect("/pms/ws/updates?dialect=native"), hub.connect("/ws/updates"));
    let top = format!(r#"{{"event":"leaderboardTop","timestamp":1770460200250,"count":1,"top":[{ROW_1}]}}"#);
    assert_eq!(hub.connect("/pms/ws/top?n=1"), top);
    let url = |n| format!("/pms/ws/around?portfolioId={}&range=0", portfolio(n));
    let around = |center: &str, rows: &str| {
        format!(
            r#"{{"event":"leaderboardAround","timestamp":1770460200250,"centerRank":{center},"top":[{rows}]}}"#
        )
    };
    assert_eq!(hub.connect(&url(3)), around("2", ROW_2));
    assert_eq!(hub.connect(&url(99)), around("null", ""));
    let (unknown, after) = (hub.follow(&url(99)).unwrap(), hub.offset);
    hub.sharpe(99, "-100");
    hub.flush();
    let message = json(&hub.changed(&*unknown, after).unwrap());
    assert_eq!((&message["centerRank"], support::ids(&message["top"])), (&3.into(), vec![99]));
}

#[test]
fn a_new_name_is_a_change_and_the_same_name_again_is_none() {
    let mut hub = hub(Dialect::Native);
    let (updates, after) = (hub.follow("/ws/updates").unwrap(), hub.offset);
    hub.name(3, "Income");
    hub.flush();
    let message = json(&hub.changed(&*updates, after).unwrap());
    assert_eq!(message["data"]["entries"][0]["portfolioName"], "Income");
    assert_eq!(message["data"]["entries"][0]["updatedAt"], NOW);
    assert_eq!(support::ids(&message["data"]["entries"]), [3]);
    let after = hub.offset;
    hub.name(3, "Income");
    hub.name(99, "Not ranked");
    hub.flush();
    assert!(!hub.reads.flushed().changed(hub_core::Offset(after)), "not even remembered as a change");
    assert_eq!(hub.changed(&*updates, after), None);
}

#[test]
fn a_change_that_was_undone_within_a_millisecond_is_none() {
    let mut hub = hub(Dialect::Native);
    let documents = ["/ws/updates", "/ws/top"].map(|url| hub.follow(url).unwrap());
    let after = hub.offset;
    for (micros, sharpe) in [(1, "1"), (2, "2.0")] {
        let at = Timestamp::from_micros(hub.now().millis() * 1000 + micros).unwrap();
        let offset = Offset(hub.offset + 1);
        hub.apply(&Record { offset, at, event: risk(1, "0.5", sharpe, "1.5") });
    }
    // It was ranked anew at this very millisecond, and reads so.
    hub.flush();
    let shown = documents.each_ref().map(|document| hub.changed(&**document, after).is_some());
    assert_eq!(shown, [true, true], "an earlier time is another");
    let after = hub.offset;
    for (micros, sharpe) in [(3, "1"), (4, "2.0")] {
        let at = Timestamp::from_micros(hub.now().millis() * 1000 + micros).unwrap();
        let offset = Offset(hub.offset + 1);
        hub.apply(&Record { offset, at, event: risk(1, "0.5", sharpe, "1.5") });
    }
    hub.flush();
    let sent = documents.each_ref().map(|document| hub.changed(&**document, after));
    assert_eq!(sent, [None, None]);
}

#[test]
fn what_can_not_be_understood_is_refused_by_name() {
    let hub = hub(Dialect::Native);
    let refused = |url: &str| hub.follow(url).map(drop).unwrap_err();
    assert_eq!(refused("/ws/around"), "portfolioId: is required");
    assert!(refused("/ws/around?portfolioId=42").starts_with("portfolioId: must be a UUID"));
    let id = portfolio(1);
    assert!(refused(&format!("/ws/around?portfolioId={id}&range=-1")).starts_with("range: "));
    assert!(refused("/ws/updates?limit=0").starts_with("limit: "));
    assert!(refused("/ws/updates?limit=x").starts_with("limit: "));
    assert!(refused("/ws/updates?resume=yesterday").starts_with("resume: "));
    assert!(refused("/ws/updates?dialect=klingon").starts_with("dialect: "));
    assert!(refused("/ws/top?n=1.5").starts_with("n: "));
    assert!(hub.follow("/ws/updates?limit=99999999999999999999&token=x&_=1").is_ok());
    assert_eq!(
        refused("/ws/updates?limit=5&unknown=1"),
        "unknown: is no parameter here; there are limit, resume and dialect"
    );
    assert_eq!(refused("/ws/top?limit=5"), "limit: is no parameter here; there is only n");
    assert!(refused("/ws/top?n=5&N=6").starts_with("n: is given twice"));
    // The PMS dialect's pages, too.
    assert!(refused("/ws/updates?dialect=pms&top=5").starts_with("top: "));
    assert!(refused("/ws/updates?dialect=pms&resume=000000000000dead-1").starts_with("resume: "));
    for spelling in ["portfolioId", "portfolio-id", "portfolio_id", "PORTFOLIOID"] {
        assert!(hub.follow(&format!("/ws/around?{spelling}={id}")).is_ok(), "{spelling}");
        let mut session = hub.open("/ws/around");
        let json = format!(r#"{{"type":"subscribe","{spelling}":"{id}"}}"#);
        assert!(session.command("subscribe", &json).is_ok(), "{spelling}");
    }
    let mut session = hub.open("/ws/top");
    for (kind, json) in [("subscribe", r#"{"n":5,"limit":6}"#), ("unsubscribe", r#"{"limit":6}"#)] {
        assert!(session.command(kind, json).unwrap_err().starts_with("limit: "), "{json}");
    }
}

#[test]
fn a_subscribe_command_chooses_anew() {
    let hub = hub(Dialect::Native);
    let mut session = hub.open("/ws/around");
    let id = portfolio(3);
    for range in ["0", "\"0\""] {
        let command = format!(r#"{{"type":"subscribe","portfolioId":"{id}","range":{range}}}"#);
        let around = document(session.command("subscribe", &command).unwrap());
        let (messages, _) = hub.compose(&*around, Occasion::Opened);
        assert_eq!(messages, [format!(r#"{{"type":"around","centerRank":2,"data":[{ROW_2}]}}"#)]);
        let shared = hub.follow(&format!("/ws/around?portfolioId={id}&range=0")).unwrap();
        assert!(Arc::ptr_eq(&around, &shared), "one document for all who watch the same");
    }
    let error = session.command("subscribe", r#"{"type":"subscribe","portfolioId":7}"#).err().unwrap();
    assert!(error.starts_with("portfolioId: "), "{error}");
    assert!(session.command("subscribe", "[]").is_err());
    let error = session.command(&"x".repeat(1000), "{}").err().unwrap();
    assert!(error.starts_with("type: ") && error.len() < 200, "{error}");
    let actions = session.command("unsubscribe", "{}").unwrap();
    assert!(matches!(actions[..], [Action::Unfollow { .. }]));
}

#[test]
fn before_anything_happened_everything_is_empty() {
    let mut hub = Hub::new();
    hub.flush();
    assert!(
        hub.connect("/ws/updates").ends_with(r#""total":0,"entries":[]},"resume":"000000000000beef-0"}"#)
    );
    assert_eq!(hub.connect("/ws/top"), r#"{"type":"top-performers","data":[]}"#);
}
