//! Text that JavaScript cut within a character: U+FFFD where it is free text, and refused by name
//! where it tells things apart, so that no two become one.

use hub_core::event::trading::TradingCommand;
use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::{Event, Rejection};

const ID: &str = "550e8400-e29b-41d4-a716-446655440000";

fn read(kind: Kind, json: &str) -> Result<Event, Rejection> {
    let items = normalize::items(json.as_bytes(), BodyForm::Json, 1).expect("JSON");
    normalize::item(kind, &items[0])
}

/// Items that are right, without their braces, and their fields that name something.
fn items() -> Vec<(Kind, String, Vec<&'static str>)> {
    let event =
        "\"serviceName\":\"s\",\"eventStage\":\"RECEIVED\",\"topicName\":\"t\",\"consumerGroup\":\"g\"";
    vec![
        (
            Kind::Transactions,
            format!(
                "\"transactionId\":\"{ID}\",\"portfolioId\":\"{ID}\",\"symbol\":\"A\",\"side\":\"BUY\",\
                 \"quantity\":1,\"price\":1"
            ),
            vec!["transactionId", "portfolioId", "symbol", "side"],
        ),
        (Kind::Prices, "\"symbol\":\"A\",\"price\":1".to_owned(), vec!["symbol"]),
        (Kind::Portfolios, format!("\"portfolioId\":\"{ID}\",\"name\":\"n\""), vec!["portfolioId"]),
        (Kind::Symbols, "\"symbol\":\"A\",\"sector\":\"s\"".to_owned(), vec!["symbol"]),
        (
            Kind::QueueMetrics,
            format!("{event},\"partitionId\":1,\"producedOffset\":1,\"consumedOffset\":1"),
            vec!["serviceName", "topicName", "consumerGroup"],
        ),
    ]
}

/// The same with this value of a field.
fn with(item: &str, field: &str, value: &str) -> String {
    let mut members: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(&format!("{{{item}}}")).expect("JSON");
    members.remove(field);
    let others = serde_json::Value::Object(members).to_string();
    let others = others.trim_start_matches('{').trim_end_matches('}');
    format!("{{\"{field}\":{value}{}{others}}}", if others.is_empty() { "" } else { "," })
}

#[test]
fn half_of_a_character_in_a_name_is_refused_by_the_name_s_field() {
    for (kind, item, names) in items() {
        assert!(read(kind, &format!("{{{item}}}")).is_ok(), "{kind:?}: {item}");
        for name in names {
            for value in [r#""A\ud83d""#, r#""\udead""#, "\"A\u{fffd}\"", r#""\ufffdA""#] {
                let rejection = read(kind, &with(&item, name, value)).expect_err("two names would be one");
                assert_eq!(rejection.field.as_deref(), Some(name), "{kind:?} {value}: {rejection:?}");
            }
        }
        let whole = with(&item, "ignored\\ud83d", r#"["\ud83d",{"\udead":"\ud83d\ude00"}]"#);
        assert_eq!(
            read(kind, &whole),
            read(kind, &format!("{{{item}}}")),
            "elsewhere it is nobody's business"
        );
    }
}

#[test]
fn half_of_a_character_in_free_text_is_replaced() {
    let portfolio = format!(
        r#"{{"portfolioId":"{ID}","name":"Sun \ud83d","address":"\udead\ud83d\ude00","phoneNumber":"\ud83d1"}}"#
    );
    let Ok(Event::Portfolio(portfolio)) = read(Kind::Portfolios, &portfolio) else { panic!("rejected") };
    assert_eq!(portfolio.name, "Sun \u{fffd}");
    assert_eq!(portfolio.address.as_deref(), Some("\u{fffd}\u{1f600}"));
    assert_eq!(portfolio.phone_number.as_deref(), Some("\u{fffd}1"));

    let trade = format!(r#"{{"tradeId":"{ID}","validationErrors":["a\ud83d","b"]}}"#);
    let Ok(Event::InvalidTrade(trade)) = read(Kind::InvalidTrades, &trade) else { panic!("rejected") };
    assert_eq!(trade.validation_errors.as_deref(), Some("a\u{fffd}; b"));
}

#[test]
fn a_session_has_a_name_of_free_text_and_a_request_an_id() {
    let read = |json: &str| {
        let items = normalize::items(json.as_bytes(), BodyForm::Json, 1).expect("JSON");
        normalize::trading::create_session(&items[0])
    };
    let named = read(r#"{"initialCapital":1,"name":"Mine \ud83d"}"#).expect("a name is free text");
    let TradingCommand::CreateSession(session) = named.command else { panic!("another command") };
    assert_eq!(session.name.as_deref(), Some("Mine \u{fffd}"));
    let rejection =
        read(&format!(r#"{{"initialCapital":1,"requestId":"{}\ud83d"}}"#, &ID[..35])).unwrap_err();
    assert_eq!(rejection.field.as_deref(), Some("requestId"));
}

#[test]
fn a_byte_order_mark_before_a_body_is_skipped_in_both_forms() {
    for form in [BodyForm::Json, BodyForm::NdJson] {
        let body = "\u{feff}{\"symbol\":\"A\",\"price\":1}";
        let items = normalize::items(body.as_bytes(), form, 1).expect("JSON");
        assert!(normalize::item(Kind::Prices, &items[0]).is_ok(), "{form:?}");
        assert_eq!(items[0].raw(), &body.as_bytes()[3..]);
    }
    assert!(normalize::items(b"\xef\xbb\xbf", BodyForm::NdJson, 1).expect("nothing").is_empty());
    assert!(normalize::items(b"\xef\xbb\xbf", BodyForm::Json, 1).is_err(), "an empty body");
}

#[test]
fn a_number_out_of_range_is_not_called_no_number() {
    let metric = |field: &str, value: &str| {
        let (kind, item, _) = items().pop().expect("queue metrics");
        read(kind, &with(&item, field, value)).expect_err("out of range").reason.into_owned()
    };
    for field in ["partitionId", "producedOffset", "consumedOffset"] {
        for value in ["99999999999999999999", "\"99999999999999999999\""] {
            assert!(metric(field, value).starts_with("is too large"), "{field}");
        }
        assert!(metric(field, "-1").contains("whole number"), "{field}");
    }
}
