//! `run`: pipelines, however they end, and what they leave on the server.

use std::time::Duration;

use serde_json::Value;

use crate::lab::{Options, PATIENCE, Phantom, Pipeline, Server, Side, launched_phantom};
use crate::run::GRAPHCTL;
use crate::stage::{assert_full_rate, server};

/// Starts what follows under guard.
fn launcher(server: &Server, options: &[&str]) -> Side {
    let graphctl = [GRAPHCTL, "--address", server.address(), "run", "--grace", "2s"];
    Side::run_by(&[&graphctl, options, &["--"]].concat())
}

fn guarded(server: &Server, options: &[&str], name: &str) -> Pipeline {
    let two = Options { name: name.into(), ..Options::two_processes() };
    let pipeline = Pipeline::launched_by(&launcher(server, options), server, &two);
    pipeline.wait_event("running", PATIENCE);
    pipeline
}

/// The number of the server's clients by kind.
fn clients(server: &mut Server) -> Value {
    server.state()["clients"].clone()
}

/// Waits until the server holds what it held before. The endpoints of those that have just ended are closed, and
/// it may not have read that yet.
fn wait_clean(server: &mut Server, before: &Value) {
    server.wait_state("its old clients", |state| state["clients"] == *before);
}

/// Expects a pipeline that runs beside to have lost nothing since.
fn expect_undisturbed(pipeline: &Pipeline) {
    assert_full_rate(pipeline);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
}

/// How it is brought to its end, where it does not end by itself.
#[derive(Clone, Copy, Debug)]
enum Last {
    /// Its main process has ended.
    Nothing,
    /// It may leave.
    Leave,
    /// Somebody sends a signal to graphctl.
    Terminate,
    /// Somebody kills its main process.
    Kill,
}

/// Every way to die badly of a pipeline that was launched, how it is brought to its end, and its status.
const ENDS: [(Phantom, Last, i32); 20] = [
    (Phantom::MainKilled, Last::Nothing, 137),
    (Phantom::MainKilledFlowing, Last::Nothing, 137),
    (Phantom::MainKilledSpawn, Last::Nothing, 137),
    (Phantom::MainKilledForkserver, Last::Nothing, 137),
    (Phantom::MainTerminated, Last::Nothing, 143),
    (Phantom::MainTerminatedFlowing, Last::Nothing, 143),
    (Phantom::MainTerminatedSpawn, Last::Nothing, 143),
    (Phantom::MainTerminatedForkserver, Last::Nothing, 143),
    (Phantom::HelperSurvived, Last::Nothing, 137),
    (Phantom::InitializeFailed, Last::Terminate, 143),
    (Phantom::StartInterrupted, Last::Terminate, 143),
    (Phantom::CleanupRaised, Last::Leave, 0),
    (Phantom::CleanupInterrupted, Last::Terminate, 143),
    (Phantom::CleanupHangs, Last::Kill, 137),
    (Phantom::ShutdownRaised, Last::Terminate, 143),
    (Phantom::BackendKilled, Last::Terminate, 143),
    (Phantom::BackendStopped, Last::Terminate, 143),
    (Phantom::MainStopped, Last::Kill, 137),
    (Phantom::UnitBlocks, Last::Terminate, 143),
    (Phantom::UnitBlocksAlone, Last::Terminate, 143),
];

#[test]
fn nothing_survives_however_a_pipeline_ends() {
    let mut server = server();
    let beside = Options { name: "BESIDE".into(), ..Options::two_processes() };
    let beside = Pipeline::running(&server, &beside);
    let before = clients(&mut server);
    let counted = |beside: &Pipeline| beside.counts_over(Duration::ZERO).1;
    let start = counted(&beside);
    for (how, last, code) in ENDS {
        let mut pipeline = launched_phantom(&launcher(&server, &[]), &server, how, "SYSTEM");
        match last {
            Last::Nothing => {}
            Last::Leave => pipeline.let_go(),
            Last::Terminate => pipeline.signal_pid("TERM", pipeline.launcher()),
            Last::Kill => pipeline.signal("KILL"),
        }
        let status = pipeline.wait_exit(PATIENCE).code();
        assert_eq!(status, Some(code), "{how:?}: {}", pipeline.stderr());
        assert_eq!(pipeline.family(), [0; 0], "{how:?}: {}", pipeline.stderr());
        wait_clean(&mut server, &before);
        let said = pipeline.stderr();
        let complaint = ["not cleared", "not free", "could not be ended"];
        assert!(!complaint.iter().any(|it| said.contains(it)), "{how:?}: {said}");
    }
    let end = counted(&beside);
    let passed = |field: &str| end[field].as_f64().zip(start[field].as_f64()).map(|(b, a)| b - a);
    let rate = passed("total").zip(passed("at")).map(|(messages, seconds)| messages / seconds);
    assert!(rate.is_some_and(|rate| rate > 160.0), "it was to be 200 messages a second: {rate:?}");
    expect_undisturbed(&beside);
}

#[test]
fn nothing_survives_when_graphctl_is_killed() {
    let mut server = server();
    let before = clients(&mut server);
    let mut pipeline = guarded(&server, &[], "SYSTEM");
    pipeline.signal_pid("KILL", pipeline.launcher());
    pipeline.wait_exit(PATIENCE);
    for pid in pipeline.family() {
        pipeline.wait_gone(pid, PATIENCE);
    }
    wait_clean(&mut server, &before);
}

#[test]
fn nothing_survives_when_the_guard_is_killed() {
    let mut server = server();
    let before = clients(&mut server);
    let mut pipeline = guarded(&server, &[], "SYSTEM");
    let guard = parent_of(pipeline.pid());
    let name = std::fs::read_to_string(format!("/proc/{guard}/comm")).expect("it lives");
    assert_eq!(name, "guard\n", "a signal for all that are called graphctl would reach it");
    pipeline.signal_pid("KILL", guard);
    assert_eq!(pipeline.wait_exit(PATIENCE).code(), Some(143));
    assert_eq!(pipeline.family(), [0; 0]);
    pipeline.wait_stderr(PATIENCE, &["the guard was killed: ending what it guarded"]);
    wait_clean(&mut server, &before);
}

/// In `/proc/PID/stat`: `pid (name) state ppid …`.
fn parent_of(pid: u32) -> u32 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).expect("it lives");
    let fields = stat.rsplit_once(')').expect("a name").1;
    fields.split_whitespace().nth(1).expect("a parent").parse().expect("a pid")
}

#[test]
fn one_that_dies_does_not_touch_the_other() {
    let mut server = server();
    let mut staying = guarded(&server, &[], "STAYS");
    let before = clients(&mut server);
    let mut dying = guarded(&server, &[], "DIES");
    dying.signal("KILL");
    assert_eq!(dying.wait_exit(PATIENCE).code(), Some(137));
    wait_clean(&mut server, &before);
    expect_undisturbed(&staying);
    staying.interrupt();
    assert_eq!(staying.wait_exit(PATIENCE).code(), Some(0), "{}", staying.stderr());
}

#[test]
fn what_is_dead_is_reaped_before_the_launch() {
    let mut server = server();
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB", "SYSTEM/SUB"]);
    let mut pipeline = guarded(&server, &["--reap"], "SYSTEM");
    assert_full_rate(&pipeline);
    pipeline.wait_stderr(PATIENCE, &["1 session dropped"]);
    pipeline.interrupt();
    assert_eq!(pipeline.wait_exit(PATIENCE).code(), Some(0));
}
