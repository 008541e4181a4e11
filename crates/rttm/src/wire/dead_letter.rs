//! Dead letters on the wire: counted, and one by one.

use std::borrow::Cow;
use std::collections::BTreeMap;

use hub_core::event::{ErrorType, Event};
use hub_core::{Epoch, Position, RawEncoding, RawText, normalize};
use schemars::JsonSchema;
use serde::Serialize;
use serde::ser::{SerializeMap as _, Serializer};

use crate::dead_letters::{Opened, Page};
use crate::dlq::Class;
use crate::state::State;

/// Classes of dead letters that are shown, at most.
const CLASSES_SHOWN: usize = 100;

/// `{"total","byStage":{...},"lastErrorTime","classes":[...]}`; `byStage` is
/// in the order of the pipeline, `INGEST` last: what the hub itself rejected.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct DlqReport<'a> {
    total: u64,
    #[serde(serialize_with = "in_order")]
    #[schemars(with = "BTreeMap<String, u64>")]
    by_stage: Vec<(&'static str, u64)>,
    last_error_time: Option<String>,
    classes: Vec<ClassRow<'a>>,
}

fn in_order<S: Serializer>(entries: &[(&'static str, u64)], serializer: S) -> Result<S::Ok, S::Error> {
    let mut map = serializer.serialize_map(Some(entries.len()))?;
    for (key, value) in entries {
        map.serialize_entry(key, value)?;
    }
    map.end()
}

#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
struct ClassRow<'a> {
    stage: &'static str,
    service: &'a str,
    error_type: Option<&'static str>,
    reason: &'a str,
    original_topic: Option<&'a str>,
    count: u64,
    first_seen: String,
    last_seen: String,
}

pub(crate) fn dlq(state: &State) -> DlqReport<'_> {
    let by_stage: Vec<_> =
        state.dead_letters_by_origin().into_iter().map(|(origin, count)| (origin.as_str(), count)).collect();
    DlqReport {
        total: by_stage.iter().map(|(_, count)| count).sum(),
        by_stage,
        last_error_time: state.last_error().map(|time| time.to_string()),
        classes: state.dead_letter_classes(CLASSES_SHOWN).into_iter().map(class_row).collect(),
    }
}

fn class_row(class: &Class) -> ClassRow<'_> {
    ClassRow {
        stage: class.key.origin.as_str(),
        service: &class.key.service,
        error_type: class.key.error_type.map(ErrorType::as_str),
        reason: &class.key.reason,
        original_topic: class.key.original_topic.as_deref(),
        count: class.count,
        first_seen: class.first_seen.to_string(),
        last_seen: class.last_seen.to_string(),
    }
}

/// One of the hub's own rejections, with what was sent.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterRow<'a> {
    id: String,
    kind: &'a str,
    reason: &'a str,
    field: Option<&'a str>,
    raw: Cow<'a, str>,
    at: String,
    position: String,
    raw_encoding: Option<RawEncoding>,
    raw_form: RawForm,
    content_type: Option<&'a str>,
    door: Option<&'a str>,
    sender: Option<&'a str>,
    post_to: Option<PostTo>,
}

/// Form of a payload: what was sent, byte for byte, or the same fact in its kind's documented spelling.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
enum RawForm {
    Sent,
    Canonical,
}

/// The call that takes a payload in again.
#[derive(Serialize, JsonSchema)]
struct PostTo {
    method: &'static str,
    path: String,
}

pub(crate) fn letter((letter, record): &Opened, epoch: Epoch) -> LetterRow<'_> {
    let sent = match &record.event {
        Event::Rejected(input) => Some(&**input),
        _ => None,
    };
    let (raw_form, RawText { raw, raw_encoding }) = match sent {
        Some(input) => (RawForm::Sent, input.raw_text()),
        None => (RawForm::Canonical, canonical(&record.event)),
    };
    LetterRow {
        id: letter.offset.to_string(),
        kind: letter.kind,
        reason: &letter.rejection.reason,
        field: letter.rejection.field.as_deref(),
        raw,
        at: letter.at.to_string(),
        position: Position { epoch, offset: letter.offset }.to_string(),
        raw_encoding,
        raw_form,
        content_type: match sent {
            Some(input) => input.content_type.as_deref(),
            None => Some("application/json"),
        },
        door: sent.map(|input| &*input.door).filter(|door| !door.is_empty()),
        sender: sent.and_then(|input| input.sender.as_deref()),
        post_to: normalize::post_path(&record.event).map(|path| PostTo { method: "POST", path }),
    }
}

fn canonical(event: &Event) -> RawText<'static> {
    let raw = normalize::canonical(event).unwrap_or_default().into();
    RawText { raw, raw_encoding: None }
}

/// A page of dead letters: `{"total","deadLetters":[...],"next"}`; `next` is
/// the `before` of the next page, null on the last.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct LetterPage<'a> {
    total: usize,
    dead_letters: Vec<LetterRow<'a>>,
    next: Option<String>,
}

pub(crate) fn letters<'a>(state: &State, page: &'a Page) -> LetterPage<'a> {
    let epoch = state.applied().position.epoch;
    let dead_letters: Vec<_> = page.letters.iter().map(|opened| letter(opened, epoch)).collect();
    let next = dead_letters.last().filter(|_| page.more).map(|last| last.id.clone());
    LetterPage { total: state.letter_count(), dead_letters, next }
}
