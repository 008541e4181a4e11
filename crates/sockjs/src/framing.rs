//! Notation of frames in each HTTP transport: protocol, sections "`XhrPolling`" to "`JsonpPolling`".

use bytes::Bytes;

use crate::callback::Callback;

/// An HTTP transport that receives, with what it needs to write frames.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Framing {
    /// `xhr`: one frame and a newline.
    Xhr,
    /// `xhr_streaming`: a prelude, then frames with a newline each.
    XhrStreaming,
    /// `eventsource`: server-sent events.
    EventSource,
    /// `htmlfile`: a page of scripts that call the callback.
    HtmlFile(Callback),
    /// `jsonp`: one script that calls the callback.
    Jsonp(Callback),
}

/// Bytes that browsers keep back before they show the first part of a response.
const XHR_PRELUDE_BYTES: usize = 2048;

/// The same for pages.
const HTML_PRELUDE_BYTES: usize = 1024;

const SCRIPT: &str = "application/javascript; charset=UTF-8";

impl Framing {
    /// True if a response holds one frame; else it is a stream of them.
    pub const fn is_polling(&self) -> bool {
        matches!(self, Framing::Xhr | Framing::Jsonp(_))
    }

    /// The response's `Content-Type`.
    pub const fn content_type(&self) -> &'static str {
        match self {
            Framing::Xhr | Framing::XhrStreaming | Framing::Jsonp(_) => SCRIPT,
            Framing::EventSource => "text/event-stream",
            Framing::HtmlFile(_) => "text/html; charset=UTF-8",
        }
    }

    /// Beginning of a response, if it has one; it does not count as sent.
    pub fn prelude(&self) -> Option<Bytes> {
        match self {
            Framing::Xhr | Framing::Jsonp(_) => None,
            Framing::XhrStreaming => {
                let mut prelude = vec![b'h'; XHR_PRELUDE_BYTES];
                prelude.push(b'\n');
                Some(prelude.into())
            }
            // For Opera, which takes the first event for part of the headers.
            Framing::EventSource => Some(Bytes::from_static(b"\r\n")),
            Framing::HtmlFile(callback) => Some(page_head(callback).into()),
        }
    }

    /// A frame as it goes over this transport.
    pub fn encode(&self, frame: &[u8]) -> Bytes {
        match self {
            Framing::Xhr | Framing::XhrStreaming => joined(b"", frame, b"\n"),
            Framing::EventSource => event(frame),
            Framing::HtmlFile(_) => script("<script>\np(", frame, ");\n</script>\r\n"),
            // The comment keeps what a plug-in takes for a file's first bytes
            // out of the client's hands.
            Framing::Jsonp(callback) => script(&format!("/**/{}(", callback.as_str()), frame, ");\r\n"),
        }
    }
}

fn joined(before: &[u8], frame: &[u8], after: &[u8]) -> Bytes {
    [before, frame, after].concat().into()
}

/// `frame` as an event. The client decodes events as it does URLs
/// (`decodeURI`), so that `%` alone has to be written as `%25`.
fn event(frame: &[u8]) -> Bytes {
    if !frame.contains(&b'%') {
        return joined(b"data: ", frame, b"\r\n\r\n");
    }
    let parts: Vec<&[u8]> = frame.split(|byte| *byte == b'%').collect();
    joined(b"data: ", &parts.join(&b"%25"[..]), b"\r\n\r\n")
}

/// `frame` as a string in a script.
fn script(before: &str, frame: &[u8], after: &str) -> Bytes {
    let mut out = Vec::with_capacity(before.len() + frame.len() + frame.len() / 4 + after.len());
    out.extend_from_slice(before.as_bytes());
    put_script_string(&mut out, frame);
    out.extend_from_slice(after.as_bytes());
    out.into()
}

/// A JavaScript string that is safe within a page's `<script>`: with no `<`
/// it can neither end the script (`</script>`) nor begin a comment (`<!--`).
/// Frames hold no characters that JavaScript takes for the end of a line.
fn put_script_string(out: &mut Vec<u8>, frame: &[u8]) {
    out.push(b'"');
    for &byte in frame {
        match byte {
            b'"' | b'\\' => out.extend_from_slice(&[b'\\', byte]),
            b'<' => out.extend_from_slice(b"\\u003c"),
            b'\n' => out.extend_from_slice(b"\\n"),
            b'\r' => out.extend_from_slice(b"\\r"),
            other => out.push(other),
        }
    }
    out.push(b'"');
}

fn page_head(callback: &Callback) -> String {
    let mut page = format!(
        r#"<!doctype html>
<html><head>
  <meta http-equiv="X-UA-Compatible" content="IE=edge" />
  <meta http-equiv="Content-Type" content="text/html; charset=UTF-8" />
</head><body><h2>Don't panic!</h2>
  <script>
    document.domain = document.domain;
    var c = parent.{};
    c.start();
    function p(d) {{c.message(d);}};
    window.onload = function() {{c.stop();}};
  </script>
"#,
        callback.as_str()
    );
    let padding = HTML_PRELUDE_BYTES.saturating_sub(page.len());
    page.extend(std::iter::repeat_n(' ', padding));
    page.push_str("\r\n\r\n");
    page
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Messages;

    fn callback() -> Callback {
        Callback::from_query("c=callback").unwrap()
    }

    fn encoded(framing: &Framing, frame: &str) -> String {
        String::from_utf8(framing.encode(frame.as_bytes()).to_vec()).unwrap()
    }

    #[test]
    fn each_transport_writes_frames_its_own_way() {
        let frame = r#"a["x"]"#;
        assert_eq!(encoded(&Framing::Xhr, frame), "a[\"x\"]\n");
        assert_eq!(encoded(&Framing::XhrStreaming, "o"), "o\n");
        assert_eq!(encoded(&Framing::EventSource, frame), "data: a[\"x\"]\r\n\r\n");
        assert_eq!(encoded(&Framing::EventSource, "a[\"%\",\"%25\"]"), "data: a[\"%25\",\"%2525\"]\r\n\r\n");
        assert_eq!(
            encoded(&Framing::HtmlFile(callback()), frame),
            "<script>\np(\"a[\\\"x\\\"]\");\n</script>\r\n"
        );
        assert_eq!(encoded(&Framing::Jsonp(callback()), frame), "/**/callback(\"a[\\\"x\\\"]\");\r\n");
    }

    #[test]
    fn preludes_are_long_enough_for_browsers() {
        assert_eq!(Framing::XhrStreaming.prelude().unwrap().len(), 2049);
        let page = Framing::HtmlFile(callback()).prelude().unwrap();
        assert!(page.len() > HTML_PRELUDE_BYTES);
        assert!(str::from_utf8(&page).unwrap().contains("var c = parent.callback;"));
        assert_eq!(Framing::Jsonp(callback()).prelude(), None);
    }

    #[test]
    fn a_message_can_not_end_the_script_it_is_in() {
        let frame = encoded(&Framing::HtmlFile(callback()), r#"a["</script><!--"]"#);
        assert_eq!(frame, "<script>\np(\"a[\\\"\\u003c/script>\\u003c!--\\\"]\");\n</script>\r\n");
    }

    proptest! {
        #[test]
        fn what_a_script_evaluates_to_is_the_frame(message in any::<String>()) {
            let mut messages = Messages::default();
            messages.push(&message);
            let frame = messages.finish();
            let framed = Framing::Jsonp(callback()).encode(&frame);
            let literal = &framed[b"/**/callback(".len()..framed.len() - b");\r\n".len()];
            // What is escaped here JSON escapes, too.
            let evaluated: String = serde_json::from_slice(literal).unwrap();
            prop_assert_eq!(evaluated.as_bytes(), &frame[..]);
            prop_assert!(!literal.contains(&b'<'));
        }
    }
}
