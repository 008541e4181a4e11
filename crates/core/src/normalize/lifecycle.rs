//! Fields that the kinds of the pipeline have in common, and values that count as absent.
//!
//! The platform's services speak protobuf, where a field that was not set is
//! an empty string: an empty text is absent here, too. The time 0 is not: it
//! is refused, since a sender whose clock says so must hear of it.

use smol_str::SmolStr;

use super::raw::{Field, Raw, RawObject};
use crate::event::{MESSAGE_MAX_CHARS, Stage};
use crate::{Rejection, Timestamp, TradeId};

pub(super) const SERVICE_NAME: Field = Field { name: "serviceName", spellings: &["serviceName"] };
pub(super) const TOPIC_NAME: Field = Field { name: "topicName", spellings: &["topicName"] };
pub(super) const CONSUMER_GROUP: Field = Field { name: "consumerGroup", spellings: &["consumerGroup"] };
pub(super) const PARTITION_ID: Field = Field { name: "partitionId", spellings: &["partitionId"] };
pub(super) const TRADE_ID: Field = Field { name: "tradeId", spellings: &["tradeId"] };
pub(super) const EVENT_STAGE: Field = Field { name: "eventStage", spellings: &["eventStage"] };
pub(super) const EVENT_TIME: Field = Field { name: "eventTime", spellings: &["eventTime"] };

/// The longest name of a service, topic, queue or group, in characters: what
/// Kafka allows for a topic.
const NAME_MAX_CHARS: usize = 249;

pub(super) fn trade_id(object: &RawObject<'_>) -> Result<TradeId, Rejection> {
    object.require(&TRADE_ID)?.parse()
}

/// The trade, where it is known.
pub(super) fn trade_id_if_known(object: &RawObject<'_>) -> Result<Option<TradeId>, Rejection> {
    present(object, &TRADE_ID).map(Raw::parse).transpose()
}

pub(super) fn stage(object: &RawObject<'_>) -> Result<Stage, Rejection> {
    object.require(&EVENT_STAGE)?.parse()
}

pub(super) fn event_time(object: &RawObject<'_>) -> Result<Option<Timestamp>, Rejection> {
    time(object, &EVENT_TIME)
}

/// A time, where it is known.
pub(super) fn time(object: &RawObject<'_>, field: &Field) -> Result<Option<Timestamp>, Rejection> {
    present(object, field).map(Raw::timestamp).transpose()
}

/// A name that has to be there.
pub(super) fn name(object: &RawObject<'_>, field: &Field) -> Result<SmolStr, Rejection> {
    Ok(SmolStr::from(object.require(field)?.name(NAME_MAX_CHARS)?))
}

/// A name, where it is given.
pub(super) fn optional_name(object: &RawObject<'_>, field: &Field) -> Result<Option<SmolStr>, Rejection> {
    present(object, field).map(|raw| raw.name(NAME_MAX_CHARS).map(SmolStr::from)).transpose()
}

/// Text that somebody wrote, if they did: its beginning, for a stack trace has no end and its sender deserves no
/// rejection for it.
pub(super) fn message(object: &RawObject<'_>, field: &Field) -> Result<Option<String>, Rejection> {
    let text = present(object, field).map(Raw::string).transpose()?;
    Ok(text.and_then(|text| shortened(&text)))
}

/// The beginning of a text; none if there is nothing in it.
pub(super) fn shortened(text: &str) -> Option<String> {
    let kept: String = text.chars().take(MESSAGE_MAX_CHARS).collect();
    (!kept.trim().is_empty()).then_some(kept)
}

/// A whole number that is not negative.
pub(super) fn count(raw: Raw<'_>) -> Result<u64, Rejection> {
    let digits = raw.digits()?;
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(raw.reject("must be a whole number, 0 or more"));
    }
    digits.parse().map_err(|_| raw.reject(format!("is too large: at most {}", u64::MAX)))
}

/// A partition's number.
pub(super) fn partition(raw: Raw<'_>) -> Result<u32, Rejection> {
    let number = count(raw)?;
    u32::try_from(number).map_err(|_| raw.reject("is too large for a partition"))
}

/// The field's value, unless it is an empty string.
pub(super) fn present<'a>(object: &RawObject<'a>, field: &Field) -> Option<Raw<'a>> {
    object.get(field).filter(|raw| raw.string().map_or(true, |text| !text.trim().is_empty()))
}
