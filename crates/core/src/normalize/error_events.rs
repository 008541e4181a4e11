//! `{tradeId?, serviceName, errorType, errorMessage?, eventStage, eventTime?}`
//! (RT-IN-4).

use super::canonical::Members;
use super::lifecycle::{
    EVENT_STAGE, EVENT_TIME, SERVICE_NAME, TRADE_ID, event_time, message, name, stage, trade_id_if_known,
};
use super::raw::{Field, RawObject};
use crate::Rejection;
use crate::event::ErrorEvent;

const ERROR_TYPE: Field = Field { name: "errorType", spellings: &["errorType"] };
const ERROR_MESSAGE: Field = Field { name: "errorMessage", spellings: &["errorMessage"] };

/// Fields that are read.
pub(super) const FIELDS: &[&Field] =
    &[&TRADE_ID, &SERVICE_NAME, &ERROR_TYPE, &ERROR_MESSAGE, &EVENT_STAGE, &EVENT_TIME];

pub(super) fn read(object: &RawObject<'_>) -> Result<ErrorEvent, Rejection> {
    Ok(ErrorEvent {
        trade_id: trade_id_if_known(object)?,
        service_name: name(object, &SERVICE_NAME)?,
        error_type: object.require(&ERROR_TYPE)?.parse()?,
        error_message: message(object, &ERROR_MESSAGE)?,
        event_stage: stage(object)?,
        event_time: event_time(object)?,
    })
}

pub(super) fn write(it: &ErrorEvent, to: &mut Members) {
    to.optional(&TRADE_ID, it.trade_id);
    to.text(&SERVICE_NAME, &it.service_name);
    to.text(&ERROR_TYPE, it.error_type);
    to.optional(&ERROR_MESSAGE, it.error_message.as_ref());
    to.text(&EVENT_STAGE, it.event_stage);
    to.time(&EVENT_TIME, it.event_time);
}
