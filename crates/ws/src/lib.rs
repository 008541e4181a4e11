//! hub-ws
