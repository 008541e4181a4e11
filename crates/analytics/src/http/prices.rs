//! Last prices.

use actix_web::HttpResponse;
use hub_core::dto::put_string;
use hub_core::{Freshness, Parameter, Symbol};
use hub_server::http::problem::Problem;
use hub_server::rest::Request;
use hub_server::rest::page::{AT, CURSOR, LIMIT, Page};

use super::Source;
use crate::listing::Quote;

const SYMBOLS: Parameter = Parameter::new("symbols").or(&["symbol"]);

pub(super) static PARAMETERS: [Parameter; 4] = [SYMBOLS, AT, LIMIT, CURSOR];

/// `GET /api/prices?symbols=&at=&limit=&cursor=`: `[{"symbol","price","timestamp"}]`, with
/// `"stale":true,"asOf"` where it is stale, the last price of each and its time, of these symbols in their order, or of all
/// that have one in the order of first mention. A symbol without a price is not in it; 400 for what is no symbol.
pub(super) async fn list(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let symbols = symbols(&from, &request)?;
    let page = Page::asked(request.parameters())?;
    from.page(&request, page.as_ref(), &0_u32, |state, place, out| {
        let named = |place: u32| match &symbols {
            Some(symbols) => symbols.get(place as usize).map(|symbol| (symbol, state.quote(symbol))),
            None => state.reference.listings.get(place).map(|listing| (&listing.symbol, listing.quote)),
        };
        while let Some((symbol, quote)) = named(*place) {
            *place += 1;
            if let Some(quote) = quote {
                write(out, symbol, quote, state.freshness());
                return Ok(true);
            }
        }
        Ok(false)
    })
}

fn write(out: &mut Vec<u8>, symbol: &Symbol, Quote { price, time }: Quote, freshness: Freshness) {
    out.extend_from_slice(br#"{"symbol":"#);
    put_string(out, symbol.as_str());
    out.extend_from_slice(br#","price":"#);
    price.write_to(out);
    out.extend_from_slice(format!(r#","timestamp":"{time}""#).as_bytes());
    if freshness.is_stale(time) {
        out.extend_from_slice(format!(r#","stale":true,"asOf":"{time}""#).as_bytes());
    }
    out.push(b'}');
}

fn symbols(from: &Source, request: &Request) -> Result<Option<Vec<Symbol>>, Problem> {
    let Some(texts) = request.parameters().list(&SYMBOLS)? else { return Ok(None) };
    let symbol = |text: String| from.symbol(&SYMBOLS, &text);
    Ok(Some(texts.into_iter().map(symbol).collect::<Result<_, _>>()?))
}
