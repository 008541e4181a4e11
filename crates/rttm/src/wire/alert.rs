//! Alerts on the wire.

use hub_core::Timestamp;
use schemars::JsonSchema;
use serde::Serialize;

use crate::alerts::Alert;

/// `{id, severity, message, timestamp, source, resolved, timeAgo}`.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AlertRow {
    id: String,
    severity: &'static str,
    message: String,
    timestamp: String,
    source: &'static str,
    resolved: bool,
    time_ago: String,
}

pub(crate) fn alert(alert: &Alert, now: Timestamp) -> AlertRow {
    AlertRow {
        id: alert.id(),
        severity: alert.severity.as_str(),
        message: alert.message(),
        timestamp: alert.raised_at.to_string(),
        source: alert.source(),
        resolved: alert.cleared_at.is_some(),
        time_ago: time_ago(alert.raised_at, now),
    }
}

/// `now`, `42s ago`, `7m ago`, `3h ago`, `2d ago`.
fn time_ago(then: Timestamp, now: Timestamp) -> String {
    let seconds = (now.millis() - then.millis()).div_euclid(1000);
    match seconds {
        ..0 => "now".to_owned(),
        0..60 => format!("{seconds}s ago"),
        60..3600 => format!("{}m ago", seconds / 60),
        3600..86_400 => format!("{}h ago", seconds / 3600),
        _ => format!("{}d ago", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_told_in_the_largest_unit() {
        let at = |seconds: i64| Timestamp::from_millis(1_000_000_000 + seconds * 1000).unwrap();
        let ages = [-1, 0, 42, 59, 60, 3599, 3600, 86_399, 86_400, 200_000];
        let told = ages.map(|seconds| time_ago(at(0), at(seconds)));
        assert_eq!(
            told,
            [
                "now", "0s ago", "42s ago", "59s ago", "1m ago", "59m ago", "1h ago", "23h ago", "1d ago",
                "2d ago"
            ]
        );
    }
}
