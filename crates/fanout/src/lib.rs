//! hub-fanout
