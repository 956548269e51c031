//! Pipelines that take long to start, while other programs connect and leave.

use std::time::Duration;

use crate::lab::{Options, PATIENCE, Pipeline, Rig, Rigged, Runner, Server, StartMethod};
use crate::run::OLD_START;
use crate::stage::{assert_full_rate, server, starting};

use super::{end_watch, expect_untouched, play_at_once, start_watch, torture, wait_dropped};

/// Ends a slow start, and expects that all messages flow: the edges of the pipeline are intact.
#[track_caller]
fn expect_good_start(pipeline: &Pipeline) {
    pipeline.finish_initialize();
    pipeline.wait_event("running", PATIENCE);
    assert_full_rate(pipeline);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
}

/// Lets a tool leave, and waits until the server has noticed that.
fn leave(server: &mut Server, mut tool: Rigged) {
    tool.let_go();
    tool.wait_event("ended", PATIENCE);
    server.wait_state("no process", |state| state["clients"]["ProcessInfo"].as_u64().is_none());
}

/// When a tool without metadata registers a process. It leaves before the start ends.
#[derive(Clone, Copy)]
enum Visit {
    /// Before the session of the pipeline is there.
    Before,
    /// While the pipeline waits in `initialize`.
    During,
    /// As `During`, after other tools that came and left.
    Repeated,
}

/// A pipeline of one process waits in `initialize`.
fn start_beside_a_tool(visit: Visit) {
    let mut server = server();
    let before = matches!(visit, Visit::Before).then(|| Rigged::start(&server, Rig::Tool));
    let pipeline = starting(&server, Options::default());
    let tool = before.unwrap_or_else(|| match visit {
        Visit::Repeated => Rigged::start(&server, Rig::ManyTools),
        Visit::Before | Visit::During => Rigged::start(&server, Rig::Tool),
    });
    leave(&mut server, tool);
    expect_untouched(&mut server, &pipeline, |server| torture(server, &[]));
    expect_good_start(&pipeline);
}

#[test]
fn slow_start_while_a_tool_leaves() {
    start_beside_a_tool(Visit::During);
}

#[test]
fn slow_start_with_tools_before_it_or_several() {
    play_at_once(&[Visit::Before, Visit::Repeated], start_beside_a_tool);
}

/// The second one has all its processes when the tool leaves.
#[test]
fn two_slow_starts_while_a_tool_leaves() {
    let mut server = server();
    let pipeline = starting(&server, Options::default());
    let second = starting(&server, Options { name: "SECOND".to_owned(), ..Options::default() });
    let mut tool = Rigged::start(&server, Rig::Tool);
    second.finish_initialize();
    second.wait_event("running", PATIENCE);
    tool.let_go();
    tool.wait_event("ended", PATIENCE);
    server.wait_state("one process", |state| state["clients"]["ProcessInfo"] == 1);
    expect_untouched(&mut server, &pipeline, |server| torture(server, &[]));
    expect_good_start(&pipeline);
    assert_full_rate(&second);
}

/// All processes of a pipeline crash, and its program waits before it starts them again. A watch has seen them run.
#[test]
fn restart_after_a_crash() {
    let mut server = server();
    let scene = Rigged::start(&server, Rig::Supervisor);
    let watch = start_watch(server.address(), &[]);
    watch.wait_for("the pipeline", PATIENCE, |it| it["verdict"] == "live");
    for unit in ["SRC", "REC"] {
        scene.signal_pid("KILL", scene.unit_pid(unit));
    }
    scene.wait_event("backing-off", PATIENCE);
    let is_partial = |it: &serde_json::Value| it["reason"] == "partial";
    watch.wait_for("the pipeline without its processes", PATIENCE, is_partial);
    server.ghost();
    wait_dropped(&watch, "the drop of the ghost", |it| it["reason"] == "ghost");
    end_watch(watch);
    assert_eq!(
        server.witness().sessions_of("SYSTEM/REC").len(),
        1,
        "the watch dropped the session"
    );
    expect_untouched(&mut server, &scene, |server| torture(server, &[]));
    scene.open("restart");
    let mut starts = 0;
    scene.wait_for("the second recording", PATIENCE, |it| {
        starts += usize::from(it["event"] == "recording");
        starts == 2
    });
    scene.expect_recording();
    assert_full_rate(&scene);
}

/// A healthy pipeline that waits for longer than the start timeout.
#[test]
fn old_start() {
    let notebook = Options { runner: Runner::Start, ..Options::two_processes() };
    let spawned = Options { start_method: StartMethod::Spawn, ..Options::two_processes() };
    let ways = [Options::default(), Options::two_processes(), spawned, notebook];
    play_at_once(&[0, 1, 2, 3], |way: usize| {
        let mut server = server();
        let pipeline = starting(&server, ways[way].clone());
        if way > 0 {
            server.wait_owned("SYSTEM/SUB");
        }
        expect_untouched(&mut server, &pipeline, |server| torture(server, &OLD_START));
        expect_good_start(&pipeline);
    });
}

/// As `old_start`; `--kill` comes first.
#[test]
fn old_start_and_a_reap_that_ends_processes() {
    let mut server = server();
    let pipeline = starting(&server, Options::default());
    expect_untouched(&mut server, &pipeline, |server| {
        let reap = ["sessions", "reap", "--kill", "-y"];
        super::run(server.address(), &[&OLD_START[..], &reap].concat());
    });
    expect_good_start(&pipeline);
}
