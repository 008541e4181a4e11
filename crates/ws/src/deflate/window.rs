//! The sliding window: how far back a compressed message may point.

/// The size of a window as RFC 7692 gives it: the exponent of a power of two, 9 to 15.
///
/// The RFC allows 8 as well, but no zlib can compress with so small a window and no frame around it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct WindowBits(u8);

impl WindowBits {
    /// 512 bytes.
    pub const LEAST: Self = Self(9);
    /// 32 KiB, which holds where nothing else is said.
    pub const MOST: Self = Self(15);

    /// `bits`, if a window can have so many.
    pub const fn new(bits: u8) -> Option<Self> {
        if bits < Self::LEAST.0 || bits > Self::MOST.0 { None } else { Some(Self(bits)) }
    }

    /// The exponent.
    pub const fn get(self) -> u8 {
        self.0
    }

    /// Size in bytes.
    pub const fn bytes(self) -> usize {
        1 << self.0
    }
}

/// The last bytes of what went one way over a connection, uncompressed.
///
/// It grows with what was said, up to the window's size.
#[derive(Debug, Clone)]
pub struct Window {
    bits: WindowBits,
    bytes: Vec<u8>,
}

impl Window {
    /// Nothing was said yet.
    pub const fn new(bits: WindowBits) -> Self {
        Self { bits, bytes: Vec::new() }
    }

    /// Bytes that the next message may point back to.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Heap memory that is held.
    pub fn held_bytes(&self) -> usize {
        self.bytes.capacity()
    }

    /// Adds a message that was compressed, or inflated.
    pub fn push(&mut self, message: &[u8]) {
        let room = self.bits.bytes();
        let kept = message.get(message.len().saturating_sub(room)..).unwrap_or(message);
        let surplus = (self.bytes.len() + kept.len()).saturating_sub(room);
        self.bytes.drain(..surplus);
        self.bytes.reserve_exact(kept.len());
        self.bytes.extend_from_slice(kept);
    }
}

#[cfg(test)]
mod tests {
    use super::{Window, WindowBits};

    #[test]
    fn it_holds_the_last_bytes_and_no_more_than_its_size() {
        let mut window = Window::new(WindowBits::LEAST);
        let mut said = Vec::new();
        for (message, byte) in [0, 1, 200, 311, 1, 512, 5, 2000, 3].into_iter().zip(0..) {
            let message = vec![byte; message];
            said.extend_from_slice(&message);
            window.push(&message);
            assert_eq!(window.bytes(), &said[said.len().saturating_sub(512)..]);
            assert!(window.held_bytes() <= 1024, "{}", window.held_bytes());
        }
    }
}
