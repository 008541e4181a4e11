//! Sectors: what is held of each (AN-SECTOR).

use actix_web::HttpResponse;
use hub_core::Parameter;
use hub_core::dto::put_string;
use hub_server::http::problem::Problem;
use hub_server::rest::{Request, Route, handler};

use super::{Source, get, portfolio_id};
use crate::schema;
use crate::sectors::Held;

/// The calls of sectors.
pub(super) fn routes(source: &Source) -> Vec<Route> {
    vec![
        get(
            "/api/sectors/overall",
            "Lists the sectors of what all portfolios hold, with their shares",
            schema::sectors,
            handler(source, overall),
        ),
        get(
            "/api/sectors/sector-wise/{sector}",
            "Lists what all portfolios hold of a sector, by symbol",
            schema::sector,
            handler(source, of_sector),
        ),
        get(
            "/api/sectors/portfolio-wise/{portfolioId}",
            "Lists the sectors of what a portfolio holds, with their shares",
            schema::sectors,
            handler(source, of_portfolio),
        ),
        get(
            "/api/sectors/portfolio-wise/{portfolioId}/sector-wise/{sector}",
            "Lists what a portfolio holds of a sector, by symbol",
            schema::sector,
            handler(source, of_portfolio_and_sector),
        ),
        get(
            "/api/sectors/sector-catalog",
            "Lists the symbols of each sector",
            schema::catalog,
            handler(source, catalog),
        ),
    ]
}

const SECTOR: Parameter = Parameter::new("sector");

/// `GET /api/sectors/overall`: `[{"sector","percentage","totalHoldings","totalInvested","realizedPnl"}]` in the order of
/// sectors, of all that was ever held. Shares are of what open lots have cost, with two places; null where that is 0.
/// Symbols without a sector are in `Unclassified`.
pub(super) async fn overall(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    from.answer(&request, |state, out| state.write_sectors(Held::ByAll, out).map(Ok))
}

/// `GET /api/sectors/portfolio-wise/{portfolioId}`: the same of one portfolio, `[]` for one that never held anything.
pub(super) async fn of_portfolio(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let id = portfolio_id(&request)?;
    from.answer(&request, |state, out| state.write_sectors(Held::By(id), out).map(Ok))
}

/// `GET /api/sectors/sector-wise/{sector}`: `[{"symbol","percentage","holdings","totalInvested","realizedPnl"}]` in the
/// order of symbols, with their shares in the sector; 404 for a sector that there is not. Its case counts.
pub(super) async fn of_sector(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    symbols(&from, &request, Held::ByAll)
}

/// `GET /api/sectors/portfolio-wise/{portfolioId}/sector-wise/{sector}`: the same of one portfolio.
pub(super) async fn of_portfolio_and_sector(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    symbols(&from, &request, Held::By(portfolio_id(&request)?))
}

fn symbols(from: &Source, request: &Request, held: Held<'static>) -> Result<HttpResponse, Problem> {
    let sector = request.segment(SECTOR.name())?;
    from.answer(request, |state, out| {
        let is_known = state.write_sector(held, &sector, out)?;
        let unknown =
            || Problem::not_found(SECTOR.wrong(format!("there is none called {sector}")).to_string());
        Ok(if is_known { Ok(()) } else { Err(unknown()) })
    })
}

/// `GET /api/sectors/sector-catalog`: `[{"sector","symbols":[...]}]`, both in their order.
pub(super) async fn catalog(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    from.answer(&request, |state, out| {
        out.push(b'[');
        for (number, (sector, symbols)) in state.sector_catalog()?.into_iter().enumerate() {
            out.extend_from_slice(if number == 0 { br#"{"sector":"# } else { br#",{"sector":"# });
            put_string(out, sector);
            out.extend_from_slice(br#","symbols":["#);
            for (number, symbol) in symbols.into_iter().enumerate() {
                out.extend_from_slice(if number == 0 { b"" } else { b"," });
                put_string(out, symbol.as_str());
            }
            out.extend_from_slice(b"]}");
        }
        out.push(b']');
        Ok(Ok(()))
    })
}
