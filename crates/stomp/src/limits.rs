//! What one frame may cost (STOMP 1.2, "Size Limits").

/// Bounds on an incoming frame. Each is refused by an error of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Octets of a whole frame, from its command to its NUL, both counted.
    pub max_frame_bytes: usize,
    /// Header lines in a frame.
    pub max_headers: usize,
    /// Octets of one header line, its LF not counted.
    pub max_header_line_bytes: usize,
}

impl Default for Limits {
    /// 1 MiB, 64 headers, 8 KiB a line: room for a bearer token in `passcode`.
    fn default() -> Self {
        Self { max_frame_bytes: 1 << 20, max_headers: 64, max_header_line_bytes: 8 << 10 }
    }
}
