//! Each bound that can't be set has a reason.

use hub_tidy::source::Source;
use hub_tidy::{Exceptions, bounds, excuse, tree};

/// Bounds that can't be set, by crate and name. Those which a peer can meet are in docs/limits.md, "What can't be set".
const FIXED: &Exceptions = &[
    (
        "analytics ROWS_MAX",
        "rows of one flush whose JSON is kept for all shards; beyond, each encodes for itself",
    ),
    (
        "analytics DAYS_KEPT",
        "days of a history, as its documents promise: a year and what makes its ends whole months",
    ),
    ("analytics LAPSES_KEPT", "turns at which a portfolio lost its risk, in docs/services.md"),
    ("analytics RATE_MAX", "a rate whose square and the sum of them fit into what they are added up in"),
    ("analytics TRANSACTIONS_MAX", "transactions of one receipt; GET /api/transactions has all in pages"),
    ("autotrader PART_MAX", "symbols of one document: work is shared, nothing is refused"),
    ("autotrader PRICE_INTERVAL_MAX_MS", "the longest interval that makes sense; a longer one counts as it"),
    ("autotrader PRICE_INTERVAL_MIN_MS", "in docs/services.md: a shorter one counts as it"),
    ("autotrader RECENT_MAX", "answers that wait for who asked, sixteen batches of the runner"),
    ("core CLOCK_SKEW_MAX_MILLIS", "a rule of the domain, which the log's history was judged by"),
    ("core CONTACT_MAX_CHARS", "the vocabulary: what is in the log has to stay readable"),
    ("core DEPTH_MAX", "a command of MessagePack that nests deeper is none"),
    ("core BYTES_MAX", "the longest number that is printed"),
    ("core MAX", "the range of a number"),
    ("core MESSAGE_MAX_CHARS", "the vocabulary: a text that is longer is kept by its beginning"),
    ("core NAMES_MAX", "members that nobody reads which one result names, in docs/services.md"),
    ("core NAME_MAX_CHARS", "the vocabulary: what is in the log has to stay readable"),
    ("core PING_AFTER", "the interval of SockJS's heart-beat, which clients and proxies reckon with"),
    ("core RENEWED_AFTER_DAYS", "the ends of days are logged for longer than is promised by so much"),
    ("core SECTOR_MAX_CHARS", "the vocabulary: what is in the log has to stay readable"),
    ("core SYMBOL_MAX_CHARS", "the vocabulary: what is in the log has to stay readable"),
    ("core TOPIC_MAX_BYTES", "the vocabulary: names of topics are headers and keys"),
    ("core UNANSWERED_MAX", "pings, 25 s each; STOMP's heart-beats have a key"),
    ("fanout BATCH_MAX", "records that the runner applies before it looks at its flush"),
    ("fanout ROWS_MAX", "rows of a document, as its documents promise"),
    ("fanout FLUSH_BACKLOG_MAX", "flushes that a shard may lag behind before it gets the latest alone"),
    ("fanout GATHER_MAX", "buffers of one writev"),
    ("fanout INTERVAL_MAX_MILLIS", "the longest interval that makes sense, in README"),
    ("fanout SWEEP_MIN", "weak references that are worth a sweep"),
    ("launcher VALUE_MAX_CHARS", "a value of the configuration that an error shows"),
    (
        "leaderboard CHANGES_MAX",
        "changes over which boards are kept; beyond, what surrounds a portfolio is told again",
    ),
    ("leaderboard GENERATION_MAX", "changes of the top that are remembered for resumes; beyond, a snapshot"),
    ("leaderboard MOVES_MAX", "changes by which touched windows are found; beyond, all are asked"),
    ("leaderboard PASTS_MAX", "tops of the past that one snapshot keeps"),
    ("leaderboard RANGE_MAX", "half of ROWS_MAX on either side"),
    ("leaderboard ROWS_MAX", "rows of one answer, in docs/services.md: clients are written against it"),
    (
        "leaderboard ROUNDS_MAX",
        "rounds of P&L that a worker may lag behind and still be told what moved since",
    ),
    ("leaderboard STEPS_MAX", "flushes that a worker may lag behind before all windows are asked"),
    ("log BUSY_TIMEOUT", "patience with an operator's own transaction on the file; no peer has one"),
    ("log MAX_RECORDS", "records of one row of the file: what is read to find one"),
    ("rttm ALERTS_MAX", "alerts of one answer, of which rttm.cleared_alerts_kept are kept at most"),
    ("rttm CLASS_MAX_CHARS", "a part of what tells classes apart"),
    ("rttm HISTORY_MAX", "24 h of a point each 5 minutes"),
    ("rttm KEPT_MILLIS", "a trade is followed for twice the longest window; how many are kept has a key"),
    ("rttm LETTERS_MAX", "rows of one answer: who wants more asks with `before`"),
    ("rttm STORE_AFTER_MILLIS", "RT-QAGG"),
    (
        "server ENCODED_BYTES_MAX",
        "frames kept for the rest of one publication; beyond, they are encoded again",
    ),
    ("server FIRST_HEAD_MIN", "how often actix looks at its clock"),
    ("server HEADERS_MAX", "what actix takes"),
    ("server HEAD_BYTES_MAX", "what actix takes"),
    ("server IN_VAIN_MAX", "a guard against a loop of ours"),
    ("server KEPT_BYTES_MAX", "takes kept for those who are owed the same; beyond, they take for themselves"),
    (
        "server LOOKED_UP_MAX",
        "changed keys looked up at a time; beyond, a subscriber takes them as it has room",
    ),
    ("server NAMED_MAX", "rejected items that one ERROR names, the others are counted"),
    ("server NAME_BYTES_MAX", "what actix takes"),
    ("server PAGE_MAX", "elements of one page, in docs/services.md: clients are written against it"),
    ("server PARTIAL_BYTES_MAX", "what rustls takes"),
    ("server READERS_MAX", "requests that read the log at a time; the others wait"),
    ("server RUN_BYTES_MAX", "messages that are one piece; nothing is refused"),
    ("server SCRATCH_BYTES_MAX", "a buffer of ours that is given back"),
    ("server SNIFF_BYTES_MAX", "blank lines before a protocol is known"),
    ("server STAGED_BYTES_MAX", "what one writes at a time; limits.outbox_bytes bounds what waits"),
    ("server SUBSCRIPTION_ID_MAX_BYTES", "an id is in every message's header; clients number theirs"),
    ("server TARGET_BYTES_MAX", "what actix takes"),
    ("sockjs CLOSE_TIMEOUT", "WebSockets within actix; the hub's own have limits.close_ms"),
    ("sockjs MAX_CALLBACK_BYTES", "a name of a function"),
    ("sockjs MAX_NAME_BYTES", "a session's name, eight characters of a client"),
    ("sockjs MAX_VALUE_BYTES", "a cookie that is given back"),
    ("sockjs MAX_WAITING_FRAMES", "pongs that wait; beyond, nothing more is read"),
    ("stomp MAX_COMMAND_BYTES", "no command of STOMP is longer"),
    ("ws BLOCK_BYTES_MAX", "RFC 1951, section 3.2.4: a block's length is sixteen bits"),
    ("ws MAX_CONTROL_BYTES", "RFC 6455, section 5.5"),
    ("ws MAX_HEADER_BYTES", "RFC 6455, section 5.2"),
    ("ws MAX_REASON_BYTES", "RFC 6455, section 5.5"),
    ("ws SCRATCH_BYTES_MAX", "a buffer of ours that is given back"),
    ("ws STREAMS_MAX", "deflate streams in one message, which cost more to read than to write"),
];

#[test]
fn a_bound_is_a_limit_with_a_key_or_has_a_reason() {
    let root = tree::root();
    let files = tree::files(&root, "rs").expect("a readable checkout");
    let read = |path: String| {
        let text =
            std::fs::read_to_string(root.join(&path)).unwrap_or_else(|error| panic!("{path}: {error}"));
        Source::new(path, text)
    };
    let complaints: Vec<String> =
        files.into_iter().map(read).flat_map(|source| bounds::fixed(&source)).collect();
    let complaints = excuse(&complaints, FIXED);
    assert!(complaints.is_empty(), "\n{}\n", complaints.join("\n"));
}
