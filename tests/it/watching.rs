//! `sessions watch`: what it tells, on real servers that come and go, and what outstays its lease.

use std::fs::{self, DirEntry};
use std::time::{Duration, Instant};

use graphctl::look::Observer;
use graphctl::memory::Memory;
use graphctl::options::{Options, Talk, Terminal};
use serde_json::Value;

use crate::fake::signal;
use crate::lab::{
    self, Crowd, PATIENCE, Phantom, Pipeline, Process, Runner, Server, Wedge, phantom, schemas,
};
use crate::run::{command, graphctl};
use crate::stage::{assert_full_rate, server, starting};

/// A watch that looks often, with these arguments besides.
fn watch(address: &str, arguments: &[&str]) -> Process {
    let all = [&["sessions", "watch", "--interval", "200ms"], arguments].concat();
    Process::spawn(all.join(" "), command(address, &all))
}

/// The first event of this name about a session or leftover with this verdict and reason.
#[track_caller]
fn wait_judged(watch: &Process, event: &str, verdict: &str, reason: Option<&str>) -> Value {
    let what = format!("{event}: {verdict} {reason:?}");
    watch.wait_for(&what, PATIENCE, |it| {
        (it["event"].as_str(), it["verdict"].as_str(), it["reason"].as_str())
            == (Some(event), Some(verdict), reason)
    })
}

/// Waits for a session that lives; when it was first seen it may have been starting.
#[track_caller]
fn wait_live(watch: &Process) {
    watch.wait_for("a live session", PATIENCE, |it| it["verdict"] == "live");
}

/// The names of all events so far, each with its verdict.
fn story(watch: &Process) -> Vec<String> {
    let said = |event: &Value, key: &str| event[key].as_str().unwrap_or("-").to_owned();
    let events = watch.events();
    events.iter().map(|it| format!("{} {}", said(it, "event"), said(it, "verdict"))).collect()
}

#[test]
fn a_pipeline_is_told_of_from_its_start_to_its_end() {
    let server = server();
    let watch = watch(server.address(), &[]);
    let slow = starting(&server, lab::Options::default());
    let appeared = wait_judged(&watch, "appeared", "starting", None);
    assert_eq!(appeared["components"], serde_json::json!(["SYSTEM", "SYSTEM/PUB", "SYSTEM/SUB"]));
    slow.finish_initialize();
    let changed = wait_judged(&watch, "changed", "live", None);
    assert_eq!(changed["was"], serde_json::json!({ "verdict": "starting", "reason": null }));
    assert_eq!(changed["id"], appeared["id"]);
    drop(slow);
    let gone = watch.wait_event("gone", PATIENCE);
    assert_eq!(gone["id"], appeared["id"]);
}

/// A look alone could not know that: another pipeline that had owners has ended just before.
#[test]
fn a_session_lost_processes_that_the_watch_has_seen() {
    let server = server();
    let watch = watch(server.address(), &[]);
    let notebook = |name: &str| lab::Options {
        name: name.into(),
        runner: Runner::Start,
        ..lab::Options::two_processes()
    };
    let other = Pipeline::running(&server, &notebook("OTHER"));
    let phantom = Pipeline::running(&server, &notebook("SYSTEM"));
    let lives = |name: &str| {
        watch.wait_for(&format!("{name} live"), PATIENCE, |it| {
            it["verdict"] == "live" && it["components"][0] == name
        })
    };
    lives("OTHER");
    lives("SYSTEM");
    drop(other);
    watch.wait_event("gone", PATIENCE);
    for unit in ["PUB", "SUB"] {
        phantom.signal_pid("KILL", phantom.unit_pid(unit));
    }
    wait_judged(&watch, "changed", "stale", Some("abandoned"));
    let listing = graphctl(server.address(), &["sessions", "list"]);
    assert!(listing.stdout.contains("stale abandoned"), "{listing:#?}");
}

#[test]
fn a_server_that_goes_and_comes_back_is_an_event_and_no_end() {
    let first = server();
    let mut watch = watch(first.address(), &[]);
    let pipeline = Pipeline::running(&first, &lab::Options::default());
    wait_live(&watch);
    let (address, python) = (first.address().to_owned(), first.python().to_owned());
    drop(first);
    let lost = watch.wait_event("server-lost", PATIENCE);
    assert!(lost["id"].is_null() && lost["verdict"].is_null(), "{lost}");
    drop(pipeline);
    let second = Server::start_at(&python, &address);
    let back = watch.wait_event("server-back", PATIENCE);
    assert_eq!(back["restarted"], true, "{back}");
    watch.wait_event("gone", PATIENCE);
    let _pipeline = Pipeline::running(&second, &lab::Options::default());
    watch.wait_for("the new pipeline", PATIENCE, |it| {
        it["event"] == "appeared" && it["time"].as_str() > back["time"].as_str()
    });
    watch.signal("TERM");
    assert!(watch.wait_exit(PATIENCE).success());
    assert_eq!(story(&watch).iter().filter(|it| it.starts_with("server-")).count(), 2);
}

/// The connection alone breaks: the server and its sessions go on.
#[test]
fn a_connection_that_breaks_is_no_other_server() {
    let mut server = server();
    let watch = watch(server.address(), &[]);
    let _pipeline = Pipeline::running(&server, &lab::Options::default());
    wait_live(&watch);
    server.hang_up_on_graphctl();
    let back = watch.wait_event("server-back", PATIENCE);
    assert_eq!(back["restarted"], false, "{back}");
    watch.wait_for("a look after that", PATIENCE, |_| true);
    assert!(!story(&watch).iter().any(|it| it.starts_with("gone")), "{:?}", story(&watch));
}

#[test]
fn a_server_that_is_not_there_yet_is_waited_for() {
    let (address, python) = {
        let gone = server();
        (gone.address().to_owned(), gone.python().to_owned())
    };
    let watch = watch(&address, &[]);
    watch.wait_event("server-lost", PATIENCE);
    let _server = Server::start_at(&python, &address);
    let back = watch.wait_event("server-back", PATIENCE);
    assert!(back["restarted"].is_null(), "nothing is known of the one before: {back}");
}

/// Its reader has stopped reading, and the pipe is full: so is a service ended all the same.
#[test]
fn a_watch_ends_while_nobody_reads_it() {
    let mut server = server();
    let _crowd = Crowd::start(&mut server, 200, 20);
    let mut watch = command(server.address(), &["sessions", "watch"]);
    let mut watch = watch.spawn().expect("graphctl starts");
    let tasks = format!("/proc/{}/task", watch.id());
    let deadline = Instant::now() + PATIENCE;
    let writes = |task: &DirEntry| {
        fs::read_to_string(task.path().join("wchan")).is_ok_and(|at| at.contains("pipe_write"))
    };
    while !fs::read_dir(&tasks).expect("it runs").flatten().any(|task| writes(&task)) {
        assert!(Instant::now() < deadline, "it has nothing to write");
    }
    signal("TERM", &watch);
    let status = watch.wait().expect("it ends");
    assert!(status.success(), "{status}");
}

/// While a command holds the lock each look takes a session of its own. None of them stays.
#[test]
fn a_wedged_server_is_watched_and_left_as_it_was() {
    let mut server = server();
    let _wedge = Wedge::of(&mut server);
    let before = server.state();
    let options = Options {
        address: server.address().parse().expect("an address"),
        timeout: Duration::from_secs(10),
        admin: true,
        start_timeout: Duration::from_secs(300),
        terminal: Terminal { width: None, color: false, screen: None, prompt_width: None },
        talk: Talk::Quiet,
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    runtime.expect("a runtime of one thread can be built").block_on(async {
        let observer = Observer::open(&options).await.expect("a session");
        let mut observer = observer.remembering(Memory::default());
        for _ in 0..100 {
            observer.look().await.expect("a look");
        }
        let now = server.state();
        let sessions = |state: &Value| state["clients"]["SessionInfo"].as_u64().unwrap_or(0);
        assert!(sessions(&now) <= sessions(&before) + 2, "{before:#} became {now:#}");
    });
    server.wait_state("the state before", |after| *after == before);
}

/// Two ways to be dead, and a healthy pipeline beside them throughout.
#[test]
fn what_outstays_its_lease_is_dropped_and_nothing_else() {
    let server = server();
    let healthy = lab::Options { name: "HEALTHY".into(), ..lab::Options::two_processes() };
    let healthy = Pipeline::running(&server, &healthy);
    let audit = tempfile::NamedTempFile::new().expect("a file");
    let file = audit.path().to_str().expect("a path of text").to_owned();
    let reaping = ["--reap", "--lease", "1s", "--reason", "night shift", "--audit", &file];
    let watch = watch(server.address(), &reaping);
    let hows = [(Phantom::MainTerminated, "headless"), (Phantom::MainTerminatedSpawn, "leftover")];
    for (how, reason) in hows {
        let phantom = phantom(&server, how, "SYSTEM");
        let gone = wait_judged(&watch, "dropped", "stale", Some(reason));
        assert_eq!(gone["outcome"], "dropped", "{gone}");
        drop(phantom);
    }
    assert_full_rate(&healthy);
    let (_, counts) = healthy.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
    let lines = std::fs::read_to_string(audit.path()).expect("the audit can be read");
    let lines = schemas::documents(&lines);
    let said: Vec<_> = lines.iter().map(|it| (&it["reason"], &it["outcome"], &it["why"])).collect();
    let wanted: Vec<Value> = hows.iter().map(|(_, reason)| Value::from(*reason)).collect();
    let (dropped, why) = (Value::from("dropped"), Value::from("night shift"));
    assert_eq!(said, wanted.iter().map(|reason| (reason, &dropped, &why)).collect::<Vec<_>>());
}

/// What cannot be recorded is the last that is dropped.
#[test]
fn an_audit_that_cannot_be_written_ends_the_reaping() {
    let server = server();
    let folder = tempfile::tempdir().expect("a folder");
    let (inner, moved) = (folder.path().join("inner"), folder.path().join("moved"));
    fs::create_dir(&inner).expect("it can be made");
    let file = inner.join("audit.jsonl").to_str().expect("a path of text").to_owned();
    let mut watch = watch(server.address(), &["--reap", "--lease", "200ms", "--audit", &file]);
    watch.wait_stderr(PATIENCE, &["watching"]);
    fs::rename(&inner, &moved).expect("it can be moved");
    let _phantom = phantom(&server, Phantom::MainTerminated, "SYSTEM");
    assert_eq!(watch.wait_exit(PATIENCE).code(), Some(3));
    watch.wait_stderr(PATIENCE, &["dropped "]);
    watch.wait_stderr(PATIENCE, &["error: "]);
}

/// Without `--include-suspect` a suspect stays; with it, an answer of any of its processes renews its lease.
#[test]
fn a_suspect_that_answers_renews_its_lease() {
    let server = server();
    let _phantom = phantom(&server, Phantom::BackendKilled, "SYSTEM");
    let partial = watch(server.address(), &["--reap", "--lease", "1s", "--include-suspect"]);
    wait_judged(&partial, "appeared", "suspect", Some("partial"));
    let stopped = lab::Options { name: "STOPPED".into(), ..lab::Options::two_processes() };
    let stopped = Pipeline::running(&server, &stopped);
    for pid in stopped.pids() {
        stopped.signal_pid("STOP", pid);
    }
    let gone = wait_judged(&partial, "dropped", "suspect", Some("unresponsive"));
    assert_eq!(gone["components"][0], "STOPPED");
    let events = partial.events();
    let dropped = events.iter().filter(|it| it["event"] == "dropped").count();
    assert_eq!(dropped, 1, "what answers in part was condemned for longer, and stays: {events:#?}");
}

#[test]
fn a_dry_run_watches_and_tells_once() {
    let server = server();
    let _phantom = phantom(&server, Phantom::MainTerminated, "SYSTEM");
    let before = server.witness();
    let mut watch = watch(server.address(), &["--reap", "--lease", "500ms", "--dry-run"]);
    wait_judged(&watch, "would-drop", "stale", Some("headless"));
    // Another that comes and outstays its lease shows that the first was not told again meanwhile.
    let _second = phantom(&server, Phantom::MainTerminated, "SECOND");
    watch.wait_for("the second", PATIENCE, |it| {
        it["event"] == "would-drop" && it["components"][0] == "SECOND"
    });
    let told = story(&watch).iter().filter(|it| it.starts_with("would-drop")).count();
    assert_eq!(told, 2, "{:?}", story(&watch));
    assert!(server.witness().sessions().len() > before.sessions().len());
    watch.signal("TERM");
    assert!(watch.wait_exit(PATIENCE).success());
}

/// How long the watch is stopped: longer than its lease.
const STOPPED_FOR: Duration = Duration::from_secs(6);

/// The first look after that begins all leases anew, so both end at the same look. If the time for which the watch was
/// stopped counted, the first session would be dropped earlier than the second.
#[test]
fn a_watch_that_was_stopped_does_not_count_that_time() {
    let mut server = server();
    let first = server.ghost_of(&["FIRST"]);
    let watch = watch(server.address(), &["--reap", "--lease", "5s"]);
    wait_judged(&watch, "appeared", "stale", Some("ghost"));
    watch.signal("STOP");
    let second = server.ghost_of(&["SECOND"]);
    std::thread::sleep(STOPPED_FOR);
    assert!(server.witness().sessions().contains(&first), "it was dropped before the stop");
    watch.signal("CONT");
    let dropped = |id: &str| {
        watch.wait_for("a drop", PATIENCE, |it| it["event"] == "dropped" && it["id"] == id)
    };
    let (first, second) = (dropped(&first), dropped(&second));
    assert_eq!(first["time"], second["time"], "the leases ended at different looks");
}
