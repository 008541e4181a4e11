//! `{serviceName, topicName, partitionId, producedOffset, consumedOffset,
//! consumerGroup, snapshotTime?}` (RT-IN-2). An offset that is absent is not
//! taken for 0: that would be a lag nobody measured.

use super::canonical::Members;
use super::lifecycle::{
    CONSUMER_GROUP, PARTITION_ID, SERVICE_NAME, TOPIC_NAME, count, name, partition, time,
};
use super::raw::{Field, RawObject};
use crate::Rejection;
use crate::event::QueueMetric;

const PRODUCED: Field = Field { name: "producedOffset", spellings: &["producedOffset"] };
const CONSUMED: Field = Field { name: "consumedOffset", spellings: &["consumedOffset"] };
const SNAPSHOT_TIME: Field = Field { name: "snapshotTime", spellings: &["snapshotTime"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] =
    &[&SERVICE_NAME, &TOPIC_NAME, &PARTITION_ID, &PRODUCED, &CONSUMED, &CONSUMER_GROUP, &SNAPSHOT_TIME];

pub(super) fn read(object: &RawObject<'_>) -> Result<QueueMetric, Rejection> {
    Ok(QueueMetric {
        service_name: name(object, &SERVICE_NAME)?,
        topic_name: name(object, &TOPIC_NAME)?,
        partition_id: partition(object.require(&PARTITION_ID)?)?,
        produced_offset: count(object.require(&PRODUCED)?)?,
        consumed_offset: count(object.require(&CONSUMED)?)?,
        consumer_group: name(object, &CONSUMER_GROUP)?,
        snapshot_time: time(object, &SNAPSHOT_TIME)?,
    })
}

pub(super) fn write(it: &QueueMetric, to: &mut Members) {
    to.text(&SERVICE_NAME, &it.service_name);
    to.text(&TOPIC_NAME, &it.topic_name);
    to.count(&PARTITION_ID, it.partition_id);
    to.count(&PRODUCED, it.produced_offset);
    to.count(&CONSUMED, it.consumed_offset);
    to.text(&CONSUMER_GROUP, &it.consumer_group);
    to.time(&SNAPSHOT_TIME, it.snapshot_time);
}
