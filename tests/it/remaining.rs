//! The processes that a drop leaves behind are named, with the command that ends them.

use std::process::Command;

use serde_json::Value;

use crate::killing::{pids, reap_after_dry_run};
use crate::lab::{Options, PATIENCE, Phantom, Pipeline, Process, Server, quiet_phantom};
use crate::run::{command, graphctl, graphctl_until};
use crate::screen::Screen;
use crate::stage::{reap, relaunch, server, wait_until_judged};

/// The backends of PUB -> RELAY -> SUB whose main process, which ran `unit`, was killed.
fn relayed(server: &Server, unit: &str) -> (Process, Vec<u32>) {
    let arguments = [server.address().to_owned(), unit.to_owned()];
    let pipeline = Process::start(server.side(), server.python(), "relayed.py", &arguments);
    pipeline.wait_event("running", PATIENCE);
    let main = pipeline.pid();
    let others = ["PUB", "RELAY", "SUB"].into_iter().filter(|other| *other != unit);
    let pid = |unit| {
        let is_of = |event: &Value| event["event"] == "unit" && event["unit"] == unit;
        let pid = pipeline.wait_for("a unit", PATIENCE, is_of)["pid"].as_u64().expect("a pid");
        u32::try_from(pid).expect("process ids are small")
    };
    let mut backends: Vec<_> = others.map(pid).collect();
    backends.sort_unstable();
    pipeline.signal("KILL");
    pipeline.wait_gone(main, PATIENCE);
    wait_until_judged(server, "stale headless");
    (pipeline, backends)
}

/// Some of them published to the main process, and some received from it.
#[test]
fn the_backends_of_a_relay_end_whichever_unit_the_main_process_ran() {
    for unit in ["PUB", "RELAY", "SUB"] {
        let server = server();
        let (pipeline, backends) = relayed(&server, unit);
        let run = reap_after_dry_run(&server);
        assert_eq!(pids(&run, ") ended"), backends, "{unit}: {run:#?}");
        for pid in backends {
            pipeline.wait_gone(pid, PATIENCE);
        }
        relaunch(&server);
    }
}

/// After the drop graphctl cannot find them any more.
#[test]
fn a_drop_names_the_processes_that_run_on_and_the_command_that_ends_them() {
    for unit in ["PUB", "RELAY", "SUB"] {
        let mut server = server();
        let (pipeline, backends) = relayed(&server, unit);
        let dry_run = reap(&server, &["--dry-run"]);
        assert_eq!(pids(&dry_run, ") would go on running"), backends, "{dry_run:#?}");
        let run = graphctl_until(server.address(), &["sessions", "reap", "-o", "json"], |run| {
            run.json()["targets"][0]["outcome"] == "dropped"
        });
        assert_eq!(pids(&run, ") is still running"), backends, "{unit}: {run:#?}");
        let command = format!("kill {} {}", backends[0], backends[1]);
        assert!(run.stderr.contains(&format!("to end them: {command}\n")), "{unit}: {run:#?}");
        assert_eq!(running(&run.json()["targets"][0]), expected(&backends), "{unit}: {run:#?}");
        // The channels of the dropped processes go too, also those to a publisher that has left.
        let nothing = serde_json::json!({});
        server.wait_state("an empty server", |state| state["clients"] == nothing);
        assert!(backends.iter().all(|pid| pipeline.family().contains(pid)));
        let status = Command::new("sh").args(["-c", &command]).status().expect("sh starts");
        assert!(status.success());
        for pid in backends {
            pipeline.wait_gone(pid, PATIENCE);
        }
    }
}

/// A running opener may be a notebook with a day's data.
#[test]
fn no_kill_command_is_advised_for_a_running_opener_without_a_warning() {
    let server = server();
    let phantom = quiet_phantom(&server, Phantom::BackendsKilled, "SYSTEM");
    let run = graphctl_until(server.address(), &["sessions", "reap", "--include-suspect"], |run| {
        run.stdout.contains("  dropped  ")
    });
    let opened = ") is still running: it may have opened the session, and it may do other work; ";
    assert_eq!(pids(&run, opened), [phantom.pid()], "{run:#?}");
    assert!(
        !run.stderr.contains("to end it: ") && !run.stderr.contains("to end them: "),
        "{run:#?}"
    );
}

/// What JSON says of the processes that were left behind: their pids, and the commands that end them.
#[track_caller]
fn running(target: &Value) -> Vec<(u64, String)> {
    let heirs = target["heirs"].as_array().expect("a list").iter();
    let mut running: Vec<_> = heirs
        .filter(|heir| heir["outcome"] == "running")
        .map(|heir| {
            let command = heir["end_command"].as_str().expect("nothing speaks against its end");
            (heir["pid"].as_u64().expect("a pid"), command.to_owned())
        })
        .collect();
    running.sort_unstable();
    running
}

fn expected(backends: &[u32]) -> Vec<(u64, String)> {
    backends.iter().map(|pid| (u64::from(*pid), format!("kill {pid}"))).collect()
}

#[test]
fn a_watch_that_reaps_names_the_processes_that_run_on() {
    let server = server();
    let (_pipeline, backends) = relayed(&server, "PUB");
    let arguments =
        ["sessions", "watch", "-o", "jsonl", "--interval", "500ms", "--reap", "--lease", "1s"];
    let watch = Process::spawn(arguments.join(" "), command(server.address(), &arguments));
    let dropped = watch.wait_for("a drop", PATIENCE, |event| event["event"] == "dropped");
    assert_eq!(running(&dropped), expected(&backends), "{dropped:#}");
    let line = watch.wait_stderr(PATIENCE, &["to end them: kill"]);
    let end = format!("to end them: kill {} {}", backends[0], backends[1]);
    assert_eq!(line, end);
}

#[test]
fn the_live_view_names_the_processes_that_run_on() {
    for key in ["d", "r"] {
        let server = server();
        let (_pipeline, backends) = relayed(&server, "PUB");
        let watch = ["sessions", "watch", "--interval", "500ms"];
        let screen = Screen::run(server.address(), &watch, 200, 24);
        screen.wait_for("stale headless");
        screen.press(key);
        screen.wait_for("Drop 1 session? [y/N]");
        screen.press("y");
        screen.wait_for(&format!("to end them: kill {} {}", backends[0], backends[1]));
        // It is printed again where the live view was left.
        screen.press("q");
        screen.wait("the shell's screen", |shown| {
            shown.contains("to end them: kill") && !shown.contains("q quit")
        });
        assert!(screen.expect_restored().success());
    }
}

#[test]
fn a_guard_that_reaps_names_the_processes_that_run_on() {
    let server = server();
    let (_pipeline, backends) = relayed(&server, "PUB");
    let run =
        graphctl_until(server.address(), &["run", "--reap", "-o", "json", "--", "true"], |run| {
            run.json()["reaped"][0]["outcome"] == "dropped"
        });
    assert_eq!(running(&run.json()["reaped"][0]), expected(&backends), "{run:#?}");
    let end = format!("to end them: kill {} {}\n", backends[0], backends[1]);
    assert!(run.stderr.contains(&end), "{run:#?}");
}

#[test]
fn a_drop_by_id_names_the_processes_that_run_on() {
    let server = server();
    let (_pipeline, backends) = relayed(&server, "PUB");
    let id = server.witness().sessions_of("SYSTEM/SUB").remove(0);
    let drop = ["sessions", "drop", &id, "-o", "json"];
    let run = graphctl_until(server.address(), &drop, |run| {
        run.json()["targets"][0]["outcome"] == "dropped"
    });
    assert_eq!(running(&run.json()["targets"][0]), expected(&backends), "{run:#?}");
    let again = graphctl(server.address(), &drop);
    assert_eq!(again.json()["targets"][0]["heirs"], serde_json::json!([]), "{again:#?}");
}

/// Drops a live pipeline of one process; what is reported of that process, without its name.
fn reason_after_forced_drop(options: &Options) -> String {
    let server = server();
    let pipeline = Pipeline::running(&server, options);
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    let run = graphctl(server.address(), &["sessions", "drop", "-y", "--force", &id]);
    assert_eq!(
        (run.code, pids(&run, ") is still running: ")),
        (0, vec![pipeline.pid()]),
        "{run:#?}"
    );
    let (_, reason) = run.stderr.split_once(") is still running: ").expect("it is reported");
    reason.lines().next().expect("a line").to_owned()
}

#[test]
fn no_command_is_advised_for_an_opener_that_writes() {
    assert_eq!(reason_after_forced_drop(&Options::default()), "it is still writing");
}

#[test]
fn no_command_is_advised_for_an_opener_that_has_a_file_open_for_writing() {
    let file = tempfile::NamedTempFile::new().expect("a file can be made");
    let path = file.path().to_owned();
    let options = Options { quiet: true, opens: Some(path.clone()), ..Options::default() };
    let reason =
        format!("it has {} open for writing, and may hold data that is not saved", path.display());
    assert_eq!(reason_after_forced_drop(&options), reason);
}
