//! URLs and headers that `SockJS` reads, and pages it writes (`hub-sockjs`).
//!
//! The first byte chooses a mount, the rest is a path, a query, a cookie and a URL alike.

use hub_sockjs::callback::{CallbackError, MAX_CALLBACK_BYTES};
use hub_sockjs::info::Info;
use hub_sockjs::{Callback, Route, Transport, cookie, iframe};
use serde_json::Value;

const MOUNTS: [&str; 4] = ["", "/ws", "/a/b", "/ws/ws"];

/// Panics if a promise is broken.
pub fn run(data: &[u8]) {
    let Some((&mount, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let mount = MOUNTS[usize::from(mount) % MOUNTS.len()];
    check_route(mount, &text);
    check_route(mount, &format!("{mount}{text}"));
    check_callback(&text);
    check_cookie(&text);
    check_page(&text);
    check_info(rest);
}

/// A path leads where its parts say, and they are in it; a session's names are neither empty nor
/// hold a dot, so that `.` and `..` are never among them.
fn check_route(mount: &str, path: &str) {
    let route = Route::parse(mount, path);
    assert_eq!(route, plain_route(mount, path), "{mount:?} {path:?}");
    let Some(Route::Session { server, session, transport }) = route else { return };
    assert_eq!(path, format!("{mount}/{server}/{session}/{}", transport.as_str()));
    for name in [server, session] {
        assert!(!name.is_empty() && !name.contains(['.', '/']), "{path:?}");
    }
}

/// The same read from the end of the path.
fn plain_route<'p>(mount: &str, path: &'p str) -> Option<Route<'p>> {
    if !path.starts_with(mount) {
        return None;
    }
    let own = &path[mount.len()..];
    match own {
        "" | "/" => return Some(Route::Greeting),
        "/info" => return Some(Route::Info),
        "/websocket" => return Some(Route::RawWebSocket),
        _ => {}
    }
    let (names, transport) = own.rsplit_once('/')?;
    let (server, session) = names.rsplit_once('/')?;
    let server = server.strip_prefix('/')?;
    let transport = Transport::ALL.into_iter().find(|known| known.as_str() == transport)?;
    let is_wrong = server.is_empty() || session.is_empty() || server.contains('/') || names.contains('.');
    (!is_wrong).then_some(Route::Session { server, session, transport })
}

/// A callback is a name that can do no harm in a script, and one that was asked for.
fn check_callback(query: &str) {
    match Callback::from_query(query) {
        Ok(callback) => {
            let name = callback.as_str();
            let harmless = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
            assert!((1..=MAX_CALLBACK_BYTES).contains(&name.len()) && name.chars().all(harmless), "{name:?}");
            assert_eq!(Callback::from_query(&format!("c={name}")), Ok(callback.clone()));
        }
        Err(error @ (CallbackError::Required | CallbackError::Invalid)) => {
            assert!(!error.to_string().is_empty());
        }
    }
}

/// `Set-Cookie` says no more than the one cookie.
fn check_cookie(header: &str) {
    for headers in [vec![header], header.split('\n').collect()] {
        let given = headers.concat();
        let set = cookie::set_cookie(headers.into_iter());
        let value = set.strip_prefix("JSESSIONID=").and_then(|rest| rest.strip_suffix("; path=/"));
        let value = value.expect("one cookie");
        assert!(value.bytes().all(|byte| byte.is_ascii_graphic() && !b"\",;\\".contains(&byte)), "{set:?}");
        assert!(value == "dummy" || given.contains(value), "{set:?}");
    }
}

/// No URL breaks out of the page's attribute; a tag names its content.
fn check_page(url: &str) {
    let page = iframe::page(url);
    let empty = iframe::page("");
    let (before, after) = empty.split_once("src=\"\"").expect("a script without a source");
    let source = page.strip_prefix(before).and_then(|page| page.strip_suffix(after));
    let source =
        source.and_then(|source| source.strip_prefix("src=\"")?.strip_suffix('"')).expect("a source");
    assert!(!source.contains(['"', '<', '>']), "{source:?}");
    let tag = iframe::etag(url.as_bytes());
    assert!(iframe::matches(&tag, &tag) && iframe::matches(&format!("{url},W/{tag}"), &tag));
}

fn check_info(bytes: &[u8]) {
    let Some(entropy) = bytes.first_chunk().map(|bytes| u32::from_be_bytes(*bytes)) else { return };
    let info = Info { websocket: entropy & 1 != 0, cookie_needed: entropy & 2 != 0 };
    let told: Value = serde_json::from_str(&info.json(entropy)).expect("JSON");
    assert_eq!(told["websocket"], info.websocket);
    assert_eq!(told["cookie_needed"], info.cookie_needed);
    assert_eq!(told["entropy"], entropy);
}
