//! Every way to die and every way to be well, judged, reaped and launched again: the table of docs/judgement.md.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::lab::{self, Healthy, Options, PATIENCE, Phantom, Pipeline, Scene, Server, phantom};
use crate::run::{Run, graphctl, graphctl_until};

const SECOND: Duration = Duration::from_secs(1);

/// How many scenes are played at once.
const WORKERS: usize = 2;

/// The share of the clean server's rate that a relaunched pipeline must reach.
const FULL_RATE: f64 = 0.8;

/// The columns of the table.
const STATES: [&str; 6] = ["stale", "suspect", "starting", "unknown", "observer", "live"];

/// What is to become of a phantom.
enum Fate {
    /// It is stale for that reason, and a reap clears it.
    Stale(&'static str),
    /// It may be alive, and goes with `--include-suspect`.
    Suspect(&'static str),
    /// All answer: a drop requires its full id and `--force`.
    Live,
    /// The same: the program that started its processes is running.
    Unknown,
    /// The server was left nothing.
    Nothing,
}

fn fate(how: Phantom) -> Fate {
    match how {
        Phantom::MainKilled
        | Phantom::MainKilledFlowing
        | Phantom::MainTerminated
        | Phantom::MainTerminatedFlowing => Fate::Stale("headless"),
        Phantom::MainTerminatedSpawn
        | Phantom::MainTerminatedForkserver
        | Phantom::MainKilledSpawn
        | Phantom::MainKilledForkserver => Fate::Stale("leftover"),
        Phantom::ShutdownRaised => Fate::Unknown,
        Phantom::InitializeFailed
        | Phantom::StartInterrupted
        | Phantom::StartInterruptedSpawn
        | Phantom::StartInterruptedNotebook
        | Phantom::StartInterruptedAlone => Fate::Stale("start-failed"),
        Phantom::NeverStopped | Phantom::CleanupInterrupted | Phantom::BackendsKilled => {
            Fate::Stale("abandoned")
        }
        Phantom::HelperSurvived | Phantom::BackendKilled | Phantom::CleanupHangs => {
            Fate::Suspect("partial")
        }
        Phantom::BackendStopped
        | Phantom::MainStopped
        | Phantom::UnitBlocks
        | Phantom::UnitBlocksAlone => Fate::Suspect("unresponsive"),
        Phantom::MainStoppedFlowing | Phantom::CleanupHangsAlone => Fate::Live,
        Phantom::CleanupRaised
        | Phantom::KilledAlone
        | Phantom::TerminatedAlone
        | Phantom::CleanupInterruptedAlone => Fate::Nothing,
    }
}

/// The sessions and leftovers with component keys.
fn keyed(address: &str) -> Vec<serde_json::Value> {
    let run = graphctl(address, &["sessions", "list", "-o", "json"]);
    assert_eq!(run.code, 0, "{run:#?}");
    let look = run.json();
    let of = |kind: &str| look[kind].as_array().expect("a list").clone();
    let cases = [of("sessions"), of("leftovers")].concat().into_iter();
    cases.filter(|case| case["components"] != serde_json::json!([])).collect()
}

/// The states and reasons of these, worst first.
fn judged(address: &str) -> Vec<(String, String)> {
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let keyed = keyed(address);
    let mut judged: Vec<_> =
        keyed.iter().map(|case| (text(&case["verdict"]), text(&case["reason"]))).collect();
    judged.sort_by_key(|(state, _)| STATES.iter().position(|it| it == state));
    judged
}

/// Waits until everything is judged so: the server may need a moment to notice what has just died.
fn wait_until_judged(how: Phantom, address: &str, state: &str, reason: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let judged = judged(address);
        if !judged.is_empty() && judged.iter().all(|it| it.0 == state && it.1 == reason) {
            return;
        }
        assert!(Instant::now() < deadline, "{how:?} is not {state} {reason} but {judged:?}");
    }
}

/// Plays a phantom through: judged, refused, reaped, launched again. Returns the state it was judged.
fn clear(python: &Path, how: Phantom, clean: f64) -> Option<&'static str> {
    let server = Server::start(python);
    let _phantom = phantom(&server, how, "SYSTEM");
    let (state, reason, arguments): (_, _, &[&str]) = match fate(how) {
        Fate::Stale(reason) => ("stale", reason, &["sessions", "reap"]),
        Fate::Suspect(reason) => ("suspect", reason, &["sessions", "reap", "--include-suspect"]),
        Fate::Live => ("live", "", &["sessions", "drop", "--force"]),
        Fate::Unknown => ("unknown", "", &["sessions", "drop", "--force"]),
        Fate::Nothing => {
            relaunch(how, &server, clean);
            return None;
        }
    };
    wait_until_judged(how, server.address(), state, reason);
    Pipeline::start(&server, &Options::two_processes()).wait_refused(PATIENCE);
    wait_until_judged(how, server.address(), state, reason);
    let cases = if arguments.contains(&"drop") { keyed(server.address()) } else { vec![] };
    let ids = cases.iter().filter_map(|case| case["id"].as_str());
    let arguments = [arguments, &ids.collect::<Vec<_>>()].concat();
    // What is alive of it may miss a ping on a busy machine, or be at work whenever it is looked at.
    let is_dropped = |run: &Run| run.code == 0 && run.stdout.contains("  dropped  ");
    let run = graphctl_until(server.address(), &arguments, is_dropped);
    assert!(is_dropped(&run), "{how:?}: {run:#?}");
    relaunch(how, &server, clean);
    Some(state)
}

/// Launches the same pipeline again, whose own messages flow, and no others.
fn relaunch(how: Phantom, server: &Server, clean: f64) {
    let pipeline = Pipeline::running(server, &Options::two_processes());
    let rate = pipeline.rate_over(SECOND);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert!(rate >= FULL_RATE * clean, "{how:?}: {rate} messages a second, once {clean}");
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()), "{how:?}");
}

/// Reaps beside a healthy scene again and again, which must not notice. Returns the state it was judged.
fn spare(python: &Path, how: Healthy) -> &'static str {
    let scene = Scene::start(python, how);
    let before = scene.witness();
    let mut states = judged(scene.address());
    if how == Healthy::Busy {
        // A look finds it live only between two steps of its work.
        let deadline = Instant::now() + PATIENCE;
        while states.iter().any(|(state, _)| state != "live") && Instant::now() < deadline {
            states = judged(scene.address());
        }
    }
    let reap = ["sessions", "reap", "--kill", "--older-than", "1s", "-y"];
    for _ in 0..5 {
        let run = graphctl(scene.address(), &reap);
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{how:?}: {run:#?}");
    }
    scene.expect_flow(SECOND);
    let run = graphctl(scene.address(), &reap);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{how:?}: {run:#?}");
    assert_eq!(scene.witness(), before, "{how:?}");
    scene.conclude();
    let worst = states.first().map_or("observer", |(state, _)| state.as_str());
    STATES.iter().find(|state| **state == worst).expect("a state of ours")
}

/// How often a state was judged, by state.
type Counts = BTreeMap<&'static str, usize>;

/// Plays all scenes, a few at once.
fn play<T: Copy + Sync>(all: &[T], judge: impl Fn(T) -> Option<&'static str> + Sync) -> Counts {
    let (next, counts) = (Mutex::new(all.iter()), Mutex::new(Counts::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(scene) = { next.lock().expect("a queue").next() } {
                    if let Some(state) = judge(*scene) {
                        *counts.lock().expect("counts").entry(state).or_default() += 1;
                    }
                }
            });
        }
    });
    counts.into_inner().expect("counts")
}

/// The table, as it stands in docs/judgement.md.
fn table(dead: &Counts, healthy: &Counts) -> String {
    let mut table = format!("| | {} |\n|---|{}\n", STATES.join(" | "), "---|".repeat(STATES.len()));
    for (name, counts) in [("dead or stuck", dead), ("healthy", healthy)] {
        let cells = STATES.map(|state| counts.get(state).copied().unwrap_or_default().to_string());
        let total: usize = counts.values().sum();
        let _ = writeln!(table, "| {name}: {total} | {} |", cells.join(" | "));
    }
    table
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is what one wants to see")]
fn the_dead_are_cleared_and_the_healthy_are_never_touched() {
    let python = lab::ezmsg("3.9.0");
    let clean = {
        let server = Server::start(&python);
        Pipeline::running(&server, &Options::two_processes()).rate_over(SECOND)
    };
    let dead = play(&Phantom::ALL, |how| clear(&python, how, clean));
    let healthy = play(&Healthy::ALL, |how| Some(spare(&python, how)));
    let table = table(&dead, &healthy);
    println!("{table}");
    let page = include_str!("../../docs/judgement.md");
    assert!(page.contains(&table), "the table of verdicts in docs/judgement.md is to be:\n{table}");
}
