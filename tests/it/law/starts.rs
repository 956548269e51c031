//! Pipelines that take long to start, and strangers that come and leave meanwhile.

use std::time::Duration;

use crate::lab::{Options, PATIENCE, Pipeline, Rig, Rigged, Runner, Server, StartMethod};
use crate::stage::{assert_full_rate, server, starting};

use super::{OLD_START, expect_untouched, play_at_once, torture};

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

/// A pipeline of one process waits in `initialize` while a tool without metadata comes and leaves.
fn start_beside_a_tool(tool: Rig) {
    let mut server = server();
    let pipeline = starting(&server, Options::default());
    let tool = Rigged::start(&server, tool);
    leave(&mut server, tool);
    expect_untouched(&mut server, &pipeline, |server| torture(server, &[]));
    expect_good_start(&pipeline);
}

#[test]
fn slow_start_charged_with_a_tool_that_left() {
    start_beside_a_tool(Rig::Tool);
}

#[test]
fn slow_start_charged_with_many_tools_that_left() {
    start_beside_a_tool(Rig::ManyTools);
}

/// Its registration is older than the session.
#[test]
fn slow_start_charged_with_a_tool_that_was_there_before() {
    let mut server = server();
    let tool = Rigged::start(&server, Rig::Tool);
    let pipeline = starting(&server, Options::default());
    leave(&mut server, tool);
    expect_untouched(&mut server, &pipeline, |server| torture(server, &[]));
    expect_good_start(&pipeline);
}

/// The second one has all its processes when the tool leaves.
#[test]
fn slow_start_charged_beside_another_slow_start() {
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
