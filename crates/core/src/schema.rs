//! Shapes of JSON (JSON Schema 2020-12), declared beside what is sent: `OpenAPI` 3.1 and `AsyncAPI` 3
//! are made of the same.

use schemars::JsonSchema;
pub use schemars::{Schema, json_schema};

/// Gives the schema of a type that derives one, in itself: without references.
pub fn of<T: JsonSchema>() -> Schema {
    let settings = schemars::generate::SchemaSettings::draft2020_12().with(|settings| {
        settings.inline_subschemas = true;
        settings.meta_schema = None;
    });
    settings.into_generator().into_root_schema_for::<T>()
}
