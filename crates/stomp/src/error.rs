//! Everything that is refused, each with a cause of its own.

use crate::{Command, Limit, Version};

/// Octets of a peer's input that an error shows.
const EXCERPT_BYTES: usize = 48;

/// Reason why bytes are not a STOMP frame, or not one that is let in.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// The stream is not STOMP, or its peer sends what only the other side may.
    #[error("unknown command '{shown}'")]
    UnknownCommand {
        /// The first line, escaped and cut.
        shown: String,
    },
    /// [`crate::Limits::max_frame_bytes`], found by counting.
    #[error("the frame is longer than {limit}")]
    FrameTooLarge {
        /// Octets allowed.
        limit: Limit,
    },
    /// [`crate::Limits::max_frame_bytes`], announced by `content-length` before the body came.
    #[error("content-length {announced} would make the frame longer than {limit}")]
    AnnouncedTooLarge {
        /// The header's value, cut.
        announced: String,
        /// Octets allowed.
        limit: Limit,
    },
    /// [`crate::Limits::max_headers`].
    #[error("the {command} frame has more headers than {limit}")]
    TooManyHeaders {
        /// The frame's command.
        command: Command,
        /// Headers allowed.
        limit: Limit,
    },
    /// [`crate::Limits::max_header_line_bytes`].
    #[error("a header line of the {command} frame is longer than {limit}")]
    HeaderLineTooLong {
        /// The frame's command.
        command: Command,
        /// Octets allowed.
        limit: Limit,
    },
    /// A NUL before the blank line that ends the headers.
    #[error("the {command} frame ends within its headers: a blank line must come before the NUL")]
    NulInHeaders {
        /// The frame's command.
        command: Command,
    },
    /// Headers must be UTF-8.
    #[error("the headers of the {command} frame are not UTF-8")]
    HeadersNotUtf8 {
        /// The frame's command.
        command: Command,
    },
    /// A header line is `name:value`.
    #[error("header line '{shown}' of the {command} frame has no ':'")]
    HeaderWithoutColon {
        /// The frame's command.
        command: Command,
        /// The line, escaped and cut.
        shown: String,
    },
    /// A header's name is at least one octet.
    #[error("header line '{shown}' of the {command} frame has no name")]
    HeaderWithoutName {
        /// The frame's command.
        command: Command,
        /// The line, escaped and cut.
        shown: String,
    },
    /// Undefined escapes are fatal (STOMP 1.2, "Value Encoding").
    #[error("header '{header}' of the {command} frame holds '{sequence}', no escape of STOMP {version}")]
    UndefinedEscape {
        /// The frame's command.
        command: Command,
        /// The header's name as received, escaped and cut.
        header: String,
        /// The backslash and what follows it, escaped.
        sequence: String,
        /// The version whose rules apply.
        version: Version,
    },
    /// `content-length` is a count of octets.
    #[error("content-length '{shown}' is not a number")]
    BadContentLength {
        /// The header's value, escaped and cut.
        shown: String,
    },
    /// A frame ends with a NUL, counted or not.
    #[error("the body of the {command} frame is not followed by NUL after content-length = {content_length}")]
    MissingNul {
        /// The frame's command.
        command: Command,
        /// Octets of body announced.
        content_length: usize,
    },
    /// Another frame begins where this one had not ended, among its headers or where it may have no
    /// body.
    #[error("the {command} frame is not ended by a NUL: a {next} frame begins within it")]
    NextFrameWithin {
        /// The frame's command.
        command: Command,
        /// The other's.
        next: Command,
    },
}

impl FrameError {
    /// A few words for the `message` header of an ERROR and for counting by kind.
    pub const fn title(&self) -> &'static str {
        match self {
            Self::UnknownCommand { .. } => "unknown command",
            Self::FrameTooLarge { .. } | Self::AnnouncedTooLarge { .. } => "frame too large",
            Self::TooManyHeaders { .. } => "too many headers",
            Self::HeaderLineTooLong { .. } => "header line too long",
            Self::UndefinedEscape { .. } => "undefined escape sequence",
            Self::NulInHeaders { .. }
            | Self::HeadersNotUtf8 { .. }
            | Self::HeaderWithoutColon { .. }
            | Self::HeaderWithoutName { .. }
            | Self::BadContentLength { .. }
            | Self::MissingNul { .. }
            | Self::NextFrameWithin { .. } => "malformed frame received",
        }
    }

    /// A word for counting by cause: `snake_case`, and one of few.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::UnknownCommand { .. } => "unknown_command",
            Self::FrameTooLarge { .. } | Self::AnnouncedTooLarge { .. } => "frame_too_large",
            Self::TooManyHeaders { .. } => "too_many_headers",
            Self::HeaderLineTooLong { .. } => "header_too_long",
            Self::UndefinedEscape { .. } => "undefined_escape",
            Self::HeadersNotUtf8 { .. } => "not_utf8",
            Self::NulInHeaders { .. } | Self::HeaderWithoutColon { .. } | Self::HeaderWithoutName { .. } => {
                "malformed_header"
            }
            Self::BadContentLength { .. } => "bad_content_length",
            Self::MissingNul { .. } | Self::NextFrameWithin { .. } => "missing_nul",
        }
    }

    const fn limit_mut(&mut self) -> Option<&mut Limit> {
        match self {
            Self::FrameTooLarge { limit }
            | Self::AnnouncedTooLarge { limit, .. }
            | Self::TooManyHeaders { limit, .. }
            | Self::HeaderLineTooLong { limit, .. } => Some(limit),
            _ => None,
        }
    }
}

/// Reason to end a session with an ERROR frame.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProtocolError {
    /// The bytes are no frame.
    #[error(transparent)]
    Frame(#[from] FrameError),
    /// Something came before CONNECT.
    #[error("the first frame must be CONNECT or STOMP, not {command}")]
    NotConnected {
        /// Command of the frame that came.
        command: Command,
    },
    /// CONNECT came again.
    #[error("{command} came in a session that is already connected")]
    AlreadyConnected {
        /// CONNECT or STOMP.
        command: Command,
    },
    /// `accept-version` names nothing spoken here.
    #[error("supported protocol versions are {}; accept-version was '{asked}'", Version::SUPPORTED)]
    NoCommonVersion {
        /// The header's value, escaped and cut.
        asked: String,
    },
    /// `heart-beat` is two numbers of milliseconds.
    #[error("heart-beat '{value}' is not two numbers of milliseconds, as in '10000,10000'")]
    BadHeartbeat {
        /// The header's value, escaped and cut.
        value: String,
    },
    /// A required header is absent or empty.
    #[error("{command} needs a '{header}' header in STOMP {version}")]
    MissingHeader {
        /// The frame's command.
        command: Command,
        /// The header's name.
        header: &'static str,
        /// The session's version.
        version: Version,
    },
    /// A name holds U+FFFD, which stands for text that was lost on its way.
    #[error("{header}: must be whole; in this {command} frame U+FFFD stands where some of it was lost")]
    BrokenName {
        /// The frame's command.
        command: Command,
        /// The header's name.
        header: &'static str,
    },
    /// A SEND holds what only the server may say of a message, see [`crate::is_reserved`].
    #[error("header '{header}' is the server's to set, not a SEND's")]
    ReservedHeader {
        /// The header's name, escaped and cut.
        header: String,
    },
    /// `ack` holds something else than a mode.
    #[error("ack '{value}' is not one of auto, client, client-individual")]
    BadAckMode {
        /// The header's value, escaped and cut.
        value: String,
    },
    /// "Different subscriptions MUST use different subscription identifiers."
    #[error("subscription '{id}' exists already in this session")]
    DuplicateSubscription {
        /// Its id, or its destination where 1.0 has no id; escaped and cut.
        id: String,
    },
    /// [`crate::SessionConfig::max_subscriptions`].
    #[error("the session may have no more subscriptions than {limit}")]
    TooManySubscriptions {
        /// Subscriptions allowed.
        limit: Limit,
    },
    /// [`crate::OpeningLimits::max_eols`].
    #[error("more EOLs than {limit} came before CONNECT")]
    TooManyEols {
        /// EOLs allowed.
        limit: Limit,
    },
    /// [`crate::OpeningLimits::max_connect_bytes`].
    #[error("the frame that opens the session is longer than {limit}")]
    ConnectTooLarge {
        /// Octets allowed.
        limit: Limit,
    },
    /// [`crate::RateLimit`].
    #[error("more came than {limit} lets in a second, and {burst} at once")]
    TooFast {
        /// Octets a second.
        limit: Limit,
        /// Octets at once.
        burst: Limit,
    },
    /// A frame names a transaction that was not begun, or was committed or aborted.
    #[error("{command} names transaction '{id}', which is not open in this session")]
    UnknownTransaction {
        /// The frame's command.
        command: Command,
        /// Its `transaction` header, escaped and cut.
        id: String,
    },
    /// "Different transactions within the same connection MUST be using different transaction
    /// identifiers."
    #[error("transaction '{id}' is already open in this session")]
    DuplicateTransaction {
        /// Its id, escaped and cut.
        id: String,
    },
    /// [`crate::TransactionLimits::max_open`].
    #[error("the session may have no more open transactions than {limit}")]
    TooManyTransactions {
        /// Transactions allowed.
        limit: Limit,
    },
    /// [`crate::TransactionLimits::max_frames`].
    #[error("transaction '{id}' may hold no more frames than {limit}")]
    TransactionOfTooManyFrames {
        /// Its id, escaped and cut.
        id: String,
        /// Frames allowed.
        limit: Limit,
    },
    /// [`crate::TransactionLimits::max_bytes`].
    #[error("transaction '{id}' may hold no more octets than {limit}")]
    TransactionTooLarge {
        /// Its id, escaped and cut.
        id: String,
        /// Octets allowed.
        limit: Limit,
    },
    /// NACK in a 1.0 session.
    #[error("STOMP {version} has no {command} command")]
    CommandNotInVersion {
        /// The frame's command.
        command: Command,
        /// The session's version.
        version: Version,
    },
    /// The owner of the session refused.
    #[error("{detail}")]
    Denied {
        /// A few words.
        message: String,
        /// The cause in full.
        detail: String,
        /// Reason that counts the error, a word.
        reason: &'static str,
    },
}

impl ProtocolError {
    /// The owner's refusal.
    pub(crate) fn denied(message: impl Into<String>, detail: impl Into<String>) -> Self {
        Self::Denied { message: message.into(), detail: detail.into(), reason: "denied" }
    }

    /// A few words for the `message` header of an ERROR.
    pub fn title(&self) -> &str {
        match self {
            Self::Frame(error) => error.title(),
            Self::NotConnected { .. } => "not connected",
            Self::AlreadyConnected { .. } => "already connected",
            Self::NoCommonVersion { .. } => "no common protocol version",
            Self::BadHeartbeat { .. } | Self::BadAckMode { .. } | Self::BrokenName { .. } => "invalid header",
            Self::ReservedHeader { .. } => "reserved header",
            Self::MissingHeader { .. } => "missing header",
            Self::DuplicateSubscription { .. } => "duplicate subscription",
            Self::TooManySubscriptions { .. } => "too many subscriptions",
            Self::TooManyEols { .. } => "too many EOLs",
            Self::ConnectTooLarge { .. } => "frame too large",
            Self::TooFast { .. } => "too fast",
            Self::UnknownTransaction { .. } => "unknown transaction",
            Self::DuplicateTransaction { .. } => "duplicate transaction",
            Self::TooManyTransactions { .. } => "too many transactions",
            Self::TransactionOfTooManyFrames { .. } | Self::TransactionTooLarge { .. } => {
                "transaction too large"
            }
            Self::CommandNotInVersion { .. } => "unknown command",
            Self::Denied { message, .. } => message,
        }
    }

    /// A word for counting by cause: `snake_case`, and one of few.
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Frame(error) => error.reason(),
            Self::NotConnected { .. } => "not_connected",
            Self::AlreadyConnected { .. } => "already_connected",
            Self::NoCommonVersion { .. } => "no_common_version",
            Self::BadHeartbeat { .. } | Self::BadAckMode { .. } | Self::BrokenName { .. } => "invalid_header",
            Self::ReservedHeader { .. } => "reserved_header",
            Self::MissingHeader { .. } => "missing_header",
            Self::DuplicateSubscription { .. } => "duplicate_subscription",
            Self::TooManySubscriptions { .. } => "too_many_subscriptions",
            Self::TooManyEols { .. } => "too_many_eols",
            Self::ConnectTooLarge { .. } => "frame_too_large",
            Self::TooFast { .. } => "too_fast",
            Self::UnknownTransaction { .. } => "unknown_transaction",
            Self::DuplicateTransaction { .. } => "duplicate_transaction",
            Self::TooManyTransactions { .. } => "too_many_transactions",
            Self::TransactionOfTooManyFrames { .. } | Self::TransactionTooLarge { .. } => {
                "transaction_too_large"
            }
            Self::CommandNotInVersion { .. } => "unknown_command",
            Self::Denied { reason, .. } => reason,
        }
    }

    /// Has its limits go by the owner's names.
    pub(crate) fn rename_limits(&mut self, names: &[(&'static str, &'static str)]) {
        let (limit, burst) = match self {
            Self::Frame(error) => (error.limit_mut(), None),
            Self::TooManySubscriptions { limit }
            | Self::TooManyEols { limit }
            | Self::ConnectTooLarge { limit }
            | Self::TooManyTransactions { limit }
            | Self::TransactionOfTooManyFrames { limit, .. }
            | Self::TransactionTooLarge { limit, .. } => (Some(limit), None),
            Self::TooFast { limit, burst } => (Some(limit), Some(burst)),
            _ => (None, None),
        };
        for limit in limit.into_iter().chain(burst) {
            limit.rename(names);
        }
    }
}

/// A peer's input made fit for a log line and an ERROR: escaped, and cut at [`EXCERPT_BYTES`].
pub(crate) fn excerpt(input: impl AsRef<[u8]>) -> String {
    let input = input.as_ref();
    let shown = input.get(..EXCERPT_BYTES).unwrap_or(input);
    let mut text = String::new();
    for chunk in shown.utf8_chunks() {
        text.extend(chunk.valid().escape_debug());
        text.extend(chunk.invalid().escape_ascii().map(char::from));
    }
    if shown.len() < input.len() {
        text.push_str("...");
    }
    text
}
