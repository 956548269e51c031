//! What graphctl promises of its JSON: `schemas/`. All JSON of it that a test reads goes through here.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use boon::{Compiler, SchemaIndex, Schemas as Compiled};
use serde_json::Value;

/// By this all that graphctl tells begins.
const MARK: &str = "schema_version";

/// What is not a document by itself.
pub const COMMON: &str = "common.json";

/// Schemas, ready for use.
pub struct Schemas {
    compiled: Compiled,
    documents: BTreeMap<String, SchemaIndex>,
}

/// The promised ones, but closed: what may be added some day has to be told of then.
pub static PROMISED: LazyLock<Schemas> = LazyLock::new(|| Schemas::closed(files()));

/// The files of `schemas/` by name.
pub fn files() -> BTreeMap<String, Value> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    let entries = fs::read_dir(folder).expect("schemas/ is there").map(|entry| {
        let entry = entry.expect("it can be read");
        let text = fs::read_to_string(entry.path()).expect("a schema is text");
        let name = entry.file_name().into_string().expect("its name, too");
        let schema = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
        (name, schema)
    });
    entries.collect()
}

impl Schemas {
    /// Schemas that refuse every field which they do not name.
    ///
    /// # Panics
    ///
    /// One of them is none.
    pub fn closed(files: BTreeMap<String, Value>) -> Self {
        let (mut compiler, mut compiled) = (Compiler::new(), Compiled::new());
        compiler.enable_format_assertions();
        let place = |name: &str| format!("file:///schemas/{name}");
        let mut names = Vec::new();
        for (name, mut schema) in files {
            if name != COMMON {
                close(&mut schema);
                names.push(name.clone());
            }
            close_values(&mut schema);
            compiler.add_resource(&place(&name), schema).expect("it is a resource");
        }
        let documents = names.into_iter().map(|name| {
            let index = compiler.compile(&place(&name), &mut compiled);
            let index = index.unwrap_or_else(|error| panic!("{name} is no schema: {error:#}"));
            (name, index)
        });
        Self { documents: documents.collect(), compiled }
    }

    /// Whether a document keeps to the schema of this name.
    pub fn keep(&self, name: &str, document: &Value) -> bool {
        self.compiled.validate(document, self.documents[name]).is_ok()
    }

    /// The one schema that a document keeps to.
    ///
    /// # Errors
    /// It keeps to none: what the schema says that it comes closest to.
    pub fn of(&self, document: &Value) -> Result<&str, String> {
        let (mut fits, mut whys) = (Vec::new(), Vec::new());
        for (name, index) in &self.documents {
            match self.compiled.validate(document, *index) {
                Ok(()) => fits.push(name.as_str()),
                Err(error) => whys.push(format!("{error:#}")),
            }
        }
        assert!(fits.len() < 2, "{fits:?} are not told apart by {document:#}");
        let closest = || whys.into_iter().min_by_key(|why| why.lines().count());
        fits.pop().ok_or_else(|| closest().expect("there are schemas"))
    }
}

/// JSON documents, one after the other or one a line, each of which keeps to a schema.
///
/// # Panics
///
/// One does not.
#[track_caller]
pub fn documents(text: &str) -> Vec<Value> {
    let values = serde_json::Deserializer::from_str(text).into_iter();
    let values: Result<Vec<_>, _> = values.collect();
    let values = values.unwrap_or_else(|error| panic!("no JSON ({error}) in {text}"));
    values.iter().for_each(expect_promised);
    values
}

/// What a program of the lab tells on a line, if it is JSON; what graphctl tells keeps to a schema.
pub(super) fn event(line: &str) -> Option<Value> {
    let event: Value = serde_json::from_str(line).ok()?;
    if event.get(MARK).is_some() {
        expect_promised(&event);
    }
    Some(event)
}

#[track_caller]
fn expect_promised(document: &Value) {
    if let Err(why) = PROMISED.of(document) {
        panic!("{why}\nin {document:#}");
    }
}

/// Has a schema refuse fields that it does not name, also by way of others.
fn close(schema: &mut Value) {
    schema["unevaluatedProperties"] = false.into();
}

/// The same wherever in this schema there is one for a value.
fn close_values(schema: &mut Value) {
    match schema {
        Value::Array(all) => all.iter_mut().for_each(close_values),
        Value::Object(keywords) => {
            for (keyword, value) in keywords {
                match (keyword.as_str(), &mut *value) {
                    ("properties", Value::Object(fields)) => fields.values_mut().for_each(close),
                    ("items", items) => close(items),
                    _ => {}
                }
                close_values(value);
            }
        }
        _ => {}
    }
}
