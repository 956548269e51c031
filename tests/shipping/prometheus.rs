//! `--prom-file`: read by the official parser of the format, on servers that are there and are not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::lab::{self, Client, PATIENCE, Phantom, Process, phantom};
use crate::run::{command, graphctl};
use crate::stage::{server, wait_until_judged};

/// Prints what a file tells: by name of a sample and its state, the value; `server` is the label that all have.
const PARSE: &str = r#"
import json, sys
from prometheus_client.parser import text_string_to_metric_families
samples, servers = {}, set()
for family in text_string_to_metric_families(open(sys.argv[1]).read()):
    assert family.documentation and family.type in ("gauge", "counter"), family
    for sample in family.samples:
        servers.add(sample.labels.pop("server"))
        key = " ".join([sample.name, *sample.labels.values()])
        assert key not in samples, key
        samples[key] = sample.value
print(json.dumps({"server": servers.pop(), "samples": samples}))
assert not servers
"#;

fn place() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("graphctl.prom");
    (folder, file)
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path of ours is text")
}

#[track_caller]
fn parsed(file: &Path) -> Value {
    let python = lab::environment(&["prometheus-client==0.23.1"]);
    let output = Command::new(python).args(["-c", PARSE, text(file)]).output().expect("it starts");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// Expects these samples.
#[track_caller]
fn tells(file: &Path, samples: &[(&str, f64)]) {
    let parsed = parsed(file);
    for (name, value) in samples {
        assert_eq!(parsed["samples"][name], *value, "{name} in {parsed:#}");
    }
}

#[test]
fn a_phantom_is_counted_until_it_is_reaped_and_then_in_the_total() {
    let mut server = server();
    let _phantom = phantom(&server, Phantom::MainKilled, "SYSTEM");
    wait_until_judged(&server, "stale");
    let (folder, file) = place();
    let address = server.address().to_owned();
    let run = |arguments: &[&str]| {
        let done = graphctl(&address, &[arguments, &["--prom-file", text(&file)]].concat());
        assert_eq!(done.code, 0, "{done:#?}");
    };
    let phantom = |sessions, keys, reaped| {
        [
            ("graphctl_up", 1.0),
            ("graphctl_sessions stale", sessions),
            ("graphctl_sessions live", 0.0),
            ("graphctl_stale_keys", keys),
            ("graphctl_reaped_total", reaped),
        ]
    };
    fs::write(&file, "graphctl_reaped_total{ junk\n").expect("it can be written");
    run(&["sessions", "list"]);
    tells(&file, &phantom(1.0, 3.0, 0.0));
    assert!(parsed(&file)["samples"]["graphctl_oldest_session_age_seconds stale"].is_f64());
    run(&["sessions", "reap", "--dry-run"]);
    tells(&file, &phantom(1.0, 3.0, 0.0));
    run(&["sessions", "reap"]);
    tells(&file, &phantom(0.0, 0.0, 1.0));
    server.ghost_of(&["B"]);
    run(&["sessions", "reap"]);
    run(&["sessions", "list"]);
    tells(&file, &phantom(0.0, 0.0, 2.0));
    assert_eq!(parsed(&file)["server"], server.address());
    drop(server);
    let gone = graphctl(
        parsed(&file)["server"].as_str().expect("text"),
        &["sessions", "list", "--prom-file", text(&file)],
    );
    assert_eq!(gone.code, 69, "{gone:#?}");
    let samples = &parsed(&file)["samples"];
    assert_eq!(samples, &serde_json::json!({"graphctl_up": 0, "graphctl_reaped_total": 2}));
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 1);
}

#[test]
fn a_watch_tells_when_its_server_is_lost() {
    let server = server();
    let (_folder, file) = place();
    let watch = ["sessions", "watch", "--interval", "200ms", "--prom-file", text(&file)];
    let _pipeline = lab::Pipeline::running(&server, &lab::Options::default());
    let watch = Process::spawn("watch".into(), command(server.address(), &watch));
    watch.wait_event("appeared", PATIENCE);
    tells(&file, &[("graphctl_up", 1.0), ("graphctl_sessions live", 1.0)]);
    drop(server);
    watch.wait_event("server-lost", PATIENCE);
    tells(&file, &[("graphctl_up", 0.0)]);
}

#[test]
fn nothing_is_dropped_for_a_file_that_cannot_be_replaced() {
    let server = server();
    let held = Client::silent_session(&server, &["SYSTEM"]);
    let (folder, _) = place();
    let absent = folder.path().join("absent/graphctl.prom");
    let pipe = folder.path().join("pipe");
    assert!(Command::new("mkfifo").arg(&pipe).status().expect("it starts").success());
    for (path, why) in [
        (folder.path(), "it is not a file"),
        (&pipe, "it is not a file"),
        (&absent, "entity not found"),
    ] {
        let reap = ["sessions", "reap", "--prom-file", text(path)];
        let run = graphctl(server.address(), &reap);
        let told = format!(
            "error: cannot write metrics to {}: {why}\n\
             hint: nothing was done; name a file with --prom-file in a folder that can be written\n",
            path.display()
        );
        assert_eq!((run.code, run.stderr), (2, told));
    }
    assert_eq!(server.witness().sessions(), [held.session_id()]);
}

/// The collector may run as another user; a link is replaced, and not what it leads to.
#[test]
#[cfg(unix)]
fn the_file_can_be_read_by_others_and_follows_no_link() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};
    let server = server();
    let (folder, file) = place();
    let other = folder.path().join("other");
    fs::write(&other, "untouched").expect("it can be written");
    symlink(&other, &file).expect("a link can be made");
    graphctl(server.address(), &["sessions", "list", "--prom-file", text(&file)]);
    let found = fs::symlink_metadata(&file).expect("it is there");
    assert!(found.is_file() && found.permissions().mode() & 0o777 & !0o644 == 0, "{found:?}");
    assert_eq!(fs::read_to_string(other).expect("it is there"), "untouched");
}

#[test]
fn a_label_is_its_text_whatever_is_in_it() {
    let (_folder, file) = place();
    let sly = "[\"},x=\\1\n# TYPE a]:1";
    let metrics =
        graphctl::render::prometheus::metrics(sly, None, std::time::SystemTime::UNIX_EPOCH, 7);
    fs::write(&file, metrics).expect("it can be written");
    assert_eq!(parsed(&file)["server"], sly.replace('\n', "\\n"));
    tells(&file, &[("graphctl_reaped_total", 7.0)]);
}
