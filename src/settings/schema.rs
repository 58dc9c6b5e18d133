//! The JSON Schema of the repository configuration, from the same declarations that decode it.

use std::sync::LazyLock;

use serde_json::{Value as Json, json};

use super::{PATH, Settings, decode::Value};

/// The JSON Schema (draft 7, which editors know best) of the repository configuration, pretty-printed, with a final
/// line break.
pub fn schema() -> String {
    let mut text = format!("{:#}", document());
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
