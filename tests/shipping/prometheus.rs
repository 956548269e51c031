//! `--prom-file`: read by the official parser of the format, on servers that are there and are not.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::lab::{self, Client, PATIENCE, Phantom, Process, phantom};
use crate::run::{command, expect, finish, graphctl};
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
    let output = folder.path().join("output");
    std::os::unix::fs::symlink("/proc/self/fd/1", &output).expect("a link can be made");
    let as_dev_stdout = folder.path().join("stdout");
    std::os::unix::fs::symlink(&output, &as_dev_stdout).expect("a link can be made");
    let proc = "it leads to /proc, where graphctl writes no file";
    for (path, why) in [
        (folder.path(), "it is a directory, not a regular file"),
        (&pipe, "it is a FIFO, not a regular file"),
        (&output, proc),
        (&as_dev_stdout, proc),
        (Path::new("/dev/none"), "it leads to /dev, where graphctl writes no file"),
        (&absent, "No such file or directory (os error 2)"),
    ] {
        let reap = ["sessions", "reap", "--prom-file", text(path)];
        let run = graphctl(server.address(), &reap);
        let told = format!(
            "error: cannot write metrics to {}: {why}\n\
             hint: nothing was done; name a file with --prom-file in a folder that can be written, \
             or - for standard output\n",
            path.display()
        );
        assert_eq!((run.code, run.stderr), (2, told));
    }
    assert_eq!(server.witness().sessions(), [held.session_id()]);
    assert!(output.is_symlink() && as_dev_stdout.is_symlink());
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 3);
}

/// The collector may run as another user, and its folder may hold links to files elsewhere. Only root can give the
/// file to another user: else its own is compared.
#[test]
#[cfg(unix)]
fn a_link_stays_and_the_file_it_names_keeps_its_owner_and_mode() {
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown, symlink};
    let server = server();
    let (_folder, link) = place();
    let (_other, file) = place();
    symlink(&file, &link).expect("a link can be made");
    let list = ["sessions", "list", "--prom-file", text(&link)];
    assert_eq!(graphctl(server.address(), &list).code, 0);
    let made = fs::metadata(&file).expect("a dangling link makes its file");
    assert_eq!(made.mode() & 0o777 & !0o644, 0, "{made:?}");

    let _ = chown(&file, Some(12345), Some(54321));
    fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).expect("a mode can be set");
    fs::File::create(&file).expect("it can be emptied");
    let owner = |it: &fs::Metadata| (it.uid(), it.gid(), it.mode());
    let before = fs::metadata(&file).expect("it is there");
    assert_eq!(graphctl(server.address(), &list).code, 0);
    let after = fs::metadata(&file).expect("it is there");
    assert_eq!(owner(&after), owner(&before));
    assert_eq!(fs::read_link(&link).expect("it is a link"), file);
    tells(&file, &[("graphctl_up", 1.0)]);
}

#[test]
fn with_a_dash_metrics_stand_on_standard_output_in_place_of_the_table() {
    let mut server = server();
    server.ghost_of(&["SYSTEM"]);
    let (folder, file) = place();
    let run = |address: &str, arguments: &[&str]| {
        let arguments = [arguments, &["--prom-file", "-"]].concat();
        let mut command = command(address, &arguments);
        finish(command.current_dir(folder.path()).spawn().expect("graphctl starts"))
    };
    let shown = |stdout: &str, samples: &[(&str, f64)]| {
        fs::write(&file, stdout).expect("it can be written");
        tells(&file, samples);
        fs::remove_file(&file).expect("it is there");
    };
    let list = run(server.address(), &["sessions", "list"]);
    shown(&list.stdout, &[("graphctl_up", 1.0), ("graphctl_sessions stale", 1.0)]);
    let reap = run(server.address(), &["sessions", "reap"]);
    assert_eq!((reap.code, reap.stderr.as_str()), (0, "1 session dropped\n"));
    shown(&reap.stdout, &[("graphctl_sessions stale", 0.0), ("graphctl_reaped_total", 1.0)]);
    for output in ["wide", "json", "jsonl", "name"] {
        let told = "error: --prom-file - and --output both take standard output\n\
                    hint: leave --output away, or name a file with --prom-file\n";
        for command in ["list", "reap"] {
            expect(&run(server.address(), &["sessions", command, "-o", output]), 2, "", told);
        }
    }
    let told = "error: watch prints events on standard output, and --prom-file - would mix in metrics\n\
                hint: name a file with --prom-file, or use `graphctl sessions list --prom-file -`\n";
    expect(&run(server.address(), &["sessions", "watch", "-o", "jsonl"]), 2, "", told);
    let address = server.address().to_owned();
    drop(server);
    let gone = run(&address, &["sessions", "list"]);
    assert_eq!(gone.code, 69, "{gone:#?}");
    shown(&gone.stdout, &[("graphctl_up", 0.0)]);
    assert_eq!(fs::read_dir(folder.path()).expect("it is there").count(), 0);
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
