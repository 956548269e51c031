//! What must never be touched, while it starts, runs, idles and stops.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::lab::{
    Client, Options, PATIENCE, Phantom, Pipeline, Process, Runner, Server, Side, StartMethod,
    phantom,
};
use crate::run::{Run, graphctl, graphctl_until};
use crate::stage::{assert_full_rate, server, starting, wait_until_judged};

/// Reaps everything that can be reaped by default; returns how many went.
fn reap(server: &Server) -> usize {
    let arguments = ["sessions", "reap", "--older-than", "1ms", "-y", "-o", "name"];
    let run = graphctl(server.address(), &arguments);
    assert_eq!(run.code, 0, "{run:#?}");
    run.stdout.lines().count()
}

/// Reaps until so many have gone, however often a busy machine leaves them alone.
fn reap_all(server: &Server, number: usize) {
    let deadline = Instant::now() + PATIENCE;
    let mut reaped = 0;
    while reaped < number {
        assert!(Instant::now() < deadline, "{reaped} of {number} were reaped");
        reaped += reap(server);
    }
    assert_eq!(reaped, number);
}

#[test]
fn a_pipeline_of_two_processes_survives_and_loses_nothing() {
    let server = server();
    let mut pipeline = Pipeline::running(&server, &Options::two_processes());
    let before = server.witness();
    for _ in 0..3 {
        assert_eq!(reap(&server), 0);
    }
    assert_full_rate(&pipeline);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
    assert_eq!(server.witness(), before);
    pipeline.interrupt();
    assert_eq!(reap(&server), 0);
    pipeline.wait_exit(PATIENCE);
}

/// From before it is launched until after it has left.
#[test]
fn a_pipeline_is_reaped_beside_from_its_start_to_its_end() {
    let starts = [StartMethod::Fork, StartMethod::Spawn, StartMethod::Forkserver];
    let ways = starts.map(|start_method| Options { start_method, ..Options::two_processes() });
    for options in ways.into_iter().chain([Options::default()]) {
        let server = server();
        let over = AtomicBool::new(false);
        std::thread::scope(|scope| {
            let reaping = scope.spawn(|| {
                let mut reaped = 0;
                while !over.load(Ordering::Relaxed) {
                    reaped += reap(&server);
                }
                reaped
            });
            let mut pipeline = Pipeline::running(&server, &options);
            assert_full_rate(&pipeline);
            let (_, counts) = pipeline.counts_over(Duration::ZERO);
            assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
            pipeline.interrupt();
            pipeline.wait_exit(PATIENCE);
            over.store(true, Ordering::Relaxed);
            assert_eq!(reaping.join().expect("the reaps end well"), 0, "{options:?}");
        });
    }
}

#[test]
fn observers_and_low_level_clients_survive() {
    let server = server();
    let observer = Client::observer(&server);
    let publisher = Client::publisher(&server, "TOPIC");
    let subscriber = Client::subscriber(&server, "TOPIC");
    let before = server.witness();
    assert_eq!(reap(&server), 0);
    let suspects = ["sessions", "reap", "--include-suspect", "-y", "-o", "name"];
    assert_eq!(graphctl(server.address(), &suspects).stdout, "");
    assert_eq!(server.witness(), before);
    let rate = subscriber.rate_over(Duration::from_secs(1));
    assert!(rate > 70.0, "it was to be 100 messages a second: {rate}");
    observer.close();
    publisher.close();
}

#[test]
fn a_pipeline_that_is_slow_to_start_survives_and_then_runs() {
    let server = server();
    let pipeline = starting(&server, Options::two_processes());
    assert_eq!(reap(&server), 0);
    assert_eq!(reap(&server), 0);
    pipeline.finish_initialize();
    pipeline.wait_event("running", PATIENCE);
    assert_full_rate(&pipeline);
}

/// Others came and went on this server while it starts: what they left in the server's history must
/// not be charged to it.
#[test]
fn a_slow_start_is_not_charged_with_the_processes_of_others() {
    let server = server();
    let ended = Options { name: "EARLIER".into(), messages: 20, ..Options::two_processes() };
    Pipeline::start(&server, &ended).wait_event("ended", PATIENCE);
    let overlapping =
        Options { name: "BESIDE".into(), runner: Runner::Start, ..Options::two_processes() };
    let mut beside = Pipeline::running(&server, &overlapping);
    let pipeline = starting(&server, Options::two_processes());
    let later = Options { name: "LATER".into(), messages: 20, ..Options::two_processes() };
    Pipeline::start(&server, &later).wait_event("ended", PATIENCE);
    beside.tell("stop()");
    beside.wait_event("stopped", PATIENCE);
    assert_eq!(reap(&server), 0);
    pipeline.finish_initialize();
    pipeline.wait_event("running", PATIENCE);
    assert_full_rate(&pipeline);
}

/// A tap on what the dead pipeline published stays, and receives what the relaunched one publishes.
#[test]
fn a_tap_outlives_the_phantom_and_receives_the_relaunch() {
    let server = server();
    let early = Client::subscriber(&server, "SYSTEM/PUB/OUTPUT");
    let phantom = phantom(&server, Phantom::MainKilledSpawn, "SYSTEM");
    let late = Client::subscriber(&server, "SYSTEM/PUB/OUTPUT");
    reap_all(&server, 2);
    drop(phantom);
    let pipeline = Pipeline::running(&server, &Options::two_processes());
    assert_full_rate(&pipeline);
    assert_full_rate(&early);
    assert_full_rate(&late);
}

/// The heirs publish on, dropped or not. The taps hear them until the drop, and from then on the relaunch alone.
#[test]
fn taps_outlive_a_headless_pipeline_and_hear_no_more_of_it() {
    let tap = |server: &Server| Client::subscriber(server, "SYSTEM/PUB/OUTPUT");
    let run_of = |pipeline: &Pipeline| pipeline.wait_event("main", PATIENCE)["run"].clone();
    let heard = |tap: &Client, run: &Value| {
        let (_, counts) = tap.counts_over(Duration::ZERO);
        counts["runs"][run.as_str().expect("a run has a name")].as_u64().unwrap_or(0)
    };
    let server = server();
    let early = tap(&server);
    let dead = phantom(&server, Phantom::MainKilledFlowing, "SYSTEM");
    let old = run_of(&dead);
    let between = tap(&server);
    wait_until_judged(&server, "stale headless");
    assert_full_rate(&early);
    assert_full_rate(&between);
    reap_all(&server, 1);

    let until_now = [&early, &between].map(|tap| heard(tap, &old));
    let late = tap(&server);
    early.counts_over(Duration::from_secs(1));
    assert_eq!([&early, &between].map(|tap| heard(tap, &old)), until_now);

    let pipeline = Pipeline::running(&server, &Options::two_processes());
    let new = run_of(&pipeline);
    let latest = tap(&server);
    for tap in [&early, &between, &late, &latest] {
        assert_full_rate(tap);
        assert!(heard(tap, &new) > 0);
    }
    let all_in_all = [&early, &between, &late, &latest].map(|tap| heard(tap, &old));
    assert_eq!(all_in_all, [until_now[0], until_now[1], 0, 0]);
    assert_full_rate(&pipeline);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
    assert!(dead.family().contains(&dead.unit_pid("PUB")), "its heir was not there to be heard");
}

/// The backend of the second runner was forked while the first had its session open, and holds its connection: the
/// server cannot notice that the first runner was stopped.
#[test]
fn a_runner_that_was_stopped_beside_another_is_an_observer_that_backends_hold() {
    let server = server();
    let program = Process::start(
        &Side::default(),
        server.python(),
        "two_runners.py",
        &[server.address().into()],
    );
    program.wait_event("stopped", PATIENCE);
    let known = "it registered no components";
    let left =
        "only processes that run units hold its connection, and none was seen reading it: pid ";
    let list = ["sessions", "list", "-o", "json"];
    let is_described = |run: &Run| {
        let sessions = run.json()["sessions"].as_array().expect("sessions").clone();
        let [first, second] = &sessions[..] else { return false };
        let told = first["evidence"].as_array().expect("evidence");
        second["verdict"] == "live"
            && first["verdict"] == "observer"
            && told[0] == known
            && told.get(1).and_then(Value::as_str).is_some_and(|it| it.starts_with(left))
    };
    let run = graphctl_until(server.address(), &list, is_described);
    assert!(is_described(&run), "{run:#?}");
    let reap = graphctl(server.address(), &["sessions", "reap", "--include-suspect", "--kill"]);
    assert_eq!((reap.code, &*reap.stderr), (0, "nothing to drop\n"), "{reap:#?}");
}
