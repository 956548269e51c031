//! `schemas/`: what is promised of the JSON that graphctl tells, against what it can tell.

mod every;
mod told;

use std::collections::BTreeMap;

use serde_json::Value;

use crate::lab::schemas::{self, COMMON, PROMISED, Schemas};
use crate::run::graphctl;
use crate::stage::server;

/// Where no server is.
const NOWHERE: &str = "127.0.0.1:1";

/// Which of these a value is one of.
const ALTERNATIVES: [&str; 4] = ["enum", "type", "anyOf", "oneOf"];

/// A schema with one thing less: a field, or one of several values, types or forms.
fn with_one_less(schema: &Value) -> Vec<(String, Value)> {
    let mut all = Vec::new();
    let mut but = |place: String, change: &dyn Fn(&mut Value)| {
        let mut less = schema.clone();
        change(&mut less);
        all.push((place, less));
    };
    match schema {
        Value::Array(values) => {
            for (at, value) in values.iter().enumerate() {
                for (place, less) in with_one_less(value) {
                    but(format!("/{at}{place}"), &|it| it[at] = less.clone());
                }
            }
        }
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                for (place, less) in with_one_less(value) {
                    but(format!("/{keyword}{place}"), &|it| it[keyword] = less.clone());
                }
                match value {
                    Value::Array(values) if ALTERNATIVES.contains(&keyword.as_str()) => {
                        for at in 0..values.len() {
                            but(format!("/{keyword}/{at}"), &|it| {
                                it[keyword].as_array_mut().expect("it is one").remove(at);
                            });
                        }
                    }
                    Value::Object(fields) if keyword == "properties" => {
                        // Of an enum each value is tried.
                        let is_open = |it: &Value| it.get("enum").or(it.get("const")).is_none();
                        for (field, _) in fields.iter().filter(|(_, it)| is_open(it)) {
                            but(format!("/{keyword}/{field}"), &|it| {
                                it[keyword].as_object_mut().expect("it is one").remove(field);
                            });
                        }
                    }
                    _ => {}
                }
            }
        }
        _ => {}
    }
    all
}

/// Nothing is promised that graphctl does not tell: with anything less, something that it tells is refused.
#[test]
fn every_field_and_every_value_that_is_promised_is_told() {
    let files = schemas::files();
    let mut told: BTreeMap<_, Vec<_>> = BTreeMap::new();
    for document in told::documents() {
        let name = PROMISED.of(&document).expect("it was checked");
        told.entry(name).or_default().push(document);
    }
    assert_eq!(told.len() + 1, files.len(), "one output is missing");
    for (changed, schema) in &files {
        let on = |name: &str| changed == name || changed == COMMON;
        for (place, less) in with_one_less(schema) {
            let is_refused = |(name, documents): (&&str, &Vec<Value>)| {
                let mut few = files.clone();
                few.retain(|it, _| it == name || it == COMMON);
                few.insert(changed.clone(), less.clone());
                let few = Schemas::closed(few);
                documents.iter().any(|it| !few.keep(name, it))
            };
            let is_told = told.iter().filter(|(name, _)| on(name)).any(is_refused);
            assert!(is_told, "{changed}#{place} is never told");
        }
    }
}

/// The schemas in a schema, itself included.
fn all_in(schema: &Value) -> Vec<&Value> {
    let below = match schema {
        Value::Array(values) => values.iter().flat_map(all_in).collect(),
        Value::Object(keywords) => keywords.values().flat_map(all_in).collect(),
        _ => Vec::new(),
    };
    [vec![schema], below].concat()
}

/// Whether a field is described, where it stands or where that refers to.
fn is_described(field: &Value, common: &Value) -> bool {
    let place = field["$ref"].as_str().and_then(|to| to.split_once('#'));
    let referred = place.and_then(|(_, place)| common.pointer(place));
    [Some(field), referred].into_iter().flatten().any(|it| it["description"].is_string())
}

/// They can be read, and copied, by themselves; and a field that is not known is there, and `null`.
#[test]
fn every_field_is_described_and_always_there() {
    let files = schemas::files();
    for (name, schema) in &files {
        assert_eq!(schema["$schema"], "https://json-schema.org/draft/2020-12/schema", "{name}");
        assert!(schema["title"].is_string() && schema.get("$id").is_none(), "{name}");
        for part in all_in(schema) {
            let to = part["$ref"].as_str().unwrap_or_default();
            assert!(["", COMMON].contains(&to.split('#').next().expect("a file")), "{name}: {to}");
            let required = part["required"].as_array().map_or(&[][..], Vec::as_slice);
            for (field, is) in part["properties"].as_object().into_iter().flatten() {
                // Where it only tells forms apart, it is another's.
                let tells_apart = is["description"].is_null() && is["$ref"].is_null();
                let is_there = required.contains(&field.as_str().into());
                assert!(
                    tells_apart || is_there && is_described(is, &files[COMMON]),
                    "{name}: {field}"
                );
            }
        }
    }
}

/// What prints by which schema.
const OUTPUTS: [(&str, &[&str]); 9] = [
    ("list.json", &["sessions", "list", "-o", "json"]),
    ("session.json", &["sessions", "list", "-o", "jsonl"]),
    ("reap.json", &["sessions", "reap", "--component", "NONE", "-o", "json"]),
    ("check.json", &["sessions", "check", "LAB", "-o", "json"]),
    ("wait.json", &["sessions", "wait", "--for=free", "LAB", "--wait-timeout=1ms", "-o", "json"]),
    ("wait.json", &["sessions", "wait", "--for=live", "LAB", "--wait-timeout=1ms", "-o", "json"]),
    ("status.json", &["server", "status", "-o", "json"]),
    ("reap.json", &["sessions", "reap", "--dry-run", "-o", "json"]),
    ("target.json", &["sessions", "reap", "-o", "jsonl"]),
];

#[test]
fn every_output_keeps_to_the_schema_that_is_named_for_it() {
    let mut server = server();
    let held = server.ghost_of(&["LAB"]);
    let show = ["sessions", "show", &held, "-o", "json"];
    let drop = ["sessions", "drop", &held, "--dry-run", "-o", "json"];
    let with_id = [("list.json", &show[..]), ("reap.json", &drop)];
    for (name, arguments) in with_id.into_iter().chain(OUTPUTS) {
        let run = graphctl(server.address(), arguments);
        let kinds: Vec<_> = run.documents().iter().map(|it| PROMISED.of(it)).collect();
        assert_eq!(kinds, [Ok(name)], "{arguments:?}");
    }
}

#[test]
fn an_error_leaves_standard_output_empty() {
    for (_, arguments) in OUTPUTS {
        let run = graphctl(NOWHERE, arguments);
        assert_eq!((run.code, &*run.stdout), (69, ""), "{run:#?}");
        let errors = run.stderr.lines().filter(|it| it.starts_with("error: ")).count();
        assert_eq!(errors, 1, "{run:#?}");
    }
}
