//! The table of docs/judgement.md: every failed and every healthy scene is judged, reaped and launched again.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::lab::{self, Healthy, Options, PATIENCE, Phantom, Pipeline, Scene, Server, phantom};
use crate::run::{Run, graphctl_until};
use crate::viewer::{Place, PublicCopy, Viewer, verdict};

const SECOND: Duration = Duration::from_secs(1);

/// How many scenes are played at once.
const WORKERS: usize = 2;

/// The share of the clean server's rate that a relaunched pipeline must reach.
const FULL_RATE: f64 = 0.8;

/// Where graphctl looks from, with the words of the table for that.
const PLACES: [(Place, &str); 4] = [
    (Place::Here, ""),
    (Place::OtherUser, ", as another user"),
    (Place::Container, ", from a container"),
    (Place::BehindRelay, ", behind a relay"),
];

/// The columns of the table.
const STATES: [&str; 6] = ["stale", "suspect", "starting", "unknown", "observer", "live"];

/// What all scenes share.
struct Lab {
    python: PathBuf,
    copy: PublicCopy,
    /// The rate of the pipeline on a server without phantoms, in messages a second.
    clean: f64,
}

/// A state and its reason.
type Verdict = (&'static str, &'static str);

/// What is to become of a phantom.
enum Fate {
    /// It is stale for that reason, and a reap clears it.
    Stale(&'static str),
    /// It may be alive, and is dropped with `--include-suspect`.
    Suspect(&'static str),
    /// All answer: a drop requires its full id and `--force`.
    Live,
    /// The same: the program that started its processes is running.
    Unknown,
    /// It leaves nothing on the server.
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

/// The verdict on a phantom for a graphctl that cannot read the stacks of its processes: `start-failed` and `abandoned`
/// cannot be proven.
fn without_stacks((state, reason): Verdict) -> Verdict {
    match reason {
        "start-failed" => ("starting", ""),
        "abandoned" => ("suspect", "partial"),
        _ => (state, reason),
    }
}

/// The server of one scene, seen from all places that this machine has.
fn viewers<'a>(copy: &'a PublicCopy, address: &str) -> Vec<Viewer<'a>> {
    PLACES.iter().filter_map(|(place, _)| Viewer::new(*place, copy, address, None)).collect()
}

/// Plays a phantom through: judged from all places, refused, reaped, launched again. Returns the states it was judged.
fn clear(lab: &Lab, how: Phantom) -> Vec<(Place, &'static str)> {
    let server = Server::start(&lab.python);
    let _phantom = phantom(&server, how, "SYSTEM");
    let (verdict, arguments): (Verdict, &[&str]) = match fate(how) {
        Fate::Stale(reason) => (("stale", reason), &["sessions", "reap"]),
        Fate::Suspect(reason) => (("suspect", reason), &["sessions", "reap", "--include-suspect"]),
        Fate::Live => (("live", ""), &["sessions", "drop", "-y", "--force"]),
        Fate::Unknown => (("unknown", ""), &["sessions", "drop", "-y", "--force"]),
        Fate::Nothing => {
            relaunch(how, &server, lab.clean);
            return vec![];
        }
    };
    let viewers = viewers(&lab.copy, server.address());
    let seen = |viewer: &Viewer<'_>| {
        let is_here = viewer.place == Place::Here;
        let verdict = if is_here { verdict } else { without_stacks(verdict) };
        viewer.wait_until_judged(&[], verdict);
        (viewer.place, verdict.0)
    };
    let states = viewers.iter().map(seen).collect();
    let here = &viewers[0];
    Pipeline::start(&server, &Options::two_processes()).wait_refused(PATIENCE);
    here.wait_until_judged(&[], verdict);
    let cases = if arguments.contains(&"drop") { here.keyed(&[]) } else { vec![] };
    let ids = cases.iter().filter_map(|case| case["id"].as_str());
    let arguments = [arguments, &ids.collect::<Vec<_>>()].concat();
    // What is alive of it may miss a ping on a busy machine, or be at work whenever it is looked at.
    let is_dropped = |run: &Run| run.code == 0 && run.stdout.contains("  dropped  ");
    let run = graphctl_until(server.address(), &arguments, is_dropped);
    assert!(is_dropped(&run), "{how:?}: {run:#?}");
    relaunch(how, &server, lab.clean);
    states
}

/// Launches the same pipeline again, whose own messages flow, and no others.
fn relaunch(how: Phantom, server: &Server, clean: f64) {
    let pipeline = Pipeline::running(server, &Options::two_processes());
    let rate = pipeline.rate_over(SECOND);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert!(rate >= FULL_RATE * clean, "{how:?}: {rate} messages a second, once {clean}");
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()), "{how:?}");
}

/// Reaps twice from each place on the server of a healthy scene, which must keep running. Returns its states.
fn spare(lab: &Lab, how: Healthy) -> Vec<(Place, &'static str)> {
    let scene = Scene::start(&lab.python, how);
    let viewers = viewers(&lab.copy, scene.address());
    let before = scene.witness();
    let states = viewers.iter().map(|it| (it.place, state_of_healthy(it, how))).collect();
    let reap = |viewer: &Viewer<'_>| {
        let run = viewer.run(&["sessions", "reap", "--kill", "--older-than", "1s", "-y"]);
        let place = viewer.place;
        assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{how:?}, {place:?}: {run:#?}");
    };
    for viewer in viewers.iter().chain(&viewers) {
        reap(viewer);
    }
    scene.expect_flow(SECOND);
    reap(&viewers[0]);
    assert_eq!(scene.witness(), before, "{how:?}");
    scene.conclude();
    states
}

/// The worst state of what is seen of a healthy scene.
fn state_of_healthy(viewer: &Viewer<'_>, how: Healthy) -> &'static str {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let cases = viewer.keyed(&[]);
        let is_seen = |state: &&&str| cases.iter().any(|it| verdict(it).0 == **state);
        let worst = STATES.iter().find(is_seen).copied().unwrap_or("observer");
        // A look finds it live only between two steps of its work.
        if how != Healthy::Busy || worst == "live" || Instant::now() > deadline {
            return worst;
        }
    }
}

/// How often a state was judged, by place and state.
type Counts = BTreeMap<(Place, &'static str), usize>;

/// Plays all scenes, a few at once.
fn play<T: Copy + Sync>(
    all: &[T],
    judge: impl Fn(T) -> Vec<(Place, &'static str)> + Sync,
) -> Counts {
    let (next, counts) = (Mutex::new(all.iter()), Mutex::new(Counts::new()));
    std::thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(scene) = { next.lock().expect("a queue").next() } {
                    for judged in judge(*scene) {
                        *counts.lock().expect("counts").entry(judged).or_default() += 1;
                    }
                }
            });
        }
    });
    counts.into_inner().expect("counts")
}

/// The rows of the table in docs/judgement.md.
fn rows(name: &str, counts: &Counts) -> Vec<String> {
    let row = |(place, words): &(Place, &str)| {
        let count = |state| counts.get(&(*place, state)).copied().unwrap_or_default();
        let cells = STATES.map(|state| count(state).to_string());
        let total: usize = STATES.map(count).iter().sum();
        (total > 0).then(|| format!("| {total} {name}{words} | {} |\n", cells.join(" | ")))
    };
    PLACES.iter().filter_map(row).collect()
}

#[test]
#[expect(clippy::print_stdout, reason = "the table is what one wants to see")]
fn the_dead_are_cleared_and_the_healthy_are_never_touched() {
    let python = lab::ezmsg("3.9.0");
    let clean = {
        let server = Server::start(&python);
        Pipeline::running(&server, &Options::two_processes()).rate_over(SECOND)
    };
    let lab = Lab { python, copy: PublicCopy::new(), clean };
    let dead = play(&Phantom::ALL, |how| clear(&lab, how));
    let healthy = play(&Healthy::ALL, |how| spare(&lab, how));
    let rows = [rows("dead or stuck", &dead), rows("healthy", &healthy)].concat();
    println!("{}", rows.concat());
    let page = include_str!("../../docs/judgement.md");
    let (_, table) = page.split_once("<!-- verdicts, measured -->\n").expect("the table");
    let (table, _) = table.split_once("<!-- end -->").expect("the end of the table");
    let head = format!("| | {} |\n|---|{}\n", STATES.join(" | "), "---|".repeat(STATES.len()));
    let written = table.strip_prefix(&head).expect("the columns of the table");
    if rows.len() == 2 * PLACES.len() {
        assert_eq!(written, rows.concat(), "the table of docs/judgement.md");
    } else {
        // This machine lacks some places.
        assert!(rows.iter().all(|row| written.contains(row)), "{rows:#?}");
    }
}
