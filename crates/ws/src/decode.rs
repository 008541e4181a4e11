//! From the bytes of a client to its messages.

use crate::assembly::Assembly;
use crate::close::CloseCode;
use crate::deflate::{Agreement, Inflater, Window};
use crate::failure::Failure;
use crate::header::{Expected, Frame, PartialHeader, compressed_limit};
use crate::input::Input;
use crate::message::Incoming;
use crate::opcode::OpCode;

/// An incremental decoder of client frames (RFC 6455, section 5).
///
/// How the bytes are cut into reads makes no difference to what comes out. After a Close or a
/// [`Failure`] all further input is ignored.
#[derive(Debug)]
pub struct Decoder {
    max_message_bytes: usize,
    state: State,
    /// `None` while nothing is kept, as most of the time.
    kept: Option<Box<Kept>>,
    /// Kind of the payload that the last call lent, and that goes with the next call.
    lent: Option<OpCode>,
    /// Messages may be compressed.
    deflate: bool,
    discards_data: bool,
}

// An idle connection costs this and nothing else.
const _: () = assert!(size_of::<Decoder>() <= 40);

#[derive(Debug)]
enum State {
    Header(PartialHeader),
    Payload(Frame),
    Ended(End),
}

/// End of what is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    /// The client's Close.
    Closed(Option<CloseCode>),
    Failed,
}

/// Payloads that a later call needs.
#[derive(Debug, Default)]
struct Kept {
    /// The message under way, once a part of it has to be kept.
    message: Option<Assembly>,
    /// A control frame that did not arrive in one piece.
    control: Vec<u8>,
    /// Earlier messages that compressed ones may point back to, if that was agreed on.
    window: Option<Window>,
}

impl Kept {
    const fn is_empty(&self) -> bool {
        self.message.is_none() && self.control.is_empty() && self.window.is_none()
    }
}

/// Something complete: in the input, or kept by the decoder.
enum Ready<'b> {
    Here(Incoming<'b>),
    Held(OpCode),
}

impl Decoder {
    /// A decoder for a new connection that takes messages of up to `max_message_bytes`.
    ///
    /// A larger one is refused when a frame's header announces it, before any of its payload is kept.
    pub fn new(max_message_bytes: usize) -> Self {
        Self {
            max_message_bytes,
            state: State::Header(PartialHeader::default()),
            kept: None,
            lent: None,
            deflate: false,
            discards_data: false,
        }
    }

    /// The same for a connection on which permessage-deflate was agreed.
    ///
    /// The limit is for messages as they were said; a compressed one is refused as soon as it inflates to more.
    pub fn with_deflate(max_message_bytes: usize, agreement: &Agreement) -> Self {
        let window =
            || Box::new(Kept { window: Some(Window::new(agreement.client_window)), ..Kept::default() });
        let kept = agreement.client_context_takeover.then(window);
        Self { deflate: true, kept, ..Self::new(max_message_bytes) }
    }

    /// Takes the next message or control frame from `input`, which is left with what follows it.
    ///
    /// `inflater` is any: what it has to remember of this connection is remembered here.
    ///
    /// `Ok(None)` says that the input is used up. Call until then: the next call also frees what the
    /// last one lent, if it was the decoder's own. The payload is unmasked in the input.
    pub fn next<'s, 'b: 's>(
        &'s mut self,
        input: &mut Input<'b>,
        inflater: &mut Inflater,
    ) -> Result<Option<Incoming<'s>>, Failure> {
        self.release();
        match self.advance(input, inflater) {
            Ok(None) => Ok(None),
            Ok(Some(Ready::Here(incoming))) => Ok(Some(incoming)),
            Ok(Some(Ready::Held(opcode))) => self.lend(opcode).map(Some),
            Err(failure) => {
                self.end(End::Failed);
                Err(failure)
            }
        }
    }

    /// From now on text and binary messages are skipped, whatever their size, and nothing of them is kept.
    ///
    /// The framing is still checked and control frames still come out: for a connection that has sent
    /// its Close and waits for the client's (RFC 6455, section 1.4).
    pub fn discard_data(&mut self) {
        self.discards_data = true;
        if let Some(message) = self.kept.as_mut().and_then(|kept| kept.message.as_mut()) {
            message.forget();
        }
    }

    /// True once [`Self::discard_data`] was called.
    pub(crate) const fn discards_data(&self) -> bool {
        self.discards_data
    }

    /// Reason for which all further input is ignored, if it is.
    pub(crate) const fn ended(&self) -> Option<End> {
        match self.state {
            State::Ended(end) => Some(end),
            State::Header(_) | State::Payload(_) => None,
        }
    }

    /// Heap memory held for a message that has arrived in part, and for what the next message may point back to: 0
    /// between messages, unless context takeover was agreed.
    pub fn held_bytes(&self) -> usize {
        let Some(kept) = self.kept.as_deref() else { return 0 };
        size_of::<Kept>()
            + kept.message.as_ref().map_or(0, Assembly::capacity_bytes)
            + kept.control.capacity()
            + kept.window.as_ref().map_or(0, Window::held_bytes)
    }

    /// True from the first frame of a text or binary message until it is whole, in however many frames, control frames
    /// in between included.
    pub fn in_message(&self) -> bool {
        let gathered = self.message().is_some() && self.lent.is_none_or(OpCode::is_control);
        gathered || matches!(&self.state, State::Payload(frame) if !frame.opcode.is_control())
    }

    fn message(&self) -> Option<&Assembly> {
        self.kept.as_ref()?.message.as_ref()
    }

    fn control(&self) -> &[u8] {
        self.kept.as_ref().map_or(&[], |kept| &kept.control)
    }

    fn take_message(&mut self) -> Option<Assembly> {
        self.kept.as_mut()?.message.take()
    }

    fn advance<'b>(
        &mut self,
        input: &mut Input<'b>,
        inflater: &mut Inflater,
    ) -> Result<Option<Ready<'b>>, Failure> {
        loop {
            let expected = self.expected();
            match &mut self.state {
                State::Ended(_) => {
                    input.clear();
                    return Ok(None);
                }
                State::Header(partial) => match partial.fill(input, expected)? {
                    Some(frame) => self.state = State::Payload(frame),
                    None => return Ok(None),
                },
                State::Payload(frame) => {
                    let chunk = frame.take(input);
                    let frame = *frame;
                    let ready = self.payload(frame, chunk, inflater)?;
                    if ready.is_some() || frame.remaining_bytes > 0 {
                        return Ok(ready);
                    }
                }
            }
        }
    }

    fn expected(&self) -> Expected {
        let message = self.message();
        let held_bytes = message.map_or(0, |message| message.bytes().len());
        Expected {
            in_message: message.is_some(),
            in_compressed: message.is_some_and(Assembly::is_compressed),
            deflate: self.deflate,
            held_bytes: held_bytes as u64,
            // What is not kept needs no limit.
            limit_bytes: if self.discards_data { u64::MAX } else { self.max_message_bytes as u64 },
        }
    }

    /// Takes in a part of a frame's payload; `frame` says how much of it is to follow.
    fn payload<'b>(
        &mut self,
        frame: Frame,
        chunk: &'b [u8],
        inflater: &mut Inflater,
    ) -> Result<Option<Ready<'b>>, Failure> {
        let ready = if frame.opcode.is_control() {
            self.control_payload(frame, chunk)?
        } else {
            self.data_payload(frame, chunk, inflater)?
        };
        if frame.remaining_bytes == 0 {
            match frame.opcode {
                OpCode::Close => self.end(End::Closed(self.close_code(ready.as_ref())?)),
                _ => self.state = State::Header(PartialHeader::default()),
            }
        }
        Ok(ready)
    }

    /// The code of the Close that has come.
    fn close_code(&self, ready: Option<&Ready<'_>>) -> Result<Option<CloseCode>, Failure> {
        let incoming = match ready {
            Some(Ready::Here(incoming)) => *incoming,
            Some(Ready::Held(_)) | None => self.lend(OpCode::Close)?,
        };
        Ok(if let Incoming::Close(code, _) = incoming { code } else { None })
    }

    fn control_payload<'b>(&mut self, frame: Frame, chunk: &'b [u8]) -> Result<Option<Ready<'b>>, Failure> {
        let whole = frame.remaining_bytes == 0;
        if whole && self.control().is_empty() {
            return Incoming::parse(frame.opcode, chunk).map(Ready::Here).map(Some);
        }
        if !chunk.is_empty() {
            self.kept.get_or_insert_default().control.extend_from_slice(chunk);
        }
        Ok(whole.then(|| self.hold(frame.opcode)))
    }

    fn data_payload<'b>(
        &mut self,
        frame: Frame,
        chunk: &'b [u8],
        inflater: &mut Inflater,
    ) -> Result<Option<Ready<'b>>, Failure> {
        let chunk = if self.discards_data { &[] } else { chunk };
        let frame_whole = frame.remaining_bytes == 0;
        let whole = frame_whole && frame.fin;
        if whole && self.discards_data {
            self.forget_message();
            return Ok(None);
        }
        if whole && self.message().is_none() {
            if frame.compressed {
                return self.inflate(frame.opcode, chunk, inflater).map(Some);
            }
            return Incoming::parse(frame.opcode, chunk).map(Ready::Here).map(Some);
        }
        if chunk.is_empty() && !frame_whole {
            // The payload may yet come in one read.
            return Ok(None);
        }
        let message = &mut self.kept.get_or_insert_default().message;
        let message = message.get_or_insert_with(|| Assembly::new(frame.opcode, frame.compressed));
        let limit_bytes = self.max_message_bytes as u64;
        let limit_bytes = if message.is_compressed() { compressed_limit(limit_bytes) } else { limit_bytes };
        message.extend(chunk, usize::try_from(limit_bytes).unwrap_or(usize::MAX))?;
        if !whole {
            return Ok(None);
        }
        if message.is_compressed()
            && let Some(message) = self.take_message()
        {
            return self.inflate(message.opcode(), message.bytes(), inflater).map(Some);
        }
        let message = self.message();
        if message.is_some_and(|message| !message.is_complete()) {
            return Err(Failure::InvalidUtf8);
        }
        let opcode = message.map_or(frame.opcode, Assembly::opcode);
        Ok(Some(self.hold(opcode)))
    }

    /// Holds what `payload` inflates to.
    fn inflate<'b>(
        &mut self,
        opcode: OpCode,
        payload: &[u8],
        inflater: &mut Inflater,
    ) -> Result<Ready<'b>, Failure> {
        let window = self.kept.as_mut().and_then(|kept| kept.window.as_mut());
        let bytes = inflater.inflate(payload, window, self.max_message_bytes)?;
        Incoming::parse(opcode, &bytes)?;
        self.kept.get_or_insert_default().message = Some(Assembly::inflated(opcode, bytes));
        Ok(self.hold(opcode))
    }

    fn hold<'b>(&mut self, opcode: OpCode) -> Ready<'b> {
        self.lent = Some(opcode);
        Ready::Held(opcode)
    }

    fn lend(&self, opcode: OpCode) -> Result<Incoming<'_>, Failure> {
        if opcode.is_control() {
            return Incoming::parse(opcode, self.control());
        }
        Incoming::parse(opcode, self.message().map_or(&[], Assembly::bytes))
    }

    fn release(&mut self) {
        match self.lent.take() {
            Some(opcode) if opcode.is_control() => self.forget_control(),
            Some(_) => self.forget_message(),
            None => {}
        }
    }

    fn forget_control(&mut self) {
        if let Some(kept) = &mut self.kept {
            kept.control = Vec::new();
        }
        self.kept.take_if(|kept| kept.is_empty());
    }

    fn forget_message(&mut self) {
        self.take_message();
        self.kept.take_if(|kept| kept.is_empty());
    }

    /// Ignores everything from now on. A Close that is about to be lent stays until the next call.
    fn end(&mut self, end: End) {
        self.state = State::Ended(end);
        if let Some(kept) = &mut self.kept {
            kept.window = None;
        }
        self.forget_message();
        if self.lent.is_none() {
            self.forget_control();
        }
    }
}
