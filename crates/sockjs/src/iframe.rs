//! `/iframe*.html`: the page by which old browsers reach a server on another
//! domain (protocol, "`IframePage`").

use std::fmt::Write as _;

/// URL of the script for clients whose server does not have it.
pub const DEFAULT_SCRIPT_URL: &str = "https://cdn.jsdelivr.net/npm/sockjs-client@1/dist/sockjs.min.js";

/// The page, which loads the client's script from `script_url`: an absolute
/// URL, or an absolute path.
pub fn page(script_url: &str) -> String {
    let mut url = String::with_capacity(script_url.len());
    for character in script_url.chars() {
        match character {
            '"' => url.push_str("%22"),
            '<' => url.push_str("%3C"),
            '>' => url.push_str("%3E"),
            '&' => url.push_str("&amp;"),
            other => url.push(other),
        }
    }
    format!(
        r#"<!DOCTYPE html>
<html>
<head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
  <script src="{url}"></script>
  <script>
    document.domain = document.domain;
    SockJS.bootstrap_iframe();
  </script>
</head>
<body>
  <h2>Don't panic!</h2>
  <p>This is a SockJS hidden iframe. It's used for cross domain magic.</p>
</body>
</html>
"#
    )
}

/// An entity tag that depends on `content` alone, so that it stays the same on
/// every node and after a restart: 64 bits of FNV-1a.
pub fn etag(content: &[u8]) -> String {
    const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
    const PRIME: u64 = 0x0100_0000_01b3;
    let hash = content.iter().fold(OFFSET, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME));
    let mut tag = String::with_capacity(18);
    // Writing to a string does not fail.
    let _ = write!(tag, "\"{hash:016x}\"");
    tag
}

/// True if `If-None-Match` names the tag (RFC 9110, section 13.1.2: compared weakly, or `*`).
pub fn matches(if_none_match: &str, etag: &str) -> bool {
    if_none_match.split(',').map(str::trim).any(|tag| tag == "*" || tag.trim_start_matches("W/") == etag)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_loads_the_script() {
        assert!(page("/ws/sockjs.min.js").contains(r#"<script src="/ws/sockjs.min.js"></script>"#));
        assert!(page("/a\"><b>&").contains(r#"<script src="/a%22%3E%3Cb%3E&amp;"></script>"#));
    }

    #[test]
    fn tags_follow_the_content_and_are_compared_as_http_says() {
        let tag = etag(b"");
        assert_eq!(tag, "\"cbf29ce484222325\"");
        assert_ne!(tag, etag(b"a"));
        for header in [tag.as_str(), "*", &format!("\"x\", W/{tag}")] {
            assert!(matches(header, &tag), "{header}");
        }
        assert!(!matches("\"x\"", &tag));
        assert!(!matches("", &tag));
    }
}
