//! The JSON Schema of the repository configuration, from the same declarations that decode it.

use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::{Level, PATH, Settings, decode::Value};

/// The JSON Schema (draft 7, which editors know best) of the repository configuration, pretty-printed, with a final
/// line break. `rules`: the name of each rule of the review, and what it is about.
pub fn schema<'a>(rules: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut document = document();
    if let Some(Json::Object(levels)) = document.pointer_mut("/properties/review/properties/rules") {
        let level = |summary: &str| json!({ "description": summary, "enum": Level::ALL.iter().map(|level| level.as_str()).collect::<Vec<_>>() });
        let properties: serde_json::Map<String, Json> = rules.map(|(name, summary)| (name.to_owned(), level(summary))).collect();
        levels.insert("additionalProperties".to_owned(), false.into());
        levels.insert("properties".to_owned(), properties.into());
    }
    let mut text = format!("{document:#}");
    text.push('\n');
    text
}

fn document() -> Json {
    let mut document = json!({
        "$schema": "http://json-schema.org/draft-07/schema#",
        "title": format!("Followthrough: {PATH}"),
    });
    if let (Json::Object(document), Json::Object(settings)) = (&mut document, Settings::schema()) {
        document.extend(settings);
    }
    document
}

/// The sections that have a key of this name.
pub(super) fn sections_with(key: &str) -> Vec<&'static str> {
    /// Key, section.
    static KEYS: LazyLock<Vec<(String, String)>> = LazyLock::new(|| {
        let schema = Settings::schema();
        let sections = schema["properties"].as_object().into_iter().flatten();
        sections
            .flat_map(|(section, schema)| {
                let keys = schema["properties"].as_object().or_else(|| schema["items"]["properties"].as_object());
                keys.into_iter().flatten().map(move |(key, _)| (key.clone(), section.clone()))
            })
            .collect()
    });
    KEYS.iter().filter(|(name, _)| name == key).map(|(_, section)| section.as_str()).collect()
}
