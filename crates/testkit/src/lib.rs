//! hub-testkit
