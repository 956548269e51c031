//! YAML, read by PyYAML.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

/// Prints a file of YAML as JSON.
const PROGRAM: &str =
    "import json, sys, yaml; json.dump(yaml.safe_load(open(sys.argv[1])), sys.stdout)";

/// What a file says.
///
/// PyYAML speaks YAML 1.1, in which the key `on` of a workflow is `true`.
pub(crate) fn read(python: &Path, file: &Path) -> Value {
    let output = Command::new(python).args(["-c", PROGRAM]).arg(file).output();
    let output = output.expect("the lab's python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{} is no YAML: {said}", file.display());
    serde_json::from_slice(&output.stdout).expect("Python writes JSON")
}
