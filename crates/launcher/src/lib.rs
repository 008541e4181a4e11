//! pms-hub
