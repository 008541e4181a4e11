//! hub-log
