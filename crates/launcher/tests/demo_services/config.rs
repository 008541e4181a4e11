//! Rates and shares have bounds.

use std::fs;

use pms_hub::config::Config;

#[test]
fn values_out_of_range_are_refused() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("hub.toml");
    for (line, reason) in [
        ("risk_per_second = 100001", "must be 0 to 100000"),
        ("trades_per_second = 10001", "must be 0 to 10000"),
        ("trading_sessions = 101", "must be 0 to 100"),
        ("failing_share = 1.5", "must be 0 to 1"),
        ("failing_share = nan", "must be 0 to 1"),
    ] {
        fs::write(&file, format!("[demo]\n{line}\n")).unwrap();
        let message = Config::load(Some(&file), std::iter::empty()).unwrap_err().to_string();
        let key = line.split(' ').next().unwrap();
        assert!(message.contains(&format!("demo.{key} = ")) && message.contains(reason), "{message}");
    }
}
