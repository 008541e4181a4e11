//! Tags of answers: whoever polls is told when there is something new, and only then.

mod support;

use hub_core::Event;
use hub_core::event::PortfolioInfo;
use support::rest::get_all;
use support::{Fixture, buy, portfolio};

/// Answers of all calls: their tags and bodies.
fn tags(hub: &Fixture) -> Vec<String> {
    let id = portfolio(1);
    let paths = [
        "/api/analysis/all".to_owned(),
        "/api/unrealized".to_owned(),
        "/api/portfolio/all".to_owned(),
        format!("/api/portfolio/{id}"),
        "/api/prices".to_owned(),
        "/api/sectors/overall".to_owned(),
        format!("/api/sectors/portfolio-wise/{id}"),
        "/api/sectors/sector-catalog".to_owned(),
    ];
    let paths: Vec<&str> = paths.iter().map(String::as_str).collect();
    get_all(&hub.reads, &paths).into_iter().map(|answer| answer.tag.unwrap()).collect()
}

/// Of the calls whose tags changed, their places.
fn changed(before: &[String], hub: &mut Fixture) -> Vec<usize> {
    hub.settle();
    let after = tags(hub);
    (0..before.len()).filter(|place| before[*place] != after[*place]).collect()
}

#[test]
fn a_tag_changes_with_what_is_answered_and_with_nothing_else() {
    let mut hub = Fixture::new();
    buy(&mut hub, 1, 1, "AAPL", "10", "15");
    buy(&mut hub, 2, 2, "AAPL", "2", "25");
    hub.settle();
    let before = tags(&hub);
    hub.pass(1000);
    assert_eq!(changed(&before, &mut hub), [] as [usize; 0], "a tick");
    hub.price("AAPL", "20");
    assert_eq!(changed(&before, &mut hub), [1, 4], "marks and prices");
    let before = tags(&hub);
    let named = || {
        Event::Portfolio(PortfolioInfo {
            portfolio_id: portfolio(1),
            name: "A".into(),
            phone_number: None,
            address: None,
        })
    };
    hub.send(named());
    assert_eq!(changed(&before, &mut hub), [2, 3], "a name");
    let before = tags(&hub);
    hub.send(named());
    assert_eq!(changed(&before, &mut hub), [] as [usize; 0], "which it had");
    buy(&mut hub, 9, 2, "AAPL", "1", "10");
    assert_eq!(changed(&before, &mut hub), [0, 1, 5], "another portfolio's trade");
    let before = tags(&hub);
    buy(&mut hub, 10, 5, "AAPL", "1", "10");
    assert_eq!(changed(&before, &mut hub), [0, 1, 2, 5], "a new one's");
}
