//! `{tradeId, serviceName, eventType, eventStage, eventStatus?, sourceQueue?,
//! targetQueue?, topicName?, consumerGroup?, partitionId?, offsetValue?,
//! eventTime?, message?}` (RT-IN-1).

use super::canonical::Members;
use super::lifecycle::{
    CONSUMER_GROUP, EVENT_STAGE, EVENT_TIME, PARTITION_ID, SERVICE_NAME, TOPIC_NAME, TRADE_ID, count,
    event_time, message, name, optional_name, partition, present, stage, trade_id,
};
use super::raw::{Field, RawObject};
use crate::Rejection;
use crate::event::TradeEvent;

const EVENT_TYPE: Field = Field { name: "eventType", spellings: &["eventType"] };
const EVENT_STATUS: Field = Field { name: "eventStatus", spellings: &["eventStatus"] };
const SOURCE_QUEUE: Field = Field { name: "sourceQueue", spellings: &["sourceQueue"] };
const TARGET_QUEUE: Field = Field { name: "targetQueue", spellings: &["targetQueue"] };
const OFFSET_VALUE: Field = Field { name: "offsetValue", spellings: &["offsetValue"] };
const MESSAGE: Field = Field { name: "message", spellings: &["message"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] = &[
    &TRADE_ID,
    &SERVICE_NAME,
    &EVENT_TYPE,
    &EVENT_STAGE,
    &EVENT_STATUS,
    &SOURCE_QUEUE,
    &TARGET_QUEUE,
    &TOPIC_NAME,
    &CONSUMER_GROUP,
    &PARTITION_ID,
    &OFFSET_VALUE,
    &EVENT_TIME,
    &MESSAGE,
];

pub(super) fn read(object: &RawObject<'_>) -> Result<TradeEvent, Rejection> {
    Ok(TradeEvent {
        trade_id: trade_id(object)?,
        service_name: name(object, &SERVICE_NAME)?,
        event_type: object.require(&EVENT_TYPE)?.parse()?,
        event_stage: stage(object)?,
        event_status: optional_name(object, &EVENT_STATUS)?,
        source_queue: optional_name(object, &SOURCE_QUEUE)?,
        target_queue: optional_name(object, &TARGET_QUEUE)?,
        topic_name: optional_name(object, &TOPIC_NAME)?,
        consumer_group: optional_name(object, &CONSUMER_GROUP)?,
        partition_id: present(object, &PARTITION_ID).map(partition).transpose()?,
        offset_value: present(object, &OFFSET_VALUE).map(count).transpose()?,
        event_time: event_time(object)?,
        message: message(object, &MESSAGE)?,
    })
}

pub(super) fn write(it: &TradeEvent, to: &mut Members) {
    to.text(&TRADE_ID, it.trade_id);
    to.text(&SERVICE_NAME, &it.service_name);
    to.text(&EVENT_TYPE, it.event_type);
    to.text(&EVENT_STAGE, it.event_stage);
    to.optional(&EVENT_STATUS, it.event_status.as_ref());
    to.optional(&SOURCE_QUEUE, it.source_queue.as_ref());
    to.optional(&TARGET_QUEUE, it.target_queue.as_ref());
    to.optional(&TOPIC_NAME, it.topic_name.as_ref());
    to.optional(&CONSUMER_GROUP, it.consumer_group.as_ref());
    if let Some(id) = it.partition_id {
        to.count(&PARTITION_ID, id);
    }
    if let Some(offset) = it.offset_value {
        to.count(&OFFSET_VALUE, offset);
    }
    to.time(&EVENT_TIME, it.event_time);
    to.optional(&MESSAGE, it.message.as_ref());
}
