//! `{tradeId?, serviceName, topicName?, originalTopic?, reason?, eventStage,
//! eventTime?}` (RT-IN-3).

use super::canonical::Members;
use super::lifecycle::{
    EVENT_STAGE, EVENT_TIME, SERVICE_NAME, TOPIC_NAME, TRADE_ID, event_time, message, name, optional_name,
    stage, trade_id_if_known,
};
use super::raw::{Field, RawObject};
use crate::Rejection;
use crate::event::DlqEvent;

const ORIGINAL_TOPIC: Field = Field { name: "originalTopic", spellings: &["originalTopic"] };
const REASON: Field = Field { name: "reason", spellings: &["reason"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] =
    &[&TRADE_ID, &SERVICE_NAME, &TOPIC_NAME, &ORIGINAL_TOPIC, &REASON, &EVENT_STAGE, &EVENT_TIME];

pub(super) fn read(object: &RawObject<'_>) -> Result<DlqEvent, Rejection> {
    Ok(DlqEvent {
        trade_id: trade_id_if_known(object)?,
        service_name: name(object, &SERVICE_NAME)?,
        topic_name: optional_name(object, &TOPIC_NAME)?,
        original_topic: optional_name(object, &ORIGINAL_TOPIC)?,
        reason: message(object, &REASON)?,
        event_stage: stage(object)?,
        event_time: event_time(object)?,
    })
}

pub(super) fn write(it: &DlqEvent, to: &mut Members) {
    to.optional(&TRADE_ID, it.trade_id);
    to.text(&SERVICE_NAME, &it.service_name);
    to.optional(&TOPIC_NAME, it.topic_name.as_ref());
    to.optional(&ORIGINAL_TOPIC, it.original_topic.as_ref());
    to.optional(&REASON, it.reason.as_ref());
    to.text(&EVENT_STAGE, it.event_stage);
    to.time(&EVENT_TIME, it.event_time);
}
