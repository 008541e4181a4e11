//! `application/x-www-form-urlencoded`: query strings, and the bodies of
//! `jsonp_send`.

/// The first value of a field that has one of `names`, decoded. `None` if there
/// is none, or what it stands for is not UTF-8.
pub fn value(form: &str, names: &[&str]) -> Option<String> {
    form.split('&').find_map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        names.contains(&name).then(|| decode(value))
    })?
}

/// Undoes percent-encoding and `+` for a space. A `%` that no two hexadecimal
/// digits follow stands for itself.
fn decode(text: &str) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&byte, tail)) = rest.split_first() {
        rest = tail;
        match byte {
            b'+' => out.push(b' '),
            b'%' => match tail.split_first_chunk().and_then(|(digits, after)| Some((hex(*digits)?, after))) {
                Some((decoded, after)) => {
                    out.push(decoded);
                    rest = after;
                }
                None => out.push(b'%'),
            },
            other => out.push(other),
        }
    }
    String::from_utf8(out).ok()
}

fn hex([high, low]: [u8; 2]) -> Option<u8> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    Some(digit(high)? << 4 | digit(low)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_found_and_decoded() {
        assert_eq!(value("c=%63allback", &["c", "callback"]).as_deref(), Some("callback"));
        assert_eq!(value("t=1&callback=x", &["c", "callback"]).as_deref(), Some("x"));
        assert_eq!(value("d=%5B%22x+y%22%5d", &["d"]).as_deref(), Some(r#"["x y"]"#));
        assert_eq!(value("d", &["d"]).as_deref(), Some(""));
        assert_eq!(value("d=1&d=2", &["d"]).as_deref(), Some("1"));
        assert_eq!(value("", &["d"]), None);
        assert_eq!(value("dd=1", &["d"]), None);
    }

    #[test]
    fn broken_encodings_stand_for_themselves_or_are_refused() {
        assert_eq!(value("d=%", &["d"]).as_deref(), Some("%"));
        assert_eq!(value("d=%4", &["d"]).as_deref(), Some("%4"));
        assert_eq!(value("d=%+1%zz", &["d"]).as_deref(), Some("% 1%zz"));
        assert_eq!(value("d=%ff", &["d"]), None);
    }
}
