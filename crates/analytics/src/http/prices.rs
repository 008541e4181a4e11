//! Last prices.

use actix_web::HttpResponse;
use hub_core::dto::put_string;
use hub_core::{Parameter, Symbol};
use hub_server::http::problem::Problem;
use hub_server::rest::Request;

use super::{AT, Source};
use crate::listing::Quote;

const SYMBOLS: Parameter = Parameter::new("symbols").or(&["symbol"]);

pub(super) static PARAMETERS: [Parameter; 2] = [SYMBOLS, AT];

/// `GET /api/prices?symbols=`: `[{"symbol","price","timestamp"}]`, the last price of each and its time, of these symbols in
/// their order, or of all that have one in the order of first mention. A symbol without a price is not in it; 400 for what
/// is no symbol.
pub(super) async fn list(from: Source, request: Request) -> Result<HttpResponse, Problem> {
    let symbols = symbols(&from, &request)?;
    from.answer(&request, |state, out| {
        out.push(b'[');
        let start = out.len();
        let mut write = |symbol: &Symbol, Quote { price, time }: Quote| {
            out.extend_from_slice(if out.len() == start { br#"{"symbol":"# } else { br#",{"symbol":"# });
            put_string(out, symbol.as_str());
            out.extend_from_slice(br#","price":"#);
            price.write_to(out);
            out.extend_from_slice(format!(r#","timestamp":"{time}"}}"#).as_bytes());
        };
        match &symbols {
            Some(symbols) => {
                let quotes = symbols.iter().filter_map(|symbol| Some((symbol, state.quote(symbol)?)));
                quotes.for_each(|(symbol, quote)| write(symbol, quote));
            }
            None => state.quotes().for_each(|(symbol, quote)| write(symbol, quote)),
        }
        out.push(b']');
        Ok(Ok(()))
    })
}

fn symbols(from: &Source, request: &Request) -> Result<Option<Vec<Symbol>>, Problem> {
    let Some(texts) = request.parameters().list(&SYMBOLS)? else { return Ok(None) };
    let symbol = |text: String| {
        let symbol = text.parse::<Symbol>().map_err(|error| SYMBOLS.wrong_value(&error.to_string(), &text));
        symbol.map(|mut symbol| {
            from.symbol_case.fold(&mut symbol);
            symbol
        })
    };
    Ok(Some(texts.into_iter().map(symbol).collect::<Result<_, _>>()?))
}
