//! The native sockets: `/ws/{x}` and `/ws/rttm/{x}`.

use std::sync::{Arc, Mutex, PoisonError, Weak};

use hub_fanout::Document;
use hub_server::native::{Action, Followed, NativeEndpoint, NativeSession, Query};

use crate::documents::{self, Alerts, Host, Numbers};
use crate::host::HostMetrics;
use crate::state::RttmReads;

/// How many alerts are shown where nothing else is asked for.
pub(crate) const ALERTS_SHOWN: usize = 25;
/// How many may be asked for.
pub(crate) const ALERTS_MAX: usize = 1000;

/// What is behind each path. `/ws/metrics` shows the host, `/ws/rttm/metrics`
/// the five cards; the other four show the same under both prefixes.
pub fn endpoints(reads: &RttmReads, host: Arc<HostMetrics>) -> Vec<(&'static str, Arc<dyn NativeEndpoint>)> {
    let numbers = |period_ms, compose| {
        let document: Arc<dyn Document> = Arc::new(Numbers { reads: reads.clone(), period_ms, compose });
        Arc::new(One(document)) as Arc<dyn NativeEndpoint>
    };
    let pipeline = numbers(3000, documents::pipeline);
    let dlq = numbers(3000, documents::dlq);
    let telemetry = numbers(3000, documents::telemetry);
    let alerts: Arc<dyn NativeEndpoint> = Arc::new(AlertsEndpoint::new(reads.clone()));
    vec![
        ("/ws/metrics", Arc::new(One(Arc::new(Host(host))))),
        ("/ws/rttm/metrics", numbers(2000, documents::cards)),
        ("/ws/pipeline", Arc::clone(&pipeline)),
        ("/ws/rttm/pipeline", pipeline),
        ("/ws/dlq", Arc::clone(&dlq)),
        ("/ws/rttm/dlq", dlq),
        ("/ws/telemetry", Arc::clone(&telemetry)),
        ("/ws/rttm/telemetry", telemetry),
        ("/ws/alerts", Arc::clone(&alerts)),
        ("/ws/rttm/alerts", alerts),
    ]
}

/// One document, whoever asks and however.
struct One(Arc<dyn Document>);

impl NativeEndpoint for One {
    fn open(&self) -> Box<dyn NativeSession> {
        let document = Arc::clone(&self.0);
        Box::new(Following(move |_: &Query| Ok(Arc::clone(&document))))
    }
}

/// Follows the document that the query asks for; there is nothing to choose
/// later.
struct Following<F>(F);

impl<F: FnMut(&Query) -> Result<Arc<dyn Document>, String> + Send> NativeSession for Following<F> {
    fn opened(&mut self, query: &Query) -> Result<Vec<Action>, String> {
        let what = Followed::Document((self.0)(query)?);
        Ok(vec![Action::Follow { name: "document", what }])
    }

    fn command(&mut self, kind: &str, _: &str) -> Result<Vec<Action>, String> {
        let shown: String = kind.chars().take(40).collect();
        Err(format!("there is no command {shown:?} here"))
    }
}

/// `?limit=`: whoever asks for the same number shares a document.
struct AlertsEndpoint {
    documents: Arc<Documents>,
}

struct Documents {
    reads: RttmReads,
    /// By limit, hence at most [`ALERTS_MAX`]; alive while somebody follows.
    by_limit: Mutex<Vec<(usize, Weak<Alerts>)>>,
}

impl AlertsEndpoint {
    fn new(reads: RttmReads) -> AlertsEndpoint {
        AlertsEndpoint { documents: Arc::new(Documents { reads, by_limit: Mutex::default() }) }
    }
}

impl Documents {
    fn with_limit(&self, limit: usize) -> Arc<Alerts> {
        let mut documents = self.by_limit.lock().unwrap_or_else(PoisonError::into_inner);
        let known =
            documents.iter().find(|(of, _)| *of == limit).and_then(|(_, document)| document.upgrade());
        known.unwrap_or_else(|| {
            documents.retain(|(_, document)| document.strong_count() > 0);
            let document = Arc::new(Alerts { reads: self.reads.clone(), limit });
            documents.push((limit, Arc::downgrade(&document)));
            document
        })
    }
}

impl NativeEndpoint for AlertsEndpoint {
    fn open(&self) -> Box<dyn NativeSession> {
        let documents = Arc::clone(&self.documents);
        Box::new(Following(move |query: &Query| {
            Ok(documents.with_limit(limit(query.get("limit"))?) as Arc<dyn Document>)
        }))
    }
}

/// At least 1, at most [`ALERTS_MAX`]; an error in words where it is no
/// number.
pub(crate) fn limit(asked: Option<&str>) -> Result<usize, String> {
    let Some(asked) = asked else { return Ok(ALERTS_SHOWN) };
    let number = match asked.strip_prefix('-') {
        Some(below) => whole_number(below).map(|_| 0),
        None => whole_number(asked),
    };
    let number = number.ok_or_else(|| "limit must be a whole number".to_owned())?;
    Ok(number.clamp(1, ALERTS_MAX))
}

/// A number by its digits; beyond what can be counted it is still one.
pub(crate) fn whole_number(text: &str) -> Option<usize> {
    let digits_only = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits_only.then(|| text.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_out_of_range_is_still_a_number() {
        for (asked, shown) in [("0", 1), ("-5", 1), ("7", 7), ("99999999999999999999999", ALERTS_MAX)] {
            assert_eq!(limit(Some(asked)), Ok(shown), "{asked}");
        }
        assert_eq!(limit(Some("-99999999999999999999999")), Ok(1));
        for asked in ["", "-", "+1", "1.5", "many"] {
            assert_eq!(limit(Some(asked)), Err("limit must be a whole number".to_owned()), "{asked}");
        }
    }
}
