//! Risk metrics (LB-IN-1) in every spelling; what is no finite number is
//! refused with the field's name.

use hub_core::event::{Event, RiskMetrics};
use hub_core::normalize::{self, BodyForm, Kind};
use hub_core::{Ratio, Rejection};

const PORTFOLIO: &str = "550e8400-e29b-41d4-a716-446655440001";

fn read(json: &str) -> Result<RiskMetrics, Rejection> {
    let items = normalize::items(json.as_bytes(), BodyForm::Json, 10).unwrap();
    match normalize::item("risk".parse::<Kind>().unwrap(), &items[0])? {
        Event::Risk(metrics) => Ok(metrics),
        other => panic!("{other:?}"),
    }
}

fn ratio(text: &str) -> Ratio {
    text.parse().unwrap()
}

#[test]
fn every_spelling_means_the_same_metrics() {
    let expected = RiskMetrics {
        portfolio_id: PORTFOLIO.parse().unwrap(),
        avg_rate_of_return: ratio("0.5"),
        sharpe_ratio: ratio("2"),
        sortino_ratio: ratio("-1.5"),
    };
    for json in [
        format!(
            r#"{{"portfolioId":"{PORTFOLIO}","avgRateOfReturn":0.5,"sharpeRatio":2,"sortinoRatio":-1.5}}"#
        ),
        format!(
            r#"{{"portfolio_id":"{PORTFOLIO}","avg_rate_of_return":"0.50","sharpe_ratio":"2.0","sortino_ratio":"-15e-1"}}"#
        ),
        format!(
            r#"{{"portfolioId":"{}","avgReturn":5E-1,"sharpe":2.000,"sortino":-1.5,"extra":[]}}"#,
            PORTFOLIO.to_uppercase()
        ),
    ] {
        assert_eq!(read(&json).as_ref(), Ok(&expected), "{json}");
    }
}

#[test]
fn the_field_at_fault_is_named() {
    let fields = [("avgReturn", "avgRateOfReturn"), ("sharpe", "sharpeRatio"), ("sortino", "sortinoRatio")];
    for (sent, canonical) in fields {
        for wrong in [r#""NaN""#, r#""Infinity""#, r#""-Infinity""#, "1e999", "1e19", "true", "{}", r#""""#] {
            let values: Vec<String> = fields
                .iter()
                .map(|(name, _)| format!(r#""{name}":{}"#, if *name == sent { wrong } else { "1" }))
                .collect();
            let json = format!(r#"{{"portfolioId":"{PORTFOLIO}",{}}}"#, values.join(","));
            assert_eq!(read(&json).unwrap_err().field.as_deref(), Some(canonical), "{json}");
        }
        let rest: Vec<String> = fields
            .iter()
            .filter(|(name, _)| *name != sent)
            .map(|(name, _)| format!(r#""{name}":1"#))
            .collect();
        let error = read(&format!(r#"{{"portfolioId":"{PORTFOLIO}",{}}}"#, rest.join(","))).unwrap_err();
        assert_eq!((error.field.as_deref(), &*error.reason), (Some(canonical), "is required"));
    }
    for id in ["", r#""portfolioId":null,"#, r#""portfolioId":"42","#, r#""portfolioId":42,"#] {
        let json = format!(r#"{{{id}"avgReturn":1,"sharpe":1,"sortino":1}}"#);
        assert_eq!(read(&json).unwrap_err().field.as_deref(), Some("portfolioId"), "{json}");
    }
}
