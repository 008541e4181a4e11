//! Times as java.time, Jackson, Python, Go and JavaScript print them mean the instant that was printed; one that
//! can't be meant is refused by name, in every kind whose time matters.

use chrono::{DateTime, FixedOffset, SecondsFormat, Utc};
use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::{Event, Rejection, Timestamp};
use proptest::prelude::*;

fn read(kind: Kind, json: &str) -> Result<Event, Rejection> {
    let items = normalize::items(json.as_bytes(), BodyForm::Json, 1).unwrap();
    normalize::item(kind, &items[0])
}

/// The time that a price with this `timestamp` has.
fn price_at(json: &str) -> Result<Option<Timestamp>, Rejection> {
    match read(Kind::Prices, &format!(r#"{{"symbol":"X","price":1,"timestamp":{json}}}"#))? {
        Event::Price(quote) => Ok(quote.timestamp),
        other => panic!("{other:?}"),
    }
}

/// One instant, as printers get it.
#[derive(Clone, Copy, Debug)]
struct Instant {
    utc: DateTime<Utc>,
    local: DateTime<FixedOffset>,
}

fn instant() -> impl Strategy<Value = Instant> {
    let second =
        prop_oneof![946_684_800..4_102_444_800_i64, (15_778_080..68_374_080_i64).prop_map(|n| n * 60)];
    let nanos = prop_oneof![Just(0), (0..1000_u32).prop_map(|n| n * 1_000_000), 0..1_000_000_000_u32];
    let quarters = prop_oneof![2 => Just(0), 3 => -72..=72_i32];
    (second, nanos, quarters).prop_map(|(second, nanos, quarters)| {
        let utc = DateTime::from_timestamp(second, nanos).unwrap();
        let local = utc.with_timezone(&FixedOffset::east_opt(quarters * 900).unwrap());
        Instant { utc, local }
    })
}

/// `java.time`: no seconds where they and the rest are 0; 0, 3, 6 or 9 digits of a fraction.
fn java_local(time: &DateTime<FixedOffset>) -> String {
    let whole_minute = time.format("%S%f").to_string().bytes().all(|digit| digit == b'0');
    if whole_minute {
        return time.format("%Y-%m-%dT%H:%M").to_string();
    }
    time.format("%Y-%m-%dT%H:%M:%S%.f").to_string()
}

fn java_offset(time: &DateTime<FixedOffset>) -> String {
    let zone = if time.offset().local_minus_utc() == 0 { "Z".into() } else { time.format("%:z").to_string() };
    java_local(time) + &zone
}

/// Go's fraction: without zeros at its end.
fn go_fraction(utc: &DateTime<Utc>) -> String {
    let digits = format!(".{:09}", utc.timestamp_subsec_nanos());
    digits.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Python's `isoformat`: 6 digits or none.
fn python_fraction(utc: &DateTime<Utc>) -> String {
    match utc.timestamp_subsec_micros() {
        0 => String::new(),
        micros => format!(".{micros:06}"),
    }
}

/// What languages print with all that they know: at least microseconds.
fn whole(Instant { utc, local }: Instant) -> Vec<(&'static str, String)> {
    let (go, python) = (go_fraction(&utc), python_fraction(&utc));
    let text = |format: &str| local.format(format).to_string();
    let naive = |format: &str| utc.format(format).to_string();
    let texts = vec![
        ("java.time.Instant", utc.to_rfc3339_opts(SecondsFormat::AutoSi, true)),
        ("java.time.LocalDateTime", java_local(&utc.fixed_offset())),
        ("java.time.OffsetDateTime", java_offset(&local)),
        ("java.time.ZonedDateTime", java_offset(&local) + "[America/Port-au-Prince]"),
        ("java.time.ZonedDateTime in UTC", java_offset(&utc.fixed_offset()) + "[UTC]"),
        ("datetime.isoformat()", text("%Y-%m-%dT%H:%M:%S") + &python + &text("%:z")),
        ("datetime.isoformat() without a zone", naive("%Y-%m-%dT%H:%M:%S") + &python),
        ("str(datetime)", text("%Y-%m-%d %H:%M:%S") + &python + &text("%:z")),
        ("datetime.strftime('%z')", text("%Y-%m-%dT%H:%M:%S.%6f%z")),
        ("time.RFC3339Nano", text("%Y-%m-%dT%H:%M:%S") + &go + &text("%:z")),
        ("time.RFC3339Nano in UTC", naive("%Y-%m-%dT%H:%M:%S") + &go + "Z"),
        ("time.Time.String()", naive("%Y-%m-%d %H:%M:%S") + &go + " +0000 UTC"),
        ("RFC 3339 in small letters", naive("%Y-%m-%dt%H:%M:%S%.9fz")),
    ];
    let mut json: Vec<_> = texts.into_iter().map(|(by, text)| (by, format!("\"{text}\""))).collect();
    // Whole microseconds are exact in a double, and so are their digits.
    json.push(("time.time() * 1000", (utc.timestamp_micros() as f64 / 1000.0).to_string()));
    json
}

/// What they print of milliseconds.
fn millis(Instant { utc, local }: Instant) -> Vec<(&'static str, String)> {
    let millis = utc.timestamp_millis();
    let texts = [
        ("Jackson's StdDateFormat", local.format("%Y-%m-%dT%H:%M:%S%.3f%:z")),
        ("Jackson before 2.11", local.format("%Y-%m-%dT%H:%M:%S%.3f%z")),
        (
            "Date.toISOString()",
            local.with_timezone(&FixedOffset::east_opt(0).unwrap()).format("%Y-%m-%dT%H:%M:%S%.3fZ"),
        ),
        (
            "Python's logging",
            local.with_timezone(&FixedOffset::east_opt(0).unwrap()).format("%Y-%m-%d %H:%M:%S,%3f"),
        ),
    ];
    let mut json: Vec<_> = texts.into_iter().map(|(by, text)| (by, format!("\"{text}\""))).collect();
    json.push(("Date.now()", millis.to_string()));
    json.push(("protobuf's int64 in JSON", format!("\"{millis}\"")));
    json
}

proptest! {
    #[test]
    fn what_every_language_prints_is_the_instant_that_it_printed(instant in instant()) {
        let micros = instant.utc.timestamp_micros();
        for (by, json) in whole(instant) {
            prop_assert_eq!(price_at(&json), Ok(Timestamp::from_micros(micros)), "{}: {}", by, json);
        }
        for (by, json) in millis(instant) {
            prop_assert_eq!(price_at(&json), Ok(Timestamp::from_millis(micros / 1000)), "{}: {}", by, json);
        }
        if instant.local.offset().local_minus_utc() % 3600 == 0 {
            // PostgreSQL.
            let json = format!("\"{}\"", instant.local.format("%Y-%m-%d %H:%M:%S%.6f%z")).replace("00\"", "\"");
            prop_assert_eq!(price_at(&json), Ok(Timestamp::from_micros(micros)), "{}", json);
        }
    }

    #[test]
    fn what_the_hub_prints_it_reads(micros in 0..=253_402_300_799_999_999_i64) {
        let time = Timestamp::from_micros(micros).unwrap();
        prop_assert_eq!(time.to_string().parse().ok(), Timestamp::from_millis(time.millis()));
    }

    #[test]
    fn any_text_is_a_time_or_none(
        text in prop_oneof![
            ".{0,60}",
            "[0-9TtZzUC:+., \\[\\]/eE-]{0,40}",
            "-?[0-9]{1,30}(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,20})?",
            "[0-9]{4}-[01][0-9]-[0-3][0-9][Tt ][0-2][0-9]:[0-6][0-9](:[0-6][0-9])?([.,][0-9]{0,12})?([Zz]|[+-][0-2][0-9]:?[0-5]?[0-9]?)?(\\[[A-Za-z/]{0,9}\\])?",
        ],
    ) {
        let json = serde_json::to_string(&text).unwrap();
        match price_at(&json) {
            Ok(time) => prop_assert!(time.unwrap().millis() >= 946_684_800_000),
            Err(rejection) => {
                prop_assert_eq!(rejection.field.as_deref(), Some("timestamp"));
                prop_assert!(rejection.reason.len() < 200, "{}", rejection.reason);
            }
        }
    }
}

const TRADE: &str = "550e8400-e29b-41d4-a716-446655440000";

/// The kinds whose time matters, its field, and a valid item that lacks it, without its brackets.
fn timed() -> [(Kind, &'static str, String); 6] {
    let transaction = format!(
        r#""transactionId":"{TRADE}","portfolioId":"{TRADE}","symbol":"X","side":"BUY","quantity":1,"price":1"#
    );
    let stage = r#""serviceName":"s","eventStage":"RECEIVED""#;
    let queue = r#""serviceName":"s","topicName":"t","partitionId":0,"producedOffset":1,"consumedOffset":0,"consumerGroup":"g""#;
    [
        (Kind::Transactions, "timestamp", transaction),
        (Kind::Prices, "timestamp", r#""symbol":"X","price":1"#.to_owned()),
        (
            Kind::TradeEvents,
            "eventTime",
            format!(r#"{stage},"tradeId":"{TRADE}","eventType":"TRADE_RECEIVED""#),
        ),
        (Kind::QueueMetrics, "snapshotTime", queue.to_owned()),
        (Kind::DlqEvents, "eventTime", stage.to_owned()),
        (Kind::ErrorEvents, "eventTime", format!(r#"{stage},"errorType":"TIMEOUT""#)),
    ]
}

#[test]
fn a_time_that_cant_be_meant_is_refused_in_every_kind_whose_time_matters() {
    for (kind, field, item) in timed() {
        let with = |time: &str| read(kind, &format!(r#"{{{item},"{field}":{time}}}"#));
        for time in ["1770460200123", "null", r#""2026-02-07T10:30""#, r#""1770460200123.5""#] {
            assert!(with(time).is_ok(), "{kind:?} {time}: {:?}", with(time));
        }
        for (time, reason) in [
            ("0", "0 lies in 1970: was it never set?"),
            ("\"0\"", "0 lies in 1970: was it never set?"),
            ("-5", "-5 lies before 2000-01-01, in 1969"),
            ("1770000000", "1770000000 lies in 1970: seconds, where milliseconds are due?"),
            ("1770000000.25", "1770000000.25 lies in 1970: seconds, where milliseconds are due?"),
            (
                "1770000000000000",
                "1770000000000000 lies after 9999: microseconds, where milliseconds are due?",
            ),
            (
                "1770000000000000000",
                "1770000000000000000 lies after 9999: nanoseconds, where milliseconds are due?",
            ),
            ("\"1999-12-31T23:59:59Z\"", "1999-12-31T23:59:59Z lies before 2000-01-01, in 1999"),
            ("\"0001-01-01T00:00:00Z\"", "0001-01-01T00:00:00Z lies in the year 1: was it never set?"),
        ] {
            assert_eq!(with(time), Err(Rejection::of(field, reason)), "{kind:?} {time}");
        }
        let long = format!("1{}", "0".repeat(100_000));
        assert_eq!(with(&long), Err(Rejection::of(field, "lies after 9999")), "no copy of the input");
        for time in ["\"soon\"", "true", "[2026,2,7]", "{}"] {
            assert_eq!(with(time).unwrap_err().field.as_deref(), Some(field), "{kind:?} {time}");
        }
    }
}

#[test]
fn what_a_refused_trade_says_of_its_time_is_evidence() {
    for (time, text, millis) in [
        ("1770000000", "1770000000", None),
        ("0", "0", None),
        ("1770000000123", "1770000000123", Some(1_770_000_000_123)),
        ("\"2026-02-02 02:40\"", "2026-02-02 02:40", Some(1_770_000_000_000)),
        ("\"1999-01-01T00:00:00Z\"", "1999-01-01T00:00:00Z", None),
    ] {
        let event = read(Kind::InvalidTrades, &format!(r#"{{"tradeId":"{TRADE}","timestamp":{time}}}"#));
        let Ok(Event::InvalidTrade(trade)) = event else { panic!("{event:?}") };
        assert_eq!(trade.timestamp.as_deref(), Some(text));
        assert_eq!(trade.time().map(Timestamp::millis), millis, "it counts where it is one: {time}");
    }
}

#[test]
fn what_is_no_time_is_told_why() {
    let no_time =
        "must be ISO-8601 or milliseconds since 1970, such as 2026-02-07T10:30:00.000Z or 1770460200000";
    for (json, reason) in [
        ("[2026,2,7,10,30]", no_time),
        ("{}", no_time),
        ("true", no_time),
        (r#""soon""#, no_time),
        (r#""2026-02-07""#, "2026-02-07 is a date without a time of day, such as T00:00:00Z"),
        (r#"" 2026-02-30T00:00:00Z""#, "2026-02-30T00:00:00Z names a day that there is not"),
        (
            r#""2026-02-07T24:00:00Z""#,
            "2026-02-07T24:00:00Z names a time of day that there is not; the last is 23:59:59",
        ),
    ] {
        assert_eq!(price_at(json), Err(Rejection::of("timestamp", reason)), "{json}");
    }
}

#[test]
fn blanks_around_a_time_do_not_count() {
    for text in ["2026-02-07T10:30:00Z", "1770460200000"] {
        let time = price_at(&format!("\"{text}\"")).unwrap();
        assert_eq!(price_at(&format!(r#"" \t{text}\r\n""#)), Ok(time), "{text}");
    }
}
