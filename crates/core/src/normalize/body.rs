//! From a request's body to items.

use serde_json::value::RawValue;

/// Form in which a body holds its items.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum BodyForm {
    /// One JSON value: an item, or an array of items.
    Json,
    /// One JSON value a line; blank lines are skipped.
    NdJson,
}

impl BodyForm {
    /// The form a media type means, its parameters aside.
    pub fn of_content_type(text: &str) -> Option<BodyForm> {
        let essence = text.split(';').next().unwrap_or_default().trim();
        match essence.to_ascii_lowercase().as_str() {
            "application/json" => Some(BodyForm::Json),
            "application/x-ndjson" | "application/ndjson" | "application/jsonl" => Some(BodyForm::NdJson),
            _ => None,
        }
    }
}

/// One item, as it came.
#[derive(Clone, Copy, Debug)]
pub struct Item<'a> {
    raw: &'a [u8],
    /// JSON that it holds, if it is JSON at all (a line of NDJSON may not be).
    pub(super) json: Option<&'a RawValue>,
}

impl<'a> Item<'a> {
    /// Its bytes.
    pub fn raw(&self) -> &'a [u8] {
        self.raw
    }

    /// Fault that keeps it from being JSON: the parser's words, and where.
    pub(super) fn fault(&self) -> String {
        let error = serde_json::from_slice::<&RawValue>(self.raw).err();
        // It is one line of many, whatever the parser says.
        error.map(|error| error.to_string().replace(" at line 1 column ", " at column ")).unwrap_or_default()
    }

    fn of(json: &'a RawValue) -> Item<'a> {
        Item { raw: json.get().as_bytes(), json: Some(json) }
    }

    fn line(line: &'a [u8]) -> Item<'a> {
        Item { raw: line, json: serde_json::from_slice(line).ok() }
    }
}

/// Reason why a body holds no items.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum BodyError {
    /// Nothing was sent.
    #[error("the body is empty")]
    Empty,
    /// Not JSON; the parser's words name line and column.
    #[error("the body is not JSON: {0}")]
    Malformed(String),
    /// Not one object, where a command is due.
    #[error("the body must be one JSON object")]
    NotOneObject,
    /// More items than one request may hold.
    #[error("the body holds more than limits.ingest_items ({max}) items")]
    TooManyItems {
        /// The limit.
        max: usize,
    },
}

/// The items of a body, at most `max_items`.
///
/// A body that is not JSON as a whole is an error; in NDJSON a line that is not
/// JSON is an item that will be rejected, and the others go on. A byte-order
/// mark before a body, or a line, is skipped.
pub fn items(body: &[u8], form: BodyForm, max_items: usize) -> Result<Vec<Item<'_>>, BodyError> {
    let items = match form {
        BodyForm::Json => json(hub_json::without_bom(body))?,
        BodyForm::NdJson => ndjson(body, max_items),
    };
    if items.len() > max_items {
        return Err(BodyError::TooManyItems { max: max_items });
    }
    Ok(items)
}

fn json(body: &[u8]) -> Result<Vec<Item<'_>>, BodyError> {
    let malformed = |error: serde_json::Error| BodyError::Malformed(error.to_string());
    match body.trim_ascii_start().first() {
        None => Err(BodyError::Empty),
        Some(b'[') => {
            let values: Vec<&RawValue> = serde_json::from_slice(body).map_err(malformed)?;
            Ok(values.into_iter().map(Item::of).collect())
        }
        Some(_) => Ok(vec![Item::of(serde_json::from_slice(body).map_err(malformed)?)]),
    }
}

fn ndjson(body: &[u8], max_items: usize) -> Vec<Item<'_>> {
    let lines = body.split(|byte| *byte == b'\n').map(trimmed).filter(|line| !line.is_empty());
    lines.take(max_items.saturating_add(1)).map(Item::line).collect()
}

/// A line without blanks around it and byte-order marks before it, of which concatenated files have some. A line that
/// is sent again alone is the same line.
fn trimmed(line: &[u8]) -> &[u8] {
    let mut line = line.trim_ascii();
    loop {
        let rest = hub_json::without_bom(line).trim_ascii_start();
        if rest.len() == line.len() {
            return line;
        }
        line = rest;
    }
}
