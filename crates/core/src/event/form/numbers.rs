//! Numbers that stand for words in the log. A number is never given to another word.

use crate::event::{ErrorType, Side, Stage, TradeEventType};

macro_rules! numbers {
    ($to:ident, $from:ident, $type:ident { $($variant:ident = $number:literal,)+ }) => {
        pub(super) const fn $to(value: $type) -> u32 {
            match value {
                $($type::$variant => $number,)+
            }
        }

        pub(super) const fn $from(number: u32) -> Option<$type> {
            match number {
                $($number => Some($type::$variant),)+
                _ => None,
            }
        }
    };
}

numbers!(side, side_of, Side { Buy = 1, Sell = 2, });
numbers!(stage, stage_of, Stage { Received = 1, Validated = 2, Enriched = 3, Committed = 4, });
numbers!(
    trade_event_type,
    trade_event_type_of,
    TradeEventType {
        Received = 1,
        Validated = 2,
        Enriched = 3,
        Committed = 4,
        Rejected = 5,
        Failed = 6,
        SentToDlq = 7,
    }
);
numbers!(
    error_type,
    error_type_of,
    ErrorType { Technical = 1, Business = 2, Timeout = 3, Deserialization = 4, }
);
