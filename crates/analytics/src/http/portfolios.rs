//! Portfolios by name.

use std::ops::Bound;

use actix_web::HttpResponse;
use hub_core::PortfolioId;
use hub_core::dto::put_string;
use hub_core::event::PortfolioInfo;
use hub_server::http::problem::Problem;
use hub_server::rest::Request;

use super::{PORTFOLIO_ID, Source, portfolio_id};
use crate::marks::Positions as _;

/// `GET /api/portfolio/all`: `[{"portfolioId","name","phoneNumber","address"}]`: those of master data in the order of ids,
/// then those that trade and are not in it, without a name.
pub(super) async fn all(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let state = from.state(&request)?;
    // Whoever trades is known for ever.
    let newest = format!("{}-{}", state.reference.described(), state.portfolios.len());
    let (view, mut described, mut key) = (state.clone(), Bound::Unbounded, 0);
    Ok(from.array(&request, &state, newest, move |out| {
        if let Some(info) = view.portfolio_infos_after(described).next() {
            described = Bound::Excluded(info.portfolio_id);
            write(out, info.portfolio_id, Some(info));
            return Ok(true);
        }
        while let Some(id) = view.portfolio_id(key)? {
            key += 1;
            if view.portfolio_info(id).is_none() {
                write(out, id, None);
                return Ok(true);
            }
        }
        Ok(false)
    }))
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
        write(out, id, info.map(|info| &**info));
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
