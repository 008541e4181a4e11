//! hub-stomp
