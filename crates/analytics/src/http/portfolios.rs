//! Portfolios by name.

use std::fmt;
use std::ops::Bound;
use std::str::FromStr;

use actix_web::HttpResponse;
use hub_core::PortfolioId;
use hub_core::dto::put_string;
use hub_core::event::PortfolioInfo;
use hub_core::id::IdError;
use hub_server::http::problem::Problem;
use hub_server::rest::Request;

use super::{PORTFOLIO_ID, Source, portfolio_id};
use crate::marks::Positions as _;
use crate::portfolio::PortfolioKey;
use crate::state::State;

/// A place in the list of all portfolios.
#[derive(Clone, Copy)]
enum Place {
    /// Before those of master data that are behind this one.
    Behind(Bound<PortfolioId>),
    /// Behind master data: at the portfolio with this key.
    Key(PortfolioKey),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::Behind(Bound::Included(id) | Bound::Excluded(id)) => id.fmt(f),
            Place::Behind(Bound::Unbounded) => f.write_str(START),
            Place::Key(key) => key.fmt(f),
        }
    }
}

const START: &str = "start";

impl FromStr for Place {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Place, IdError> {
        if text == START {
            return Ok(Place::Behind(Bound::Unbounded));
        }
        text.parse().map(Place::Key).or_else(|_| Ok(Place::Behind(Bound::Excluded(text.parse()?))))
    }
}

/// `GET /api/portfolio/all?at=&limit=&cursor=`: `[{"portfolioId","name","phoneNumber","address"}]`: those of master data in
/// the order of ids, then those that trade and are not in it, without a name.
pub(super) async fn all(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    // Whoever trades is known for ever.
    let newest = |state: &State| format!("{}-{}", state.reference.described(), state.portfolios.len());
    from.list(&request, newest, Place::Behind(Bound::Unbounded), |state, place, out| {
        let mut key = match *place {
            Place::Key(key) => key,
            Place::Behind(described) => {
                if let Some(info) = state.portfolio_infos_after(described).next() {
                    *place = Place::Behind(Bound::Excluded(info.portfolio_id));
                    write(out, info.portfolio_id, Some(info));
                    return Ok(true);
                }
                0
            }
        };
        while let Some(id) = state.portfolio_id(key)? {
            key += 1;
            *place = Place::Key(key);
            if state.portfolio_info(id).is_none() {
                write(out, id, None);
                return Ok(true);
            }
        }
        Ok(false)
    })
}

/// `GET /api/portfolio/{portfolioId}`: one of them; 404 for one of which nothing is known.
pub(super) async fn one(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let id = portfolio_id(&request)?;
    from.answer(&request, |state, out| {
        let info = state.portfolio_info(id);
        if info.is_none() && state.key(id).is_none() {
            let reason = format!("nothing is known of {id}");
            return Ok(Err(Problem::not_found(PORTFOLIO_ID.wrong(reason).to_string())));
        }
        write(out, id, info);
        Ok(Ok(()))
    })
}

fn write(out: &mut Vec<u8>, id: PortfolioId, info: Option<&PortfolioInfo>) {
    out.extend_from_slice(br#"{"portfolioId":""#);
    id.write_to(out);
    out.push(b'"');
    let texts = [
        (&br#","name":"#[..], info.map(|info| &info.name)),
        (br#","phoneNumber":"#, info.and_then(|info| info.phone_number.as_ref())),
        (br#","address":"#, info.and_then(|info| info.address.as_ref())),
    ];
    for (name, text) in texts {
        out.extend_from_slice(name);
        match text {
            Some(text) => put_string(out, text),
            None => out.extend_from_slice(b"null"),
        }
    }
    out.push(b'}');
}
