//! Portfolios' worth at the ends of days (AN-PVAL) in every spelling; what is none is refused with the field's name.

use hub_core::event::{Event, Upstream, Valuation};
use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::{Rejection, normalize::canonical};

const PORTFOLIO: &str = "550e8400-e29b-41d4-a716-446655440001";

fn read(json: &str) -> Result<Valuation, Rejection> {
    let items = normalize::items(json.as_bytes(), BodyForm::Json, 10).unwrap();
    match normalize::item(Kind::Valuations, &items[0])? {
        Event::Upstream(fact) => {
            let Upstream::Valuation(valuation) = *fact else { panic!("{fact:?}") };
            Ok(valuation)
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_spelling_means_the_same_valuation() {
    let expected = Valuation {
        portfolio_id: PORTFOLIO.parse().unwrap(),
        date: "2026-02-07".parse().unwrap(),
        portfolio_value: "125000.5".parse().unwrap(),
    };
    for json in [
        format!(r#"{{"portfolioId":"{PORTFOLIO}","date":"2026-02-07","portfolioValue":125000.50}}"#),
        format!(r#"{{"portfolio_id":"{PORTFOLIO}","date":"2026-02-07","portfolio_value":"125000.5"}}"#),
        format!(r#"{{"portfolioId":"{PORTFOLIO}","date":"2026-02-07","value":1.250005e5,"id":"x"}}"#),
    ] {
        assert_eq!(read(&json).as_ref(), Ok(&expected), "{json}");
    }
    let event = Upstream::Valuation(expected.clone()).into();
    assert_eq!(read(&canonical(&event).unwrap()), Ok(expected));
}

#[test]
fn a_field_that_says_nothing_is_refused_by_name() {
    let item = |date: &str, value: &str| {
        read(&format!(r#"{{"portfolioId":"{PORTFOLIO}","date":{date},"portfolioValue":{value}}}"#))
    };
    assert!(item("\"2026-02-07\"", "0").is_ok());
    for (date, value, field, reason) in [
        ("\"2026-02-30\"", "1", "date", "names a day that there is not"),
        ("\"1999-12-31\"", "1", "date", "lies before 2000-01-01"),
        ("\"0001-01-01\"", "1", "date", "lies before 1970"),
        ("20260207", "1", "date", "must be a string"),
        ("\"2026-02-07T00:00:00Z\"", "1", "date", "must be a day such as 2026-02-07"),
        ("null", "1", "date", "is required"),
        ("\"2026-02-07\"", "-0.01", "portfolioValue", "must not be negative"),
        ("\"2026-02-07\"", "\"NaN\"", "portfolioValue", "must be a decimal number"),
        ("\"2026-02-07\"", "1e99", "portfolioValue", "must be at most 1.7 * 10^22"),
        ("\"2026-02-07\"", "null", "portfolioValue", "is required"),
    ] {
        let refused = item(date, value).unwrap_err();
        assert_eq!((refused.field.as_deref(), &*refused.reason), (Some(field), reason), "{date} {value}");
    }
}
