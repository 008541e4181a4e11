//! How a client finds the frames in a response: what a browser and sockjs-client do together.

use hub_sockjs::Framing;

/// The frames of a whole response, or of as many whole chunks of it as there are.
pub(crate) fn frames(framing: &Framing, body: &[u8]) -> Vec<String> {
    let text = str::from_utf8(body).expect("UTF-8");
    match framing {
        Framing::Xhr | Framing::XhrStreaming => lines(text),
        Framing::EventSource => events(text),
        Framing::HtmlFile(_) => calls(text),
        Framing::Jsonp(callback) => {
            let call = text.strip_prefix("/**/").and_then(|text| text.strip_prefix(callback.as_str()));
            let argument = call.and_then(|call| call.strip_prefix('(')?.trim_end().strip_suffix(");"));
            vec![evaluate(argument.expect("a call"))]
        }
    }
}

/// A frame a line; the prelude is a line of heart-beats.
fn lines(text: &str) -> Vec<String> {
    let whole = text.strip_suffix('\n').expect("a line feed at the end");
    whole.split('\n').filter(|line| !line.starts_with("hh")).map(str::to_owned).collect()
}

/// Server-sent events, and `decodeURI` of their data.
fn events(text: &str) -> Vec<String> {
    let (mut events, mut data) = (Vec::new(), None::<String>);
    for line in text.replace("\r\n", "\n").replace('\r', "\n").split('\n') {
        match line.split_once(':') {
            Some(("data", value)) => {
                let value = value.strip_prefix(' ').unwrap_or(value);
                data = Some(data.map_or(value.to_owned(), |data| format!("{data}\n{value}")));
            }
            Some(other) => panic!("a field that is not data: {other:?}"),
            None => events.extend(data.take().map(|data| decode_uri(&data))),
        }
    }
    events
}

/// Escapes of a `%` are all that is there: others would have to be of characters, or are an error.
fn decode_uri(text: &str) -> String {
    assert_eq!(text.matches("%25").count(), text.matches('%').count(), "{text:?}");
    text.replace("%25", "%")
}

/// The arguments of the scripts of a page that call `p`.
fn calls(page: &str) -> Vec<String> {
    let scripts = page.split("<script>").skip(1).map(|rest| rest.split_once("</script>").expect("an end").0);
    let arguments = scripts.filter_map(|script| script.trim().strip_prefix("p(")?.strip_suffix(");"));
    arguments.map(evaluate).collect()
}

/// The value of a string literal, by the rules of JavaScript.
fn evaluate(literal: &str) -> String {
    let inner = literal.strip_prefix('"').and_then(|text| text.strip_suffix('"')).expect("a literal");
    let mut units = Vec::new();
    let mut characters = inner.chars();
    while let Some(character) = characters.next() {
        assert!(!matches!(character, '"' | '\n' | '\r' | '\u{2028}' | '\u{2029}'), "{literal:?}");
        let value = match character {
            '\\' => match characters.next().expect("an escape") {
                'u' => {
                    let digits: String = characters.by_ref().take(4).collect();
                    units.push(u16::from_str_radix(&digits, 16).expect("four digits"));
                    continue;
                }
                'n' => '\n',
                'r' => '\r',
                other => other,
            },
            plain => plain,
        };
        units.extend_from_slice(value.encode_utf16(&mut [0; 2]));
    }
    String::from_utf16(&units).expect("whole characters")
}
