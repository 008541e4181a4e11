//! What is lenient is lenient in one thing alone: measured against `serde_json`.

use std::fmt::Write as _;

use hub_json::mend;
use proptest::prelude::*;
use serde_json::Value;

/// A UTF-16 text as `JSON.stringify` or a hand writes it: each unit escaped, or as it is.
fn written(units: &[(u16, bool)]) -> String {
    let mut text = String::from("\"");
    for (unit, escaped) in units {
        match char::from_u32(u32::from(*unit)) {
            Some(plain) if !escaped && !plain.is_control() && !"\"\\".contains(plain) => text.push(plain),
            // Writing to a string does not fail.
            _ => drop(write!(text, "\\u{unit:04x}")),
        }
    }
    text.push('"');
    text
}

/// Units among which halves of pairs are frequent.
fn units() -> impl Strategy<Value = Vec<(u16, bool)>> {
    let unit = prop_oneof![any::<u16>(), 0xd7f0_u16..0xe010, 0x20_u16..0x80, Just(0xd83d), Just(0xde00)];
    prop::collection::vec((unit, any::<bool>()), 0..12)
}

/// Pieces of JSON, of which some concatenations are JSON.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop::sample::select(vec![
        "{", "}", "[", "]", "\"", ":", ",", "\\", "u", "\\u", "d83d", "\\ud83d", "\\ude00", "\\uD800", "\\n",
        "\\\\", "a", "1", "-", " ", "\n", "\t", "null", "true", "\u{7f}", "\u{1}", "é", "😀",
    ]);
    prop::collection::vec(piece, 0..24).prop_map(|pieces| pieces.concat())
}

/// What a browser makes of halves of pairs, in a whole reading of the text.
fn lossy(units: &[(u16, bool)]) -> String {
    String::from_utf16_lossy(&units.iter().map(|(unit, _)| *unit).collect::<Vec<_>>())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn each_half_of_a_pair_is_one_replacement_as_in_a_browser(units in units()) {
        let json = written(&units);
        // A half that stands beside another escape is told apart from a pair as UTF-16 is.
        let read: Value = serde_json::from_slice(&mend(json.as_bytes())).unwrap();
        prop_assert_eq!(read.as_str().unwrap(), lossy(&units));
        let nested = format!("{{{json}:[{json},{{{json}:{json}}}]}}");
        let read: Value = serde_json::from_slice(&mend(nested.as_bytes())).unwrap();
        let text = lossy(&units);
        prop_assert_eq!(&read[&text][0], &Value::from(&*text));
        prop_assert_eq!(&read[&text][1][&text], &Value::from(&*text));
    }

    #[test]
    fn what_serde_json_accepts_is_left_as_it_is(text in pieces()) {
        if serde_json::from_str::<Value>(&text).is_ok() {
            prop_assert_eq!(&*mend(text.as_bytes()), text.as_bytes());
        }
    }

    #[test]
    fn what_is_no_json_but_for_half_of_a_pair_stays_refused(text in pieces()) {
        // To skip a text is to check all of it but for surrogates.
        let is_json = serde_json::from_str::<serde::de::IgnoredAny>(&text).is_ok();
        prop_assert_eq!(serde_json::from_slice::<Value>(&mend(text.as_bytes())).is_ok(), is_json);
    }

    #[test]
    fn of_any_octets_only_the_digits_of_escapes_change(bytes in prop::collection::vec(any::<u8>(), 0..64)) {
        let mended = mend(&bytes);
        prop_assert_eq!(mended.len(), bytes.len());
        prop_assert_eq!(str::from_utf8(&mended).is_ok(), str::from_utf8(&bytes).is_ok());
    }
}
