//! The law: a healthy pipeline is never touched. Real scenes, each under all commands that drop or end anything.
//!
//! Every test checks only what is visible from outside: files, processes, messages, and what the server holds.

mod kill;
mod programs;
mod recorders;
mod starts;
mod topics;

use serde_json::{Value, json};

use crate::lab::{Options, PATIENCE, Pipeline, Process, Rigged, Server, Witness};
use crate::run::{Run, command, graphctl, graphctl_until};

/// A watch that drops what is stale for 3 s.
fn start_watch(address: &str, global: &[&str]) -> Process {
    let reaping = ["sessions", "watch", "--reap", "--lease", "3s"];
    let arguments = [global, &reaping, &["--interval", "500ms", "-o", "jsonl"]].concat();
    let watch = Process::spawn(arguments.join(" "), command(address, &arguments));
    watch.wait_stderr(PATIENCE, &["watching"]);
    watch
}

/// Waits until the watch has dropped something that appeared after its first look. A lease that began
/// with the first look has ended by then.
fn wait_dropped(watch: &Process, what: &str, is_it: impl Fn(&Value) -> bool) {
    watch.wait_for(what, PATIENCE, |it| it["event"] == "dropped" && is_it(it));
}

/// Ends the watch. It may be about to drop OTHER just then, which the interruption makes a partial outcome.
fn end_watch(mut watch: Process) {
    watch.signal("TERM");
    let status = watch.wait_exit(PATIENCE);
    let is_expected = matches!(status.code(), Some(0 | 3));
    assert!(is_expected, "the watch failed, {status}:\n{}", watch.stderr());
}

/// Runs the reaps one after the other. They leave a ghost to the watch: it has no components.
fn reap(address: &str, global: &[&str]) {
    let keyed = ["--component", "*", "-y"];
    run(address, &[global, &["sessions", "reap"], &keyed].concat());
    run(address, &[global, &["sessions", "reap", "--kill"], &keyed].concat());
}

/// Launches something under a guard that reaps before it does so.
fn run_guarded(address: &str, global: &[&str]) {
    run(address, &[global, &["run", "--reap", "--", "true"]].concat());
}

/// Runs one command. It may leave alone what it is asked to drop, but never fail.
fn run(address: &str, arguments: &[&str]) -> Run {
    let run = graphctl(address, arguments);
    assert!(matches!(run.code, 0 | 3), "{run:#?}");
    run
}

/// Runs all commands that drop or end anything at a server with a healthy scene: a watch until its leases have
/// ended, the reaps, the drop of a phantom (the pipeline OTHER), and a guarded launch.
fn torture(server: &mut Server, global: &[&str]) {
    let address = server.address().to_owned();
    let watch = start_watch(&address, global);
    server.ghost();
    reap(&address, global);
    let other = Options { name: "OTHER".to_owned(), ..Options::two_processes() };
    let other = Pipeline::running(server, &other);
    let id = server.witness().sessions_of("OTHER").remove(0);
    other.signal("KILL");
    other.wait_gone(other.pid(), PATIENCE);
    let drop = [global, &["sessions", "drop", &id, "--kill", "-y"]].concat();
    let dropped = graphctl_until(&address, &drop, |run| run.code == 0);
    assert_eq!(dropped.code, 0, "the phantom was not dropped: {dropped:#?}");
    wait_dropped(&watch, "the drop of the ghost", |it| it["reason"] == "ghost");
    run_guarded(&address, global);
    end_watch(watch);
}

/// The same at a server that runs in the main process of the scene: the watch drops OTHER.
fn torture_embedded(address: &str, other: &Rigged) {
    let watch = start_watch(address, &[]);
    reap(address, &[]);
    other.signal("KILL");
    wait_dropped(&watch, "the drop of OTHER", |it| it["components"][0] == "OTHER/REC");
    run_guarded(address, &[]);
    end_watch(watch);
}

/// What the server holds of sessions and processes.
fn held(witness: &Witness) -> Value {
    json!({ "sessions": witness.0["sessions"], "processes": witness.0["processes"] })
}

/// Waits until no process owns any of these units.
fn wait_unowned(witness: impl Fn() -> Witness, units: &[&str]) {
    let deadline = std::time::Instant::now() + PATIENCE;
    while units.iter().any(|unit| !witness().owners_of(unit).is_empty()) {
        assert!(std::time::Instant::now() < deadline, "{units:?} still have owners");
    }
}

/// Plays several scenes at once, each on a server of its own.
fn play_at_once<T: Copy + Send + Sync>(scenes: &[T], play: impl Fn(T) + Sync) {
    std::thread::scope(|scope| {
        for scene in scenes {
            scope.spawn(|| play(*scene));
        }
    });
}

/// Runs a torture, and expects that the server still holds the same and that the processes of the scene still run.
#[track_caller]
fn expect_untouched(server: &mut Server, scene: &Process, torture: impl FnOnce(&mut Server)) {
    let (before, family) = (held(&server.witness()), scene.family());
    torture(server);
    assert_eq!(scene.family(), family, "processes ended; stderr:\n{}", scene.stderr());
    assert_eq!(held(&server.witness()), before, "the server lost something");
}
