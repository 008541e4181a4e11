//! Limits on what a session may cost, and for how long.

use std::time::Duration;

use crate::frame;

/// The bounds of one session.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Limits {
    /// A receiver that got nothing for this long gets a heart-beat. 25 s by the
    /// protocol ("Protocol and framing").
    pub heartbeat: Duration,
    /// Life of a session without a receiver, and time for which a closed one goes on telling so. 5 s by the protocol.
    pub absence: Duration,
    /// Time for which a receiver may leave what waits for it before it counts as gone.
    pub stall: Duration,
    /// Most that may wait for receivers, in bytes of frames, of which each counts
    /// [`FRAME_COST_BYTES`](crate::session::FRAME_COST_BYTES) more. A larger frame passes while nothing else waits.
    pub outbound_bytes: usize,
    /// Most that may wait for the application, in bytes of messages, of which each
    /// counts [`MESSAGE_COST_BYTES`](crate::session::MESSAGE_COST_BYTES) more.
    /// More than that from one request passes while nothing else waits.
    pub inbound_bytes: usize,
    /// After how many bytes of frames a streaming response ends, and how much a
    /// polling response puts together; one frame always passes. 128 KiB by the
    /// protocol ("`XhrStreaming`").
    pub response_bytes: usize,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            heartbeat: Duration::from_secs(frame::HEARTBEAT_SECONDS),
            absence: Duration::from_secs(5),
            stall: Duration::from_secs(60),
            outbound_bytes: 1 << 20,
            inbound_bytes: 1 << 20,
            response_bytes: 128 << 10,
        }
    }
}
