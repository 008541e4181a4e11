//! Message bodies as the hub really sends them: rows of JSON whose numbers
//! vary. What they hold matters as soon as somebody compresses them.

/// Ever new bodies of the same size; the same seed makes the same ones.
pub struct Bodies {
    state: u64,
    bytes: usize,
}

const SYMBOLS: [&str; 8] = ["AAPL", "MSFT", "INFY", "TCS", "NVDA", "RELIANCE", "HDFCBANK", "AMZN"];

impl Bodies {
    /// Of `bytes` bytes each, 2 or more.
    pub fn new(seed: u64, bytes: usize) -> Bodies {
        Bodies { state: seed, bytes }
    }

    /// An array of positions, then of prices where no further position fits,
    /// then spaces up to the size.
    pub fn next_body(&mut self) -> Vec<u8> {
        let mut text = String::from("[");
        let mut separator = "";
        for row in [Bodies::position, Bodies::price] {
            loop {
                let row = row(self);
                // One more for the bracket that closes.
                if text.len() + separator.len() + row.len() + 1 > self.bytes {
                    break;
                }
                text.push_str(separator);
                text.push_str(&row);
                separator = ",";
            }
        }
        while text.len() + 1 < self.bytes {
            text.push(' ');
        }
        text.push(']');
        text.into_bytes()
    }

    fn position(&mut self) -> String {
        let (high, low) = (self.random(), self.random());
        let id = format!(
            "{:08x}-{:04x}-4{:03x}-a{:03x}-{:012x}",
            high >> 32,
            high >> 16 & 0xffff,
            high & 0xfff,
            low >> 48 & 0xfff,
            low & 0xffff_ffff_ffff
        );
        let (symbol, holdings) = (self.symbol(), self.below(5_000));
        let (invested, realized, time) = (self.money(), self.money(), self.time());
        format!(
            r#"{{"id":{{"portfolioId":"{id}","symbol":"{symbol}"}},"holdings":{holdings},"totalInvested":{invested},"realizedPnl":{realized},"createdAt":"2026-02-07T10:30:00.000Z","updatedAt":"{time}"}}"#
        )
    }

    fn price(&mut self) -> String {
        let (symbol, price) = (self.symbol(), self.money());
        format!(r#"{{"symbol":"{symbol}","price":{price}}}"#)
    }

    fn symbol(&mut self) -> &'static str {
        SYMBOLS[self.below(SYMBOLS.len() as u64) as usize]
    }

    fn money(&mut self) -> String {
        format!("{}.{:02}", self.below(1_000_000), self.below(100))
    }

    fn time(&mut self) -> String {
        let (minute, second, milli) = (self.below(60), self.below(60), self.below(1000));
        format!("2026-02-07T11:{minute:02}:{second:02}.{milli:03}Z")
    }

    fn below(&mut self, limit: u64) -> u64 {
        self.random() % limit
    }

    /// `SplitMix64`.
    fn random(&mut self) -> u64 {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_json_of_exactly_their_size_and_the_same_each_time() {
        for bytes in [2, 10, 100, 400, 5_000] {
            let (mut bodies, mut again) = (Bodies::new(42, bytes), Bodies::new(42, bytes));
            for _ in 0..20 {
                let body = bodies.next_body();
                assert_eq!(body.len(), bytes);
                let rows: Vec<serde_json::Value> = serde_json::from_slice(&body).unwrap();
                assert!(rows.len() >= bytes / 250, "{bytes}");
                assert_eq!(body, again.next_body());
            }
        }
    }
}
