//! A plain reader of client frames (RFC 6455, section 5): it has all bytes at once, copies what it
//! likes and knows nothing of speed.

use hub_ws::{CloseCode, Failure};

use super::Event;

/// Result of a whole stream.
pub(super) struct Reading {
    pub(super) events: Vec<Event>,
    /// The stream ends between messages, or what follows is ignored.
    pub(super) is_idle: bool,
}

/// A message under way.
struct Message {
    is_text: bool,
    bytes: Vec<u8>,
}

struct Header {
    opcode: u8,
    fin: bool,
    length: u64,
    mask: [u8; 4],
    bytes: usize,
}

/// Reads until the stream ends, a Close comes or something is wrong. With `discards`, data is
/// skipped, whatever its size and content.
pub(super) fn read(stream: &[u8], limit_bytes: usize, discards: bool) -> Reading {
    let mut reader = Reader { limit: limit_bytes as u64, discards, message: None, events: Vec::new() };
    let is_idle = match reader.read(stream) {
        Ok(is_idle) => is_idle,
        Err(failure) => {
            reader.events.push(Event::Failed(failure));
            true
        }
    };
    Reading { events: reader.events, is_idle }
}

struct Reader {
    limit: u64,
    discards: bool,
    message: Option<Message>,
    events: Vec<Event>,
}

impl Reader {
    /// Reads on; true if nothing is under way at the end.
    fn read(&mut self, mut rest: &[u8]) -> Result<bool, Failure> {
        loop {
            let Some(header) = self.header(rest)? else {
                return Ok(rest.is_empty() && self.message.is_none());
            };
            rest = &rest[header.bytes..];
            let whole = header.length <= rest.len() as u64;
            let length = if whole { header.length as usize } else { rest.len() };
            let mask = header.mask.iter().cycle();
            let payload: Vec<u8> = rest[..length].iter().zip(mask).map(|(byte, mask)| byte ^ mask).collect();
            rest = &rest[length..];
            if header.opcode < 8 {
                self.data(&header, payload, whole)?;
            } else if whole && self.control(header.opcode, payload)? {
                return Ok(true);
            }
            if !whole {
                return Ok(false);
            }
        }
    }

    /// `None`: it is not all there.
    fn header(&self, bytes: &[u8]) -> Result<Option<Header>, Failure> {
        let Some(&first) = bytes.first() else { return Ok(None) };
        let (fin, opcode) = (first & 0x80 != 0, first & 0x0f);
        if first & 0x70 != 0 {
            return Err(Failure::ReservedBits);
        }
        match (opcode, fin, self.message.is_some()) {
            (0, _, false) => return Err(Failure::UnexpectedContinuation),
            (1 | 2, _, true) => return Err(Failure::ExpectedContinuation),
            (8..=10, false, _) => return Err(Failure::ControlFragmented),
            (0..=2 | 8..=10, ..) => {}
            _ => return Err(Failure::ReservedOpcode(opcode)),
        }
        let Some(&second) = bytes.get(1) else { return Ok(None) };
        if second & 0x80 == 0 {
            return Err(Failure::Unmasked);
        }
        let short = second & 0x7f;
        if opcode >= 8 && short > 125 {
            return Err(Failure::ControlTooLong);
        }
        let length_bytes = match short {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let Some(long) = bytes.get(2..2 + length_bytes) else { return Ok(None) };
        let long = long.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        let length = if length_bytes == 0 { u64::from(short) } else { long };
        if (short == 126 && length < 126) || (short == 127 && length <= 0xffff) {
            return Err(Failure::LengthNotMinimal);
        }
        if length > i64::MAX as u64 {
            return Err(Failure::LengthTopBit);
        }
        let held = self.message.as_ref().map_or(0, |message| message.bytes.len() as u64);
        if opcode < 8 && !self.discards && held + length > self.limit {
            return Err(Failure::MessageTooBig { bytes: held + length, limit: self.limit });
        }
        let Some(mask) = bytes.get(2 + length_bytes..6 + length_bytes) else { return Ok(None) };
        let mask = [mask[0], mask[1], mask[2], mask[3]];
        Ok(Some(Header { opcode, fin, length, mask, bytes: 6 + length_bytes }))
    }

    fn data(&mut self, header: &Header, payload: Vec<u8>, whole: bool) -> Result<(), Failure> {
        let is_text = header.opcode == 1;
        let mut message = self.message.take().unwrap_or(Message { is_text, bytes: Vec::new() });
        if !self.discards {
            message.bytes.extend(payload);
        }
        // What no continuation could make valid is refused at once.
        let hopeless = |error: std::str::Utf8Error| error.error_len().is_some();
        if message.is_text && str::from_utf8(&message.bytes).is_err_and(hopeless) {
            return Err(Failure::InvalidUtf8);
        }
        if !(whole && header.fin) {
            self.message = Some(message);
            return Ok(());
        }
        match String::from_utf8(message.bytes) {
            _ if self.discards => {}
            Ok(text) if message.is_text => self.events.push(Event::Text(text)),
            Err(_) if message.is_text => return Err(Failure::InvalidUtf8),
            Ok(text) => self.events.push(Event::Binary(text.into_bytes())),
            Err(error) => self.events.push(Event::Binary(error.into_bytes())),
        }
        Ok(())
    }

    /// Takes a control frame; true if it was the last frame.
    fn control(&mut self, opcode: u8, payload: Vec<u8>) -> Result<bool, Failure> {
        match opcode {
            9 => self.events.push(Event::Ping(payload)),
            10 => self.events.push(Event::Pong(payload)),
            _ => {
                self.events.push(close(&payload)?);
                return Ok(true);
            }
        }
        Ok(false)
    }
}

fn close(payload: &[u8]) -> Result<Event, Failure> {
    match payload {
        [] => Ok(Event::Close(None, String::new())),
        [_] => Err(Failure::ClosePayload),
        [high, low, reason @ ..] => {
            let code = u16::from_be_bytes([*high, *low]);
            if !matches!(code, 1000..=1003 | 1007..=1014 | 3000..=4999) {
                return Err(Failure::InvalidCloseCode(code));
            }
            let reason = str::from_utf8(reason).map_err(|_| Failure::InvalidUtf8)?;
            Ok(Event::Close(Some(CloseCode::new(code)), reason.to_owned()))
        }
    }
}
