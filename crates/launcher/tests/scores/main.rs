//! What every portfolio was ranked by, at any position of a log of many days, is what its receipt there says.

mod history;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use actix_web::App;
use actix_web::test::{TestRequest, call_service, init_service, read_body};
use actix_web::web::Data;
use hub_analytics::{AnalyticsConfig, AnalyticsReads};
use hub_core::event::{RiskMetrics, Upstream};
use hub_core::limits::Limits;
use hub_core::{Epoch, Event, Offset, Outcome, PortfolioId, Position, Record, SymbolCase};
use hub_fanout::Catalog;
use hub_fanout::testing::Driver;
use hub_leaderboard::{LeaderboardConfig, LeaderboardReads};
use hub_log::{EmbeddedLog, EventLog, Options};
use hub_server::rest;
use hub_server::testing::ServiceOnLog;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::Value;

use history::{History, PORTFOLIOS, START_MILLIS, at, portfolio};

/// What a portfolio is ranked by, as its receipt has it.
#[derive(Clone, PartialEq, Debug)]
enum Ranked {
    Unknown,
    Not,
    By(String),
}

/// What a model of what was said, and the services themselves, have of all portfolios after each record.
struct Past {
    /// That of the positions in it.
    epoch: Epoch,
    /// By offset.
    ranked: Vec<BTreeMap<PortfolioId, Ranked>>,
    /// Portfolios whose risk was handed on with a record.
    handed: Vec<(Offset, PortfolioId)>,
}

impl Past {
    fn of(records: &[Record]) -> Past {
        let (mut driver, analytics, leaderboard) = services();
        let mut said: BTreeMap<PortfolioId, (RiskMetrics, Record)> = BTreeMap::new();
        let epoch = driver.position().epoch;
        let mut past = Past { epoch, ranked: vec![BTreeMap::new()], handed: Vec::new() };
        for record in records {
            let told = driver.tell(record);
            for (.., hub_core::Derived::Risk(metrics)) in &told.derived {
                past.handed.push((record.offset, metrics.portfolio_id));
            }
            if let (Event::Risk(metrics), Outcome::Accepted) = (&record.event, &told.outcome) {
                let held = said.get(&metrics.portfolio_id);
                if held.is_none_or(|(held, _)| held != metrics) {
                    said.insert(metrics.portfolio_id, (metrics.clone(), record.clone()));
                }
            }
            driver.settle();
            let board = leaderboard.settled();
            let held: Vec<PortfolioId> = analytics.settled().portfolios().map(Result::unwrap).collect();
            let ranked = (0..PORTFOLIOS).map(portfolio).map(|id| {
                let by = board.board().entry(id).map(|row| {
                    let (metrics, score) = (&row.metrics, row.score);
                    let source = match said.get(&id) {
                        Some((_, record)) => format!(
                            r#""source":"ingested","reason":null,"record":{{"position":"{}","at":"{}"}},"turn":null"#,
                            Position { epoch, offset: record.offset },
                            record.at.to_string_micros()
                        ),
                        None => r#""source":"derived","#.to_owned(),
                    };
                    format!(
                        r#","compositeScore":{score},"avgReturn":{},"sharpe":{},"sortino":{},{source}"#,
                        metrics.avg_return, metrics.sharpe, metrics.sortino
                    )
                });
                let without = if held.contains(&id) { Ranked::Not } else { Ranked::Unknown };
                (id, by.map_or(without, Ranked::By))
            });
            past.ranked.push(ranked.collect());
        }
        past
    }
}

fn services() -> (Driver, AnalyticsReads, LeaderboardReads) {
    let mut catalog = Catalog::default();
    let (positions, analytics) = hub_analytics::register(&mut catalog, &Limits::default());
    let (ranking, leaderboard) = hub_leaderboard::register(&LeaderboardConfig::default(), None);
    let projections: Vec<Box<dyn hub_fanout::Projection>> = vec![Box::new(positions), Box::new(ranking)];
    (Driver::new(START_MILLIS, projections), analytics, leaderboard)
}

/// The services on a log that has these records.
async fn on_log(directory: &Path, records: &[Record]) -> ServiceOnLog {
    let micros = Arc::new(AtomicI64::new(START_MILLIS * 1000));
    let clock = Arc::clone(&micros);
    let options = Options { clock: Arc::new(move || at(clock.load(Ordering::SeqCst))), ..Options::default() };
    let log = EmbeddedLog::open(&directory.join("hub.db"), options).unwrap();
    for record in records {
        micros.store(record.at.micros(), Ordering::SeqCst);
        let appended = log.append(vec![record.event.clone().into()]).await.unwrap();
        assert_eq!((appended.offsets, appended.at), (vec![record.offset], record.at));
    }
    log.close().unwrap();
    let wire = |catalog: &mut Catalog| {
        let case = SymbolCase::Upper;
        let (mut service, analytics) =
            hub_analytics::service(&AnalyticsConfig::default(), case, &Limits::default(), catalog);
        let (mut ranking, reads) = hub_leaderboard::service(&LeaderboardConfig::default(), None);
        analytics.tell_scores(reads.scores());
        service.projections.append(&mut ranking.projections);
        service
    };
    ServiceOnLog::start(directory, wire).await
}

/// Sends GET requests to the services; each gives status and body.
async fn client(hub: &ServiceOnLog) -> impl AsyncFn(String) -> (u16, String) + use<> {
    let app = App::new()
        .app_data(Data::from(Arc::clone(&hub.chassis)))
        .configure(|config| rest::configure(config, &hub.routes));
    let app = init_service(app).await;
    async move |path: String| {
        let response = call_service(&app, TestRequest::get().uri(&path).to_request()).await;
        let status = response.status().as_u16();
        (status, String::from_utf8(read_body(response).await.into()).unwrap())
    }
}

/// Services on a log.
struct Asked<'a, G> {
    epoch: Epoch,
    records: &'a [Record],
    get: G,
}

/// What was seen.
#[derive(Default, Debug)]
struct Seen {
    derived: usize,
    /// Handed on before there was none any more.
    stayed: usize,
    ingested: usize,
    /// Derived from what was said of days alone.
    relayed: usize,
    unranked: usize,
    unknown: usize,
    closes: usize,
    worths: usize,
    /// Values that somebody replaced later.
    replaced: usize,
}

impl Seen {
    /// A receipt, which says what a portfolio was ranked by.
    async fn check(
        &mut self,
        asked: &Asked<'_, impl AsyncFn(String) -> (u16, String)>,
        past: &Past,
        offset: Offset,
        id: PortfolioId,
    ) {
        let position = Position { epoch: asked.epoch, offset };
        let (status, text) = (asked.get)(format!("/api/explain/score/{id}?at={position}")).await;
        let text = text.replace(&position.epoch.to_string(), &past.epoch.to_string());
        let ranked = &past.ranked[offset.0 as usize][&id];
        match ranked {
            Ranked::Unknown => {
                assert_eq!(status, 404, "{text}");
                self.unknown += 1;
            }
            Ranked::Not => {
                assert!(text.contains(r#""compositeScore":null,"avgReturn":null,"sharpe":null,"sortino":null,"source":null,"reason":""#), "{id} at {offset}: {text}");
                self.unranked += 1;
            }
            Ranked::By(by) => {
                assert!(text.contains(by), "{id} at {offset}: {by}: {text}");
                if by.contains("ingested") {
                    self.ingested += 1;
                    return;
                }
                let receipt: Value = serde_json::from_str(&text).unwrap();
                self.derived += 1;
                self.stayed += usize::from(!receipt["reason"].is_null());
                self.relayed += usize::from(receipt["turn"]["worth"].is_null());
                assert_eq!(receipt["values"].as_array().unwrap().len(), 30, "{text}");
                for value in receipt["values"].as_array().unwrap() {
                    self.value(asked, position, id, value).await;
                }
            }
        }
    }

    /// A value, which is what is cited for it.
    async fn value(
        &mut self,
        asked: &Asked<'_, impl AsyncFn(String) -> (u16, String)>,
        now: Position,
        id: PortfolioId,
        value: &Value,
    ) {
        let cited: Position = value["position"].as_str().unwrap().parse().unwrap();
        assert!(cited.offset < now.offset, "{value}");
        // All of them are whole.
        let number = value["value"].as_u64().unwrap();
        if value["source"] == "valuation" {
            let record = &asked.records[cited.offset.0 as usize - 1];
            assert_eq!(value["at"], record.at.to_string_micros());
            let Event::Upstream(fact) = &record.event else { panic!("{value}") };
            let Upstream::Valuation(valuation) = &**fact else { panic!("{value}") };
            assert_eq!(
                (valuation.portfolio_id, valuation.date.to_string()),
                (id, value["date"].as_str().unwrap().to_owned())
            );
            assert_eq!(valuation.portfolio_value.to_string(), number.to_string());
            let replaced = |record: &Record| {
                matches!(&record.event, Event::Upstream(fact) if matches!(&**fact,
                Upstream::Valuation(it) if it.portfolio_id == id && it.date == valuation.date && it.portfolio_value != valuation.portfolio_value))
            };
            let since = &asked.records[now.offset.0 as usize..];
            self.replaced += usize::from(since.iter().any(replaced));
            return;
        }
        // One in some is enough: each is the same call again.
        let is_close = value["source"] == "close";
        *if is_close { &mut self.closes } else { &mut self.worths } += 1;
        if !(self.closes + self.worths).is_multiple_of(7) {
            return;
        }
        let epoch = now.epoch;
        let (status, text) = (asked.get)(format!("/api/explain/pnl/{id}?at={epoch}-{}", cited.offset)).await;
        assert_eq!(status, 200, "{text}");
        let pnl: Value = serde_json::from_str(&text).unwrap();
        let worth = |it: &Value| it["price"].as_u64().unwrap_or_default() * it["holdings"].as_u64().unwrap();
        assert_eq!(
            pnl["positions"].as_array().unwrap().iter().map(worth).sum::<u64>(),
            number,
            "{value} {pnl}"
        );
    }
}

#[actix_web::test]
async fn every_receipt_says_what_its_portfolio_was_ranked_by() {
    let mut seen = Seen::default();
    for seed in 0..6 {
        let records = History::of(seed);
        let past = Past::of(&records);
        let directory = tempfile::tempdir().unwrap();
        let hub = on_log(directory.path(), &records).await;
        let asked = Asked { epoch: hub.chassis.log.epoch(), records: &records, get: client(&hub).await };
        for (offset, id) in &past.handed {
            seen.check(&asked, &past, *offset, *id).await;
        }
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let last = records.len() as u64;
        let now = (0..PORTFOLIOS).map(|of| (Offset(last), of));
        let then =
            (0..60).map(|_| (Offset(random.random_range(1..=last)), random.random_range(0..PORTFOLIOS)));
        for (offset, of) in now.chain(then.collect::<Vec<_>>()) {
            seen.check(&asked, &past, offset, portfolio(of)).await;
        }
        drop(asked);
        hub.stop();
    }
    let Seen { relayed, derived, stayed, ingested, unranked, unknown, closes, worths, replaced } = &seen;
    assert!(
        *derived > 150 && *stayed > 10 && *relayed > 5 && *ingested > 50 && *unranked > 20 && *unknown > 10,
        "{seen:?}"
    );
    assert!(*closes > 1000 && *worths > 100 && *replaced > 200, "{seen:?}");
}
