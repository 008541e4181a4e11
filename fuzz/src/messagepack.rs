//! `MessagePack` from a client of a native socket, and JSON to it (`hub-core`).
//!
//! An input is taken for both.

use hub_core::messagepack::{from_json, to_json};
use serde_json::Value;

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    check_received(data);
    check_sent(data);
}

/// Asserts that what is taken becomes JSON that is not far longer, and says the same written again.
fn check_received(data: &[u8]) {
    let Ok(json) = to_json(data) else { return };
    // A byte becomes `false` and a comma at most, a float of 9 bytes 24 digits.
    assert!(json.len() <= 6 * data.len(), "{} bytes of {}", json.len(), data.len());
    let value: Value = serde_json::from_str(&json).expect("JSON");
    assert!(!json.is_empty());
    let again = from_json(json.as_bytes()).expect("what is JSON can be packed");
    let unpacked = to_json(&again).expect("what we pack is taken");
    assert_eq!(serde_json::from_str::<Value>(&unpacked).expect("JSON"), value);
    for end in 0..data.len().min(64) {
        let short = data.len() - 1 - end;
        assert!(to_json(&data[..short]).is_err(), "a part of a value is none");
    }
    assert!(to_json(&[data, &[0xc0]].concat()).is_err(), "nor is more than one");
}

/// JSON says the same when it comes back.
fn check_sent(data: &[u8]) {
    let value = serde_json::from_slice::<Value>(data);
    let Some(packed) = from_json(data) else {
        assert!(value.is_err(), "JSON that can't be packed");
        return;
    };
    let Ok(value) = value else {
        // A reader into nothing allows what one into a value does not: a number too large for a float.
        return;
    };
    // Commands nest less deeply than messages may.
    if let Ok(json) = to_json(&packed) {
        assert_eq!(serde_json::from_str::<Value>(&json).expect("JSON"), value);
    }
}
