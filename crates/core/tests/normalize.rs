//! Raw items in every spelling become the same event; everything else is a
//! rejection that names the field.

use hub_core::dto::{PositionRow, UnrealizedPnl};
use hub_core::event::{Event, Trade, Transaction, Upstream};
use hub_core::normalize::{self, BodyError, BodyForm, Kind};
use hub_core::{Money, Price, Rejection};
use proptest::prelude::*;

const PORTFOLIO: &str = "550e8400-e29b-41d4-a716-446655440001";
const ID: &str = "550e8400-e29b-41d4-a716-446655440000";

fn read(kind: Kind, json: &str) -> Result<Event, Rejection> {
    let items = normalize::items(json.as_bytes(), BodyForm::Json, 10).unwrap();
    normalize::item(kind, &items[0])
}

fn transaction(json: &str) -> Result<Transaction, Rejection> {
    match read(Kind::Transactions, json)? {
        Event::Transaction(transaction) => Ok(*transaction),
        other => panic!("{other:?}"),
    }
}

/// A valid BUY with one field replaced or added.
fn buy_with(field: &str, value: &str) -> String {
    let mut fields = vec![
        ("transactionId", format!("\"{ID}\"")),
        ("portfolioId", format!("\"{PORTFOLIO}\"")),
        ("symbol", "\"AAPL\"".into()),
        ("side", "\"BUY\"".into()),
        ("quantity", "10".into()),
        ("buyPrice", "1.5".into()),
    ];
    fields.retain(|(name, _)| *name != field);
    fields.push((field, value.into()));
    let fields: Vec<String> = fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
    format!("{{{}}}", fields.join(","))
}

fn field_at_fault(result: Result<impl std::fmt::Debug, Rejection>) -> String {
    result.unwrap_err().field.expect("a field is named").into_owned()
}

#[test]
fn every_spelling_means_the_same_transaction() {
    let canonical = transaction(&buy_with("timestamp", "1770000000123")).unwrap();
    for json in [
        format!(
            r#"{{"transaction_id":"{ID}","id":{{"portfolioId":"{PORTFOLIO}","symbol":"AAPL"}},"side":"buy","quantity":"10.0","buy_price":"1.50","timestamp":"1770000000123"}}"#
        ),
        format!(
            r#"{{"transactionId":"{}","portfolio_id":"{PORTFOLIO}","symbol":"\u0041APL","side":"Buy","quantity":1e1,"price":0.15E1,"buyPrice":"0","timestamp":"2026-02-02T02:40:00.123Z"}}"#,
            ID.to_uppercase()
        ),
        format!(
            r#"{{"portfolioId":null,"portfolio_id":"{PORTFOLIO}","quantity":1e1,"quantity":10,"transactionId":"{ID}","symbol":"AAPL","side":"BUY","price":1.5,"buyPrice":null,"timestamp":1770000000123,"extra":[{{}}]}}"#
        ),
    ] {
        assert_eq!(transaction(&json).as_ref(), Ok(&canonical), "{json}");
    }
}

#[test]
fn a_sale_earns_its_sell_price_and_names_a_lot_only_by_a_buy_price_that_is_not_zero() {
    let sell = |prices: &str| {
        let json = buy_with("side", "\"SELL\"").replace("\"buyPrice\":1.5", prices);
        transaction(&json).map(|transaction| transaction.trade)
    };
    let price = |text: &str| text.parse::<Price>().unwrap();
    let lot = Some(price("10"));
    assert_eq!(
        sell(r#""sellPrice":15,"buyPrice":10"#),
        Ok(Trade::Sell { price: price("15"), lot_price: lot })
    );
    assert_eq!(sell(r#""price":15,"buyPrice":"0""#), Ok(Trade::Sell { price: price("15"), lot_price: None }));
    assert_eq!(sell(r#""sellPrice":"0","price":7"#), Ok(Trade::Sell { price: price("7"), lot_price: None }));
    assert_eq!(field_at_fault(sell(r#""buyPrice":10"#)), "sellPrice");
    assert_eq!(
        sell(r#""buyPrice":10,"sellPrice":0"#).unwrap_err().to_string(),
        "sellPrice: is required where there is no price; a sellPrice of 0 counts as none"
    );
    assert_eq!(field_at_fault(sell(r#""sellPrice":"0.00""#)), "sellPrice");
    assert_eq!(field_at_fault(sell(r#""sellPrice":-1"#)), "sellPrice");
    assert_eq!(field_at_fault(sell(r#""sellPrice":5,"buyPrice":-10"#)), "buyPrice");
}

#[test]
fn a_price_of_zero_is_one_and_a_sides_own_of_zero_is_absent() {
    let of = |side: &str, prices: &str| {
        let json = buy_with("side", &format!("\"{side}\"")).replace("\"buyPrice\":1.5", prices);
        transaction(&json).map(|transaction| transaction.trade)
    };
    let (zero, two) = (Price::ZERO, "2".parse().unwrap());
    for (prices, price) in
        [(r#""price":0"#, zero), (r#""price":"-0.0","buyPrice":0"#, zero), (r#""price":0,"buyPrice":2"#, two)]
    {
        assert_eq!(of("BUY", prices), Ok(Trade::Buy { price }), "{prices}");
    }
    for (prices, price, lot_price) in [
        (r#""price":0"#, zero, None),
        (r#""price":0,"sellPrice":0,"buyPrice":2"#, zero, Some(two)),
        (r#""price":0,"sellPrice":2,"buyPrice":"0""#, two, None),
    ] {
        assert_eq!(of("SELL", prices), Ok(Trade::Sell { price, lot_price }), "{prices}");
    }
    assert_eq!(field_at_fault(of("BUY", r#""buyPrice":0"#)), "buyPrice");
    assert_eq!(field_at_fault(of("SELL", r#""price":-0.00000001"#)), "price");
}

#[test]
fn a_quantity_has_8_places_beside_15_digits() {
    for quantity in ["1000000000000.00000001", "999999999999999.99999999", "1000000000000000", "0.00000001"] {
        for json in [quantity.to_owned(), format!("\"{quantity}\"")] {
            let read = transaction(&buy_with("quantity", &json)).unwrap();
            assert_eq!(read.quantity.to_string(), quantity);
        }
    }
}

#[test]
fn what_is_wrong_is_named_by_its_canonical_field() {
    let wrong = [
        ("transactionId", "\"42\""),
        ("transactionId", "42"),
        ("portfolioId", "\"\""),
        ("symbol", "\"\""),
        ("symbol", "null"),
        ("symbol", "\"ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFG\""),
        ("side", "\"HOLD\""),
        ("side", "1"),
        ("quantity", "0"),
        ("quantity", "-5"),
        ("quantity", "\"\""),
        ("quantity", "true"),
        ("quantity", "[]"),
        ("quantity", "{}"),
        ("quantity", "\"NaN\""),
        ("quantity", "\"Infinity\""),
        ("quantity", "0.000000001"),
        ("quantity", "1000000000000000.00000001"),
        ("buyPrice", "-1"),
        ("buyPrice", "\"abc\""),
        ("buyPrice", "0.000000001"),
        ("timestamp", "\"yesterday\""),
        ("timestamp", "true"),
        ("timestamp", "\"\""),
        ("timestamp", "-1"),
    ];
    for (field, value) in wrong {
        let result = transaction(&buy_with(field, value));
        assert_eq!(field_at_fault(result), field, "{field}: {value}");
    }
    for json in ["1", "\"text\"", "null", "[[1]]", "true"] {
        assert_eq!(read(Kind::Prices, json), Err(Rejection::whole("must be a JSON object")), "{json}");
    }
}

#[test]
fn a_transaction_may_name_its_trade() {
    for (name, value) in [("tradeId", ID.to_owned()), ("trade_id", ID.to_uppercase())] {
        let named = transaction(&buy_with(name, &format!("\"{value}\""))).unwrap();
        assert_eq!(named.trade_id.map(|id| id.to_string()).as_deref(), Some(ID));
    }
    for absent in ["null", "\"\""] {
        assert_eq!(transaction(&buy_with("tradeId", absent)).unwrap().trade_id, None);
    }
    assert_eq!(field_at_fault(transaction(&buy_with("tradeId", "\"T-1\""))), "tradeId");
}

#[test]
fn a_price_that_the_side_does_not_use_must_be_one_all_the_same() {
    for (field, value) in [("sellPrice", "-1"), ("sellPrice", "\"abc\""), ("price", "-1"), ("price", "[]")] {
        assert_eq!(field_at_fault(transaction(&buy_with(field, value))), field, "{field}: {value}");
    }
}

#[test]
fn a_number_keeps_every_digit() {
    let quote = |price: &str| match read(Kind::Prices, &format!(r#"{{"symbol":"X","price":{price}}}"#)) {
        Ok(Event::Price(quote)) => quote.price.to_string(),
        other => panic!("{price}: {other:?}"),
    };
    // Neither survives a trip through a 64-bit float.
    assert_eq!(quote("90071992.54740993"), "90071992.54740993");
    assert_eq!(quote("\"92233720368.54775807\""), "92233720368.54775807");
    assert_eq!(quote("0.10000000000000000"), "0.1");
    assert_eq!(field_at_fault(read(Kind::Prices, r#"{"symbol":"X","price":0}"#)), "price");
}

#[test]
fn master_data_is_checked_too() {
    let portfolio =
        |rest: &str| read(Kind::Portfolios, &format!(r#"{{"portfolioId":"{PORTFOLIO}",{rest}}}"#));
    assert!(matches!(portfolio(r#""name":"Growth","phone_number":5551234"#),
        Ok(Event::Portfolio(info)) if info.phone_number.as_deref() == Some("5551234") && info.address.is_none()));
    assert_eq!(field_at_fault(portfolio(r#""name":"  ""#)), "name");
    assert_eq!(field_at_fault(portfolio(r#""address":"x""#)), "name");
    assert_eq!(field_at_fault(portfolio(r#""name":"x","address":{}"#)), "address");
    assert_eq!(field_at_fault(portfolio(r#""name":"x","address":12"#)), "address");
    assert_eq!(field_at_fault(portfolio(r#""name":"x","phoneNumber":-1.5e3"#)), "phoneNumber");
    for sector in [".", " .. ", " ", "a\\u0000b", "a\\ufffdb"] {
        let item = format!(r#"{{"symbol":"X","sector":"{sector}"}}"#);
        assert_eq!(field_at_fault(read(Kind::Symbols, &item)), "sector", "{sector}");
    }
    let padded = read(Kind::Symbols, r#"{"symbol":"X","sector":" Energy & Oil\u200b "}"#);
    assert!(matches!(padded, Ok(Event::Symbol(info)) if info.sector == "Energy & Oil"));
    assert_eq!(field_at_fault(read(Kind::Symbols, r#"{"symbol":"X"}"#)), "sector");
    let long = "x".repeat(101);
    assert_eq!(
        field_at_fault(read(Kind::Symbols, &format!(r#"{{"symbol":"X","sector":"{long}"}}"#))),
        "sector"
    );
}

#[test]
fn a_body_is_one_item_an_array_or_lines() {
    let count = |body: &str, form| normalize::items(body.as_bytes(), form, 3).map(|items| items.len());
    assert_eq!(count(" {} ", BodyForm::Json), Ok(1));
    assert_eq!(count("[1, {}, \"]\"]", BodyForm::Json), Ok(3));
    assert_eq!(count("[]", BodyForm::Json), Ok(0));
    assert_eq!(count("{}\r\n\n nonsense \n{}", BodyForm::NdJson), Ok(3));
    assert_eq!(count("", BodyForm::NdJson), Ok(0));
    assert_eq!(count(" \n", BodyForm::Json), Err(BodyError::Empty));
    assert_eq!(count("[1,2,3,4]", BodyForm::Json), Err(BodyError::TooManyItems { max: 3 }));
    assert_eq!(count("1\n2\n3\n4", BodyForm::NdJson), Err(BodyError::TooManyItems { max: 3 }));
    for body in ["{", "[1,]", "{}{}", "nonsense", "[1] 2", "{}\u{feff}", "\u{feff}\u{feff}{}"] {
        assert!(matches!(count(body, BodyForm::Json), Err(BodyError::Malformed(_))), "{body}");
    }
    assert!(matches!(normalize::items(b"{\"a\":\"\xff\"}", BodyForm::Json, 3), Err(BodyError::Malformed(_))));
    let text = normalize::items(b"{\n\"a\": x}", BodyForm::Json, 3).unwrap_err().to_string();
    assert!(text.contains("line 2 column 6"), "{text}");
}

#[test]
fn a_bad_line_is_rejected_and_the_others_go_on() {
    let body = b"{\"symbol\":\"A\",\"price\":1}\n{oops\n\xff\n{\"symbol\":\"B\",\"price\":2}";
    let items = normalize::items(body, BodyForm::NdJson, 10).unwrap();
    let ok: Vec<bool> = items.iter().map(|item| normalize::item(Kind::Prices, item).is_ok()).collect();
    assert_eq!(ok, [true, false, false, true]);
    assert_eq!(items[1].raw(), b"{oops");
}

#[test]
fn hostile_nesting_does_not_exhaust_the_stack() {
    for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
        let deep = format!("{}1{}", open.repeat(200_000), close.repeat(200_000));
        for form in [BodyForm::Json, BodyForm::NdJson] {
            match normalize::items(deep.as_bytes(), form, 10) {
                Ok(items) => assert!(normalize::item(Kind::Prices, &items[0]).is_err()),
                Err(error) => assert!(matches!(error, BodyError::Malformed(_)), "{error}"),
            }
        }
    }
}

#[test]
fn relayed_facts_are_read_in_all_the_spellings_of_the_frontend() {
    let items = |json: &str| {
        normalize::items(json.as_bytes(), BodyForm::Json, 1).map(|items| items[0].raw().to_vec())
    };
    let position = |json: &str| -> Result<PositionRow, Rejection> {
        let raw = items(json).unwrap();
        match normalize::item(Kind::Positions, &normalize::items(&raw, BodyForm::Json, 1).unwrap()[0])? {
            Event::Upstream(fact) => match *fact {
                Upstream::Position(it) => Ok(it),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let canonical = position(&format!(
        r#"{{"id":{{"portfolioId":"{PORTFOLIO}","symbol":"AAPL"}},"holdings":150,"totalInvested":22500.00,"realizedPnl":-1000.123456789,"createdAt":"2026-02-07T10:30:00.123456","updatedAt":null}}"#
    ))
    .unwrap();
    let other = position(&format!(
        r#"{{"portfolio_id":"{PORTFOLIO}","symbol":"AAPL","holdings":"150","total_invested":"22500","realised_pnl":"-1000.123456789","created_at":"2026-02-07T10:30:00.123Z"}}"#
    ));
    assert_eq!(other.as_ref(), Ok(&canonical));
    let mut json = Vec::new();
    canonical.write_json(&mut json);
    assert_eq!(position(std::str::from_utf8(&json).unwrap()), Ok(canonical));

    let unrealized = |json: &str| -> Result<UnrealizedPnl, Rejection> {
        let raw = items(json).unwrap();
        match normalize::item(Kind::UnrealizedPnl, &normalize::items(&raw, BodyForm::Json, 1).unwrap()[0])? {
            Event::Upstream(fact) => match *fact {
                Upstream::UnrealizedPnl(it) => Ok(it),
                other => panic!("{other:?}"),
            },
            other => panic!("{other:?}"),
        }
    };
    let text =
        r#"{"symbol":{"AAPL":2550.00,"B\"Q":"-250"},"overallUnrealised_Pnl":90071992547409931.00000000000001,"portfolio_id":"ID","unpriced":["X","Y"],"stale":["AAPL"],"asOf":"2026-02-07T10:30:00.000Z"}"#
            .replace("ID", PORTFOLIO);
    let canonical = unrealized(&text).unwrap();
    assert_eq!(canonical.overall, "90071992547409931.00000000000001".parse::<Money>().unwrap());
    let alias = text.replace("Unrealised_Pnl", "UnrealisedPnl").replace("portfolio_id", "portfolioId");
    assert_eq!(unrealized(&alias).as_ref(), Ok(&canonical));
    let mut json = Vec::new();
    canonical.write_json(&mut json);
    assert_eq!(unrealized(std::str::from_utf8(&json).unwrap()), Ok(canonical));
    let long = unrealized(&text.replace("AAPL", &"A".repeat(100_000))).unwrap_err();
    assert!(long.reason.len() < 200, "a reason is not a copy of the input");
    for (part, instead, at_fault) in [
        (r#""AAPL":2550.00"#, r#""AAPL":1,"AAPL":2"#, "symbol"),
        (r#","asOf":"2026-02-07T10:30:00.000Z""#, "", "asOf"),
        (r#","stale":["AAPL"]"#, "", "stale"),
        (r#"["X","Y"]"#, "[1]", "unpriced"),
        ("overallUnrealised_Pnl", "other", "overallUnrealised_Pnl"),
    ] {
        assert_eq!(field_at_fault(unrealized(&text.replace(part, instead))), at_fault);
    }
    let again = unrealized(&text.replace(r#""AAPL":"#, r#""AAPL":2550,"AAPL":"#));
    assert_eq!(again, unrealized(&text), "contradicts nothing");
}

fn json_value() -> impl Strategy<Value = String> {
    let names = prop_oneof![
        Just("symbol"),
        Just("price"),
        Just("id"),
        Just("portfolioId"),
        Just("side"),
        Just("quantity"),
        Just("timestamp"),
        Just("transactionId"),
        Just("name"),
        Just("sector"),
        Just("buyPrice"),
    ];
    let leaf = prop_oneof![
        Just("null".to_owned()),
        Just("true".to_owned()),
        any::<f64>().prop_map(|n| if n.is_finite() { n.to_string() } else { "0".into() }),
        any::<i64>().prop_map(|n| n.to_string()),
        ".*".prop_map(|text: String| serde_json::to_string(&text).unwrap()),
        Just("\"BUY\"".to_owned()),
        Just(format!("\"{ID}\"")),
    ];
    leaf.prop_recursive(3, 40, 8, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(|items| format!("[{}]", items.join(","))),
            proptest::collection::vec((names.clone(), inner), 0..8).prop_map(|fields| {
                let fields: Vec<String> =
                    fields.iter().map(|(name, value)| format!("\"{name}\":{value}")).collect();
                format!("{{{}}}", fields.join(","))
            }),
        ]
    })
}

proptest! {
    #[test]
    fn any_json_is_an_event_or_a_rejection(json in json_value()) {
        for kind in Kind::ALL {
            if let Ok(items) = normalize::items(json.as_bytes(), BodyForm::Json, 100) {
                for item in items {
                    if let Err(rejection) = normalize::item(kind, &item) {
                        prop_assert!(!rejection.reason.is_empty());
                    }
                }
            }
        }
    }

    #[test]
    fn any_quantity_is_exact_or_refused_by_its_limit(
        whole in prop_oneof![0..=1_000_000_000_000_u64, 999_999_999_999_999..=1_000_000_000_000_001_u64],
        places in "[0-9]{0,9}0{0,2}",
        quoted: bool,
    ) {
        let (point, fraction) = (if places.is_empty() { "" } else { "." }, places.trim_end_matches('0'));
        let digits = format!("{whole}{point}{places}");
        let json = if quoted { format!("\"{digits}\"") } else { digits };
        let (most, exact) = (1_000_000_000_000_000, format!("{whole}.{fraction}"));
        let expected = if fraction.len() > 8 {
            Err("must have at most 8 decimal places")
        } else if whole > most || whole == most && !fraction.is_empty() {
            Err("must be at most 10^15")
        } else if whole == 0 && fraction.is_empty() {
            Err("must be greater than 0")
        } else {
            Ok(exact.trim_end_matches('.'))
        };
        let read = transaction(&buy_with("quantity", &json)).map(|transaction| transaction.quantity.to_string());
        let read = read.map_err(|rejection| rejection.reason);
        prop_assert_eq!(read.as_deref().map_err(|reason| &**reason), expected, "{}", json);
    }

    #[test]
    fn any_bytes_are_a_body_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        for form in [BodyForm::Json, BodyForm::NdJson] {
            for item in normalize::items(&bytes, form, 100).unwrap_or_default() {
                let _ = normalize::item(Kind::Transactions, &item);
            }
        }
    }
}
