//! hub-analytics
