use super::*;

const IDS: Parameter = Parameter::new("portfolio-ids").or(&["portfolio-id"]);
const LIMIT: Count = Count { parameter: Parameter::new("limit"), default: 50, min: 1, max: 1000 };
static DECLARED: [Parameter; 3] = [IDS, LIMIT.parameter, Parameter::new("batch")];

/// Every way of writing each.
const SPELLINGS: [&str; 10] = [
    "portfolio-ids",
    "portfolioIds",
    "portfolio_ids",
    "PORTFOLIO_IDS",
    "Portfolio-Ids",
    "portfolioids",
    "portfolioId",
    "portfolio-id",
    "portfolio_id",
    "PortfolioID",
];

fn pairs<'a>(given: &[(&'a str, &'a str)]) -> Vec<(Cow<'a, str>, Cow<'a, str>)> {
    given.iter().map(|(name, value)| (Cow::Borrowed(*name), Cow::Borrowed(*value))).collect()
}

fn query<'a>(given: &[(&'a str, &'a str)]) -> Result<Parameters<'a>, ParameterError> {
    Parameters::of_query(&DECLARED, pairs(given))
}

fn headers<'a>(given: &[(&'a str, &'a str)]) -> Result<Parameters<'a>, ParameterError> {
    Parameters::of_headers(&DECLARED, pairs(given))
}

fn command(json: &str) -> Result<Parameters<'_>, ParameterError> {
    Parameters::of_command(&DECLARED, json)
}

fn error(read: Result<Parameters<'_>, ParameterError>) -> String {
    read.unwrap_err().to_string()
}

#[test]
fn every_spelling_is_read_at_every_door() {
    for spelling in SPELLINGS {
        let wanted = Some(vec!["a".to_owned(), "b".to_owned()]);
        assert_eq!(query(&[(spelling, "a, b")]).unwrap().list(&IDS), Ok(wanted.clone()), "{spelling}");
        assert_eq!(headers(&[(spelling, "a,b")]).unwrap().list(&IDS), Ok(wanted.clone()), "{spelling}");
        let json = format!(r#"{{"type":"x","{spelling}":["a","b"]}}"#);
        assert_eq!(command(&json).unwrap().list(&IDS), Ok(wanted), "{json}");
        let json = format!(r#"{{"type":"x","{spelling}":"\u0061,b"}}"#);
        let only = Some(vec!["a,b".to_owned()]);
        assert_eq!(command(&json).unwrap().list(&IDS), Ok(only), "{json}: a comma may be part of it");
    }
}

#[test]
fn what_nobody_reads_is_refused_by_name_with_what_there_is() {
    let wanted = "colour: is no parameter here; there are portfolio-ids, limit and batch";
    assert_eq!(error(query(&[("limit", "1"), ("colour", "blue")])), wanted);
    assert_eq!(error(command(r#"{"type":"x","colour":null}"#)), wanted);
    assert_eq!(headers(&[("colour", "blue")]).unwrap().0.len(), 0, "a header may be somebody else's");
    let read = |declared, given: &[(&'static str, &'static str)]| {
        error(Parameters::of_query(declared, pairs(given)))
    };
    assert_eq!(read(&[], &[("x", "")]), "x: is no parameter here; there are none");
    assert_eq!(read(&[LIMIT.parameter], &[("", "")]), ": is no parameter here; there is only limit");
    let long = "x".repeat(1000);
    assert!(error(query(&[(&long, "")])).len() < 200);
}

#[test]
fn what_is_given_twice_is_refused_by_name() {
    for second in SPELLINGS {
        let wanted = format!("portfolio-ids: is given twice, as portfolioIds and {second}");
        assert_eq!(error(query(&[("portfolioIds", "a"), ("limit", "1"), (second, "a")])), wanted);
        assert_eq!(error(command(&format!(r#"{{"portfolioIds":["a"],"{second}":null}}"#))), wanted);
        // STOMP 1.2, "Repeated Header Entries": of the same the first one counts.
        let given = headers(&[("portfolioIds", "a"), (second, "b")]);
        if second == "portfolioIds" {
            assert_eq!(given.unwrap().text(&IDS).as_deref(), Some("a"));
        } else {
            assert_eq!(error(given), wanted);
        }
    }
}

#[test]
fn what_defeats_caches_and_tokens_are_let_be() {
    let all = ["t", "_", "token", "access_token", "accessToken", "ticket"];
    for name in all {
        assert!(query(&[(name, "1"), (name, "2")]).is_ok(), "{name}");
        assert!(command(&format!(r#"{{"{name}":1}}"#)).is_ok(), "{name}");
    }
    assert!(query(&[("__", "")]).is_err() && query(&[("", "")]).is_err());
}

#[test]
fn a_value_is_its_text_and_null_is_none() {
    let given = command(r#"{"limit":7,"batch":"tr\u0075e","portfolioIds":null}"#).unwrap();
    assert_eq!(given.text(&LIMIT.parameter).as_deref(), Some("7"));
    assert_eq!(given.text(&DECLARED[2]).as_deref(), Some("true"));
    assert_eq!((given.text(&IDS), given.list(&IDS)), (None, Ok(None)));
}

#[test]
fn a_list_is_of_strings() {
    for value in ["7", "[7]", r#"["a",null]"#, "{}", "true", r#""\ud83d""#, r#"["\ud83d"]"#] {
        let json = format!(r#"{{"portfolioIds":{value}}}"#);
        let wrong = command(&json).unwrap().list(&IDS).unwrap_err().to_string();
        let wanted = format!("portfolio-ids: must be a string or a list of strings, not {value:?}");
        assert_eq!(wrong, wanted, "{json}");
    }
    let empty = command(r#"{"portfolioIds":[]}"#).unwrap().list(&IDS);
    assert_eq!(empty, Ok(Some(vec![])));
}

#[test]
fn a_command_is_one_object() {
    for json in ["", "[]", "7", "{", r#"{"a":1}{}"#] {
        assert!(matches!(command(json), Err(ParameterError::NoObject(_))), "{json}");
    }
}

#[test]
fn a_count_is_a_whole_number_within_its_bounds_and_the_nearest_of_one_beyond_them() {
    let read = |text| LIMIT.read(&query(&[("limit", text)]).unwrap());
    assert_eq!(LIMIT.read(&Parameters::default()), Ok(50));
    for (text, number) in [("7", 7), ("1001", 1000), ("99999999999999999999999999", 1000)] {
        assert_eq!(read(text), Ok(number), "{text}");
        assert_eq!(LIMIT.read(&command(&format!(r#"{{"limit":{text}}}"#)).unwrap()), Ok(number), "{text}");
    }
    for wrong in ["", "0", "-1", "+1", "1.0", "1e2", "ten", " 1", "٣", "-99999999999999999999"] {
        let error = read(wrong).unwrap_err().to_string();
        assert_eq!(error, "limit: must be a whole number of at least 1", "{wrong:?}");
    }
    assert_eq!(
        (whole("99999999999999999999"), whole("-99999999999999999999")),
        (Some(i64::MAX), Some(i64::MIN))
    );
    assert_eq!((whole("-5"), whole("-"), whole("")), (Some(-5), None, None));
}
