//! Frames that `SockJS` puts around messages, and messages it takes from clients (`hub-sockjs`).
//!
//! The first byte says where messages are cut into two frames; the rest is messages, with 0xff
//! between them, and, as it is, what a client sends.

use std::time::Instant;

use bytes::Bytes;
use hub_sockjs::session::Next;
use hub_sockjs::{Callback, Framing, Limits, Messages, Session, form, frame, receive};
use serde_json::Value;

/// No byte of UTF-8.
const SEPARATOR: u8 = 0xff;

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    let Some((&cut, rest)) = data.split_first() else { return };
    let texts: Vec<_> = rest.split(|byte| *byte == SEPARATOR).map(String::from_utf8_lossy).collect();
    let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
    let array = encode(&texts);
    check_array(&array, &texts);
    check_close(u16::from(cut), texts[0]);
    check_framings(&array);
    check_joined(&array, texts.split_at(usize::from(cut) % (texts.len() + 1)));
    check_text(rest);
    check_payload(rest);
    check_form(rest);
}

fn encode(texts: &[&str]) -> Vec<u8> {
    let mut messages = Messages::default();
    for text in texts {
        messages.push(text);
    }
    messages.finish()
}

/// A JSON parser finds the texts, and nothing that some transport mangles goes over the wire.
fn check_array(array: &[u8], texts: &[&str]) {
    let (first, json) = array.split_first().expect("a frame is not empty");
    assert_eq!(*first, b'a');
    let parsed: Vec<String> = serde_json::from_slice(json).expect("JSON");
    assert_eq!(parsed, texts);
    let text = str::from_utf8(array).expect("UTF-8");
    let harmless = |c: char| {
        !matches!(c, '\0'..='\u{1f}' | '\u{200c}'..='\u{200f}' | '\u{2028}'..='\u{202f}'
            | '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff0}'..)
    };
    assert!(text.chars().all(harmless), "{text:?}");
    // What the server sends a server could take.
    assert_eq!(receive::payload(json).as_deref(), Ok(parsed.as_slice()));
}

fn check_close(code: u16, reason: &str) {
    let frame = frame::close(code, reason);
    let parsed: (u16, String) = serde_json::from_str(&frame[1..]).expect("JSON");
    assert_eq!((&frame[..1], parsed.0, parsed.1.as_str()), ("c", code, reason));
}

/// Each transport's client finds the frame that it was.
fn check_framings(frame: &[u8]) {
    let callback = Callback::from_query("c=_jp.a-1").expect("a name");
    for framing in [Framing::Xhr, Framing::XhrStreaming] {
        let lines = framing.encode(frame);
        // Clients split at line feeds.
        assert_eq!(lines.iter().position(|byte| *byte == b'\n'), Some(frame.len()));
        assert_eq!(&lines[..frame.len()], frame);
    }
    assert_eq!(read_event(&Framing::EventSource.encode(frame)), frame);
    let page = Framing::HtmlFile(callback.clone()).encode(frame);
    assert_eq!(read_script(&page, "<script>\np(", ");\n</script>\r\n"), frame);
    let script = Framing::Jsonp(callback).encode(frame);
    assert_eq!(read_script(&script, "/**/_jp.a-1(", ");\r\n"), frame);
}

/// A server-sent event as browsers read it, and `decodeURI` of it as sockjs-client does.
fn read_event(event: &[u8]) -> Vec<u8> {
    let text = str::from_utf8(event).expect("UTF-8");
    let body = text.strip_suffix("\r\n\r\n").expect("an event's end");
    assert!(!body.contains(['\r', '\n']), "an event of one line");
    let data = body.strip_prefix("data: ").expect("data");
    let escapes = data.matches('%').count();
    assert_eq!(data.matches("%25").count(), escapes, "nothing but % is escaped");
    data.replace("%25", "%").into_bytes()
}

/// A script's string: what is escaped there JSON escapes, too.
fn read_script(script: &[u8], before: &str, after: &str) -> Vec<u8> {
    let text = str::from_utf8(script).expect("UTF-8");
    let literal = text.strip_prefix(before).and_then(|text| text.strip_suffix(after)).expect("a call");
    assert!(!literal.contains('<'), "no tag and no comment begins in a script");
    serde_json::from_str::<String>(literal).expect("a string").into_bytes()
}

/// Messages that wait in two frames and are joined by a poll are those of one frame.
fn check_joined(whole: &[u8], (front, back): (&[&str], &[&str])) {
    let now = Instant::now();
    let mut session = Session::new(Limits { outbound_bytes: usize::MAX, ..Limits::default() }, now);
    for texts in [front, back] {
        assert_eq!(session.send(&Bytes::from(encode(texts)), now), Ok(()));
    }
    let receiver = session.attach(now).expect("the first");
    assert_eq!(session.next(receiver, 0, now), Next::Frame(Bytes::from_static(b"o")));
    let joined = session.next(receiver, usize::MAX, now);
    assert_eq!(joined, Next::Frame(Bytes::copy_from_slice(whole)));
    assert_eq!(session.next(receiver, usize::MAX, now), Next::Nothing);
    assert_eq!(session.buffered_bytes(), 0);
}

/// Asserts that a WebSocket's text holds an array of strings, a string, or nothing.
fn check_text(bytes: &[u8]) {
    let Ok(said) = str::from_utf8(bytes) else { return };
    let text = said.strip_prefix('\u{feff}').unwrap_or(said);
    let expected = match serde_json::from_str::<Value>(&hub_json::mend_text(text)) {
        Ok(Value::String(message)) => Some(vec![message]),
        Ok(Value::Array(values)) => strings(values),
        Ok(_) => None,
        Err(_) => text.trim_ascii().is_empty().then(Vec::new),
    };
    assert_eq!(receive::messages(said).ok(), expected);
}

/// Asserts that a request's body holds an array of strings.
fn check_payload(bytes: &[u8]) {
    let json = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let expected = match serde_json::from_slice::<Value>(&hub_json::mend(json)) {
        Ok(Value::Array(values)) => strings(values),
        _ => None,
    };
    assert_eq!(receive::payload(bytes).ok(), expected);
    assert_eq!(receive::jsonp_payload(bytes, false), receive::payload(bytes));
    if let Some(messages) = expected {
        let form = format!("a=b&d={}", percent_encode(bytes));
        assert_eq!(receive::jsonp_payload(form.as_bytes(), true), Ok(messages));
    }
}

fn strings(values: Vec<Value>) -> Option<Vec<String>> {
    let string = |value| if let Value::String(text) = value { Some(text) } else { None };
    values.into_iter().map(string).collect()
}

/// A value put into a form comes out of it; any text as a form gives no more than it holds.
fn check_form(bytes: &[u8]) {
    let form = format!("c=1&value={}&value=2", percent_encode(bytes));
    assert_eq!(form::value(&form, &["value"]), String::from_utf8(bytes.to_vec()).ok());
    let Ok(text) = str::from_utf8(bytes) else { return };
    if let Some(value) = form::value(text, &["d"]) {
        assert!(value.len() <= text.len());
    }
}

/// All but letters and digits escaped; the hexadecimal digits in either case.
fn percent_encode(bytes: &[u8]) -> String {
    let escape = |byte: &u8| match byte {
        b' ' => "+".to_owned(),
        byte if byte.is_ascii_alphanumeric() => char::from(*byte).to_string(),
        byte if byte & 1 == 0 => format!("%{byte:02x}"),
        byte => format!("%{byte:02X}"),
    };
    bytes.iter().map(escape).collect()
}
