//! `/info`: what a client asks before it chooses a transport.

/// Facts that a client is told.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Info {
    /// True if `websocket` is offered.
    pub websocket: bool,
    /// True if a load balancer needs `JSESSIONID` to keep sessions together.
    pub cookie_needed: bool,
}

/// Nothing may keep it: the entropy must be fresh.
pub const CACHE_CONTROL: &str = "no-store, no-cache, no-transform, must-revalidate, max-age=0";

impl Info {
    /// The body. `entropy` is fresh randomness, since browsers have none of
    /// quality to seed their session ids. Origins are `*:*` for historical
    /// reasons: clients ignore it.
    pub fn json(self, entropy: u32) -> String {
        let Info { websocket, cookie_needed } = self;
        format!(
            r#"{{"websocket":{websocket},"origins":["*:*"],"cookie_needed":{cookie_needed},"entropy":{entropy}}}"#
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_is_what_clients_read() {
        let info = Info { websocket: true, cookie_needed: false };
        assert_eq!(info.json(7), r#"{"websocket":true,"origins":["*:*"],"cookie_needed":false,"entropy":7}"#);
    }
}
