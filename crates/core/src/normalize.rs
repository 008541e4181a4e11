//! Raw input to typed events.
