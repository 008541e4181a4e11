//! The symbols that are traded.

/// A symbol with its sector and where its price begins.
#[derive(Clone, Debug)]
pub(super) struct Listing {
    pub(super) symbol: String,
    pub(super) sector: &'static str,
    pub(super) cents: u32,
}

const TECHNOLOGY: &str = "Technology";
const HEALTH: &str = "Healthcare";
const FINANCE: &str = "Financials";
const CONSUMER: &str = "Consumer Discretionary";
const STAPLES: &str = "Consumer Staples";
const ENERGY: &str = "Energy";
const INDUSTRY: &str = "Industrials";
const COMMUNICATION: &str = "Communication Services";

const SECTORS: [&str; 8] = [TECHNOLOGY, HEALTH, FINANCE, CONSUMER, STAPLES, ENERGY, INDUSTRY, COMMUNICATION];

/// Every sector comes up early, so that a few symbols already show several.
const KNOWN: [(&str, &str, u32); 40] = [
    ("AAPL", TECHNOLOGY, 22_714),
    ("JNJ", HEALTH, 15_632),
    ("JPM", FINANCE, 24_405),
    ("AMZN", CONSUMER, 20_187),
    ("PG", STAPLES, 16_820),
    ("XOM", ENERGY, 11_245),
    ("CAT", INDUSTRY, 36_350),
    ("GOOGL", COMMUNICATION, 17_562),
    ("MSFT", TECHNOLOGY, 42_038),
    ("PFE", HEALTH, 2_641),
    ("BAC", FINANCE, 4_377),
    ("TSLA", CONSUMER, 26_814),
    ("KO", STAPLES, 6_955),
    ("CVX", ENERGY, 15_230),
    ("HON", INDUSTRY, 21_416),
    ("META", COMMUNICATION, 58_125),
    ("NVDA", TECHNOLOGY, 12_877),
    ("UNH", HEALTH, 52_890),
    ("GS", FINANCE, 51_066),
    ("HD", CONSUMER, 38_992),
    ("PEP", STAPLES, 15_748),
    ("COP", ENERGY, 10_590),
    ("GE", INDUSTRY, 18_274),
    ("NFLX", COMMUNICATION, 71_333),
    ("ORCL", TECHNOLOGY, 17_049),
    ("MRK", HEALTH, 10_118),
    ("V", FINANCE, 30_725),
    ("MCD", CONSUMER, 29_584),
    ("WMT", STAPLES, 8_163),
    ("SLB", ENERGY, 4_206),
    ("UPS", INDUSTRY, 13_397),
    ("DIS", COMMUNICATION, 11_028),
    ("AMD", TECHNOLOGY, 15_461),
    ("ABBV", HEALTH, 18_840),
    ("BRK.B", FINANCE, 45_519),
    ("NKE", CONSUMER, 7_726),
    ("COST", STAPLES, 90_351),
    ("BP", ENERGY, 3_118),
    ("BA", INDUSTRY, 17_903),
    ("T", COMMUNICATION, 2_295),
];

/// The symbol at a place in the listing. Beyond the known ones they are made
/// up: `ZAAA`, `ZAAB`... up to some 17 000.
pub(super) fn listing(place: u32) -> Listing {
    let Some((symbol, sector, cents)) = KNOWN.get(place as usize) else {
        return made_up(place - KNOWN.len() as u32);
    };
    Listing { symbol: (*symbol).to_owned(), sector, cents: *cents }
}

fn made_up(number: u32) -> Listing {
    let letter = |power: u32| char::from(b'A' + (number / 26_u32.pow(power) % 26) as u8);
    Listing {
        symbol: ['Z', letter(2), letter(1), letter(0)].iter().collect(),
        sector: SECTORS.get(number as usize % SECTORS.len()).copied().unwrap_or(TECHNOLOGY),
        // Spread over 5.00 to 500.00; a prime step scatters neighbours.
        cents: 500 + number.wrapping_mul(7_919) % 49_500,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn no_symbol_is_listed_twice() {
        let symbols: BTreeSet<String> = (0..10_000).map(|place| listing(place).symbol).collect();
        assert_eq!(symbols.len(), 10_000);
    }

    #[test]
    fn eight_symbols_cover_all_sectors() {
        let sectors: BTreeSet<&str> = (0..8).map(|place| listing(place).sector).collect();
        assert_eq!(sectors, SECTORS.into_iter().collect());
    }
}
