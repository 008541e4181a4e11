//! Pages of an array, each of one position.
//!
//! A page is asked for by `limit`, and says in `Link` how the next one is asked for: by a cursor, which carries the
//! position that the first page was of and the place behind its last element. So whoever follows it is shown every element
//! once, whatever changes meanwhile. The body stays the array that it is without pages.

use std::fmt::{self, Write as _};
use std::str::FromStr;

use actix_web::HttpResponse;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, LINK};
use hub_core::{Count, Parameter, ParameterError, Parameters, Position};

use super::Request;
use super::tag::{digest, tagged};

/// The parameter that says how many elements a page has, at most.
pub const LIMIT: Parameter = Parameter::new("limit");

/// The parameter that says where a page begins.
pub const CURSOR: Parameter = Parameter::new("cursor");

/// Elements that the first page leaves out, for those calls that take it. A cursor goes on where its page ended, so that
/// the link to the next page leaves this one out, too.
pub const OFFSET: Count = Count { parameter: Parameter::new("offset"), default: 0, min: 0, max: usize::MAX };

/// Position of the state that is asked for. A cursor has its own, so that the link to the next page leaves this one out.
pub const AT: Parameter = Parameter::new("at");

/// Parameters that a link to a next page leaves out: its cursor says what they say of the first one.
const FIRST_ONLY: [Parameter; 3] = [CURSOR, AT, OFFSET.parameter];

/// Most elements of a page: one is put together at once, on the thread that serves sockets, too.
pub const PAGE_MAX: usize = 1000;

/// A part of an array that a request asks for. `P` is a place in it, which its service alone understands.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Page<P> {
    /// Most elements of it.
    limit: usize,
    /// The end of the page before; none of the first.
    cursor: Option<Cursor<P>>,
}

/// The end of a page. As a text: `<epoch>-<offset>-<place>`.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Cursor<P> {
    /// The position that all pages are of.
    pub position: Position,
    /// The place at which the next one begins.
    pub place: P,
}

/// Elements of a page as a JSON array, and the place behind them if there are more.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Written<P> {
    /// The array.
    pub body: Vec<u8>,
    /// The place at which the next page begins.
    pub next: Option<P>,
}

impl<P: FromStr> Page<P> {
    /// The page that a query asks for by `limit`, `cursor` or both; `None` if by neither. A cursor alone goes on with
    /// [`PAGE_MAX`].
    pub fn asked(given: &Parameters<'_>) -> Result<Option<Page<P>>, ParameterError> {
        if given.text(&LIMIT).is_none() && given.text(&CURSOR).is_none() {
            return Ok(None);
        }
        Page::asked_or(PAGE_MAX, given).map(Some)
    }

    /// The page that a query asks for, of `usual` elements if it does not say of how many.
    pub fn asked_or(usual: usize, given: &Parameters<'_>) -> Result<Page<P>, ParameterError> {
        let limit = Count { parameter: LIMIT, default: usual, min: 1, max: PAGE_MAX }.read(given)?;
        let cursor = given.text(&CURSOR).map(|text| Cursor::of(&text)).transpose()?;
        if cursor.is_some() && given.text(&OFFSET.parameter).is_some() {
            return Err(OFFSET.parameter.wrong("is none of a cursor, which goes on where its page ended"));
        }
        let at = given.text(&AT).zip(cursor.as_ref());
        if at.is_some_and(|(at, cursor)| at != cursor.position.to_string()) {
            return Err(AT.wrong("is another position than the cursor's, which goes on with its own"));
        }
        Ok(Page { limit, cursor })
    }
}

impl<P> Page<P> {
    /// All of an array.
    pub fn whole() -> Page<P> {
        Page { limit: usize::MAX, cursor: None }
    }

    /// The position that it is of, if it is not the first.
    pub fn position(&self) -> Option<Position> {
        Some(self.cursor.as_ref()?.position)
    }

    /// The place at which it begins, if it is not the first.
    pub fn place(&self) -> Option<&P> {
        Some(&self.cursor.as_ref()?.place)
    }

    /// Most elements of it.
    pub fn limit(&self) -> usize {
        self.limit
    }
}

impl<P: Clone> Page<P> {
    /// Writes the page of an array that begins at `first`. `write_next` appends the element at a place, moves that behind
    /// it and gives true, or false where there is none. It is asked for one more than the page has, to know whether there
    /// is another page.
    pub fn write<E>(
        &self,
        first: P,
        mut write_next: impl FnMut(&mut P, &mut Vec<u8>) -> Result<bool, E>,
    ) -> Result<Written<P>, E> {
        let mut place = self.place().cloned().unwrap_or(first);
        let (mut body, mut elements) = (vec![b'['], 0);
        loop {
            let (length, before) = (body.len(), place.clone());
            if elements > 0 {
                body.push(b',');
            }
            let is_written = write_next(&mut place, &mut body)?;
            if !is_written || elements == self.limit {
                body.truncate(length);
                body.push(b']');
                return Ok(Written { body, next: is_written.then_some(before) });
            }
            elements += 1;
        }
    }
}

impl<P: fmt::Display> Written<P> {
    /// The answer: the array with the position that it is of, the link to the next page, and a tag of what is in it.
    pub fn answer(self, request: &Request, position: Position) -> HttpResponse {
        let Written { body, next } = self;
        // The position of the next page is none of the answer: with that alone, a poll would never find nothing new.
        let more = if next.is_some() { "-more" } else { "" };
        let tag = format!("{}{more}", digest(&body));
        let mut response = tagged(request.headers(), &tag, || {
            HttpResponse::Ok().content_type("application/json").body(body)
        });
        if let Some(place) = next {
            let path = request.http().path();
            link_next(response.headers_mut(), path, request.parameters(), &Cursor { position, place });
        }
        at_position(response, position)
    }
}

impl<P: FromStr> Cursor<P> {
    fn of(text: &str) -> Result<Cursor<P>, ParameterError> {
        let parts = text.match_indices('-').nth(1).map(|(dash, _)| (&text[..dash], &text[dash + 1..]));
        let read = |(position, place): (&str, &str)| {
            Some(Cursor { position: position.parse().ok()?, place: place.parse().ok()? })
        };
        let wrong = || CURSOR.wrong_value("must be one that a link to a next page has here", text);
        parts.and_then(read).ok_or_else(wrong)
    }
}

impl<P: fmt::Display> fmt::Display for Cursor<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.position, self.place)
    }
}

/// The same answer, which says in `X-Position` what it is as of.
pub fn at_position(mut response: HttpResponse, position: Position) -> HttpResponse {
    if let Ok(value) = HeaderValue::from_str(&position.to_string()) {
        response.headers_mut().insert(HeaderName::from_static("x-position"), value);
    }
    response
}

/// Says how the next page is asked for: as this one was, but for where it begins (RFC 8288). What nobody reads is not
/// repeated: it may be a credential.
fn link_next<P: fmt::Display>(
    headers: &mut HeaderMap,
    path: &str,
    given: &Parameters<'_>,
    cursor: &Cursor<P>,
) {
    let mut link = format!("<{}?", encoded(path, b"/"));
    for (parameter, value) in given.texts().filter(|(parameter, _)| !FIRST_ONLY.contains(*parameter)) {
        // Writing to a text does not fail.
        let _ = write!(link, "{}={}&", parameter.name(), encoded(&value, b","));
    }
    let _ = write!(link, "{}={}>; rel=\"next\"", CURSOR.name(), encoded(&cursor.to_string(), b""));
    if let Ok(value) = HeaderValue::from_str(&link) {
        headers.insert(LINK, value);
    }
}

/// A text as it stands in a path or a query: percent-encoded but for what is unreserved (RFC 3986, section 2.3), and
/// `also`.
fn encoded(text: &str, also: &[u8]) -> String {
    let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-._~".contains(byte) || also.contains(byte);
    let byte = |byte: u8| {
        if is_plain(&byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") }
    };
    text.bytes().map(byte).collect()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use hub_core::{Epoch, Offset};

    use super::*;
    use crate::query::Query;

    static DECLARED: [Parameter; 5] = [LIMIT, CURSOR, AT, OFFSET.parameter, Parameter::new("symbols")];

    fn asked(query: &str) -> Result<Option<Page<u32>>, String> {
        Page::asked(&Query::parse(query).read(&DECLARED).unwrap()).map_err(|error| error.to_string())
    }

    /// The page of the numbers below 10 that a query asks for.
    fn page(query: &str) -> (String, Option<u32>) {
        let page = asked(query).unwrap().unwrap_or(Page::whole());
        let Ok(Written { body, next }) = page.write(0, |place, out| {
            out.extend_from_slice(place.to_string().as_bytes());
            *place += 1;
            Ok::<bool, Infallible>(*place <= 10)
        });
        (String::from_utf8(body).unwrap(), next)
    }

    const AT_42: &str = "000000000000beef-42";

    #[test]
    fn pages_are_the_array_in_parts() {
        let all = "[0,1,2,3,4,5,6,7,8,9]";
        for query in ["", "symbols=A", "limit=10", "limit=1000", "limit=99999999999999999999"] {
            assert_eq!(page(query), (all.to_owned(), None), "{query}");
        }
        assert_eq!(page("limit=4"), ("[0,1,2,3]".into(), Some(4)));
        assert_eq!(page(&format!("limit=4&cursor={AT_42}-4")), ("[4,5,6,7]".into(), Some(8)));
        for query in [format!("limit=4&cursor={AT_42}-8"), format!("cursor={AT_42}-8")] {
            assert_eq!(page(&query), ("[8,9]".into(), None));
        }
        assert_eq!(page(&format!("limit=4&cursor={AT_42}-99")), ("[]".into(), None), "behind the end");
    }

    #[test]
    fn what_is_no_page_is_told_by_name() {
        for limit in ["0", "-1", "x", "", "1.5"] {
            let refused = asked(&format!("limit={limit}")).unwrap_err();
            assert_eq!(refused, "limit: must be a whole number of at least 1");
        }
        for cursor in
            ["", "x", "1", AT_42, "000000000000beef-42-", "000000000000beef-x-1", "beef-42-1", "--", "é-é-é"]
        {
            let refused = asked(&format!("cursor={cursor}")).unwrap_err();
            assert!(refused.starts_with("cursor: must be one that a link"), "{refused}");
        }
        let other = asked(&format!("cursor={AT_42}-1&at=000000000000beef-41")).unwrap_err();
        assert!(other.starts_with("at: is another position"), "{other}");
        assert!(asked(&format!("cursor={AT_42}-1&at={AT_42}")).is_ok());
        let offset = asked(&format!("cursor={AT_42}-1&offset=0")).unwrap_err();
        assert!(offset.starts_with("offset: is none of a cursor"), "{offset}");
    }

    #[test]
    fn the_link_asks_as_it_was_asked_and_repeats_no_credential() {
        let query =
            Query::parse("at=000000000000beef-41&LIMIT=2&offset=3&symbols=a%26b,%C3%A9%3E&token=secret&_=1");
        let given = query.read(&DECLARED).unwrap();
        let position = Position { epoch: Epoch(0xbeef), offset: Offset(42) };
        let mut headers = HeaderMap::new();
        link_next(&mut headers, "/api/all", &given, &Cursor { position, place: 7 });
        let expected = format!("</api/all?limit=2&symbols=a%26b,%C3%A9%3E&cursor={AT_42}-7>; rel=\"next\"");
        assert_eq!(headers.get(LINK).unwrap().to_str().unwrap(), expected);
    }

    #[test]
    fn a_place_may_be_any_text() {
        let cursor = Cursor::<String>::of(&format!("{AT_42}-a-b")).unwrap();
        assert_eq!((&*cursor.place, cursor.to_string()), ("a-b", format!("{AT_42}-a-b")));
    }
}
