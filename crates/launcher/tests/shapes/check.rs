//! JSON held against its schema, more strictly than JSON Schema asks: a member that the schema
//! does not name is a fault, too, and so is a keyword that is not understood here.

use serde_json::Value;

/// The faults of a value, each with where it is.
pub(crate) fn faults(value: &Value, schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    check(value, schema, "$", &mut found);
    found
}

fn check(value: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    let Some(keywords) = schema.as_object() else { return };
    if let Some(merged) = merged(schema) {
        return check(value, &merged, at, found);
    }
    for (keyword, says) in keywords {
        match keyword.as_str() {
            "type" if !is_of(value, says) => found.push(format!("{at}: {value} is not of type {says}")),
            "const" if value != says => found.push(format!("{at}: {value} is not {says}")),
            "enum" if !says.as_array().unwrap().contains(value) => {
                found.push(format!("{at}: {value} is none of {says}"));
            }
            "oneOf" | "anyOf" => one_of(value, says.as_array().unwrap(), at, found),
            "items" => elements(value, says, at, found),
            "minItems" if value.as_array().is_some_and(|of| (of.len() as u64) < says.as_u64().unwrap()) => {
                found.push(format!("{at}: fewer than {says}"));
            }
            "maxItems" if value.as_array().is_some_and(|of| of.len() as u64 > says.as_u64().unwrap()) => {
                found.push(format!("{at}: more than {says}"));
            }
            "minimum" if value.as_f64() < says.as_f64() => {
                found.push(format!("{at}: {value} is below {says}"));
            }
            "properties"
            | "required"
            | "additionalProperties"
            | "type"
            | "const"
            | "enum"
            | "minItems"
            | "maxItems"
            | "minimum"
            | "format"
            | "description"
            | "title" => {}
            other => found.push(format!("{at}: the keyword {other} is not understood")),
        }
    }
    members(value, schema, at, found);
}

/// The members of an `allOf` as one schema, where there is one.
fn merged(schema: &Value) -> Option<Value> {
    let parts = schema.get("allOf")?.as_array()?;
    let mut whole = serde_json::json!({ "properties": {}, "required": [] });
    for part in parts {
        let properties = part.get("properties").and_then(Value::as_object).cloned().unwrap_or_default();
        whole["properties"].as_object_mut()?.extend(properties);
        let required = part.get("required").and_then(Value::as_array).cloned().unwrap_or_default();
        whole["required"].as_array_mut()?.extend(required);
    }
    Some(whole)
}

fn is_of(value: &Value, types: &Value) -> bool {
    let is = |name: &str| match name {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "number" => value.is_number(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        _ => false,
    };
    match types {
        Value::Array(types) => types.iter().filter_map(Value::as_str).any(is),
        one => one.as_str().is_some_and(is),
    }
}

fn one_of(value: &Value, schemas: &[Value], at: &str, found: &mut Vec<String>) {
    let all: Vec<Vec<String>> = schemas.iter().map(|schema| faults(value, schema)).collect();
    match all.iter().filter(|faults| faults.is_empty()).count() {
        1 => {}
        0 => found.push(format!("{at}: none fits: {all:?}")),
        many => found.push(format!("{at}: {many} fit")),
    }
}

fn elements(value: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    for (index, element) in value.as_array().into_iter().flatten().enumerate() {
        check(element, schema, &format!("{at}[{index}]"), found);
    }
}

fn members(value: &Value, schema: &Value, at: &str, found: &mut Vec<String>) {
    let Some(members) = value.as_object() else { return };
    for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
        if !members.contains_key(name.as_str().unwrap()) {
            found.push(format!("{at}: {name} is missing"));
        }
    }
    let (named, others) = (schema.get("properties"), schema.get("additionalProperties"));
    if named.is_none() && others.is_none() {
        return;
    }
    for (name, member) in members {
        match named.and_then(|named| named.get(name)).or(others.filter(|others| others.is_object())) {
            Some(schema) => check(member, schema, &format!("{at}.{name}"), found),
            None => found.push(format!("{at}: {name} is in no schema")),
        }
    }
}
