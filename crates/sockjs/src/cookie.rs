//! `JSESSIONID`, by which load balancers keep a session's requests together
//! (protocol, "JSESSIONID cookie").

/// The longest value given back.
const MAX_VALUE_BYTES: usize = 256;

/// The `Set-Cookie` that answers a request with these `Cookie` headers: the
/// value the client has, or a placeholder for the balancer to fill in.
pub fn set_cookie<'h>(cookies: impl Iterator<Item = &'h str>) -> String {
    let mut pairs = cookies.flat_map(|header| header.split(';'));
    let value = pairs.find_map(|pair| pair.trim().strip_prefix("JSESSIONID="));
    let value = value.filter(|value| is_harmless(value)).unwrap_or("dummy");
    format!("JSESSIONID={value}; path=/")
}

/// RFC 6265, section 4.1.1: `cookie-octet`s.
fn is_harmless(value: &str) -> bool {
    let octet = |byte: u8| byte.is_ascii_graphic() && !matches!(byte, b'"' | b',' | b';' | b'\\');
    (1..=MAX_VALUE_BYTES).contains(&value.len()) && value.bytes().all(octet)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_client_has_it_keeps() {
        assert_eq!(set_cookie([].into_iter()), "JSESSIONID=dummy; path=/");
        assert_eq!(set_cookie(["a=b; JSESSIONID=abcdef"].into_iter()), "JSESSIONID=abcdef; path=/");
        assert_eq!(set_cookie(["a=b", "JSESSIONID=x.1"].into_iter()), "JSESSIONID=x.1; path=/");
    }

    #[test]
    fn a_value_that_says_more_is_not_given_back() {
        for value in ["", "a\"b", "a,b", "a b", "\u{e9}", &"x".repeat(300)] {
            let header = format!("JSESSIONID={value}");
            assert_eq!(set_cookie([header.as_str()].into_iter()), "JSESSIONID=dummy; path=/", "{value}");
        }
    }
}
