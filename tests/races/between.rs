//! What changes between the look and the blow is not dropped for what it was.

use std::process::Child;
use std::thread;

use serde_json::{Value, json};

use crate::gate::{Before, Gate};
use crate::lab::{Client, Options, PATIENCE, Phantom, Pipeline, Program, Server, phantom};
use crate::run::{Run, command, finish, graphctl, graphctl_until};
use crate::stage::{assert_full_rate, relaunch, server, wait_until_judged};

/// A session without owners may have failed to start, and goes with suspects.
const IMPATIENT: [&str; 3] = ["--start-timeout", "1ms", "--include-suspect"];

/// Between the look and the blow.
const BOTH: [Before; 2] = [Before::SecondLook, Before::Blow];

/// At each of the two moments, with a server of its own.
fn at_both(scene: impl Fn(Before) + Sync) {
    thread::scope(|scope| {
        for moment in BOTH {
            let scene = &scene;
            scope.spawn(move || scene(moment));
        }
    });
}

/// Reaps through a gate, and changes the world while it is shut.
fn reap_while(
    server: &mut Server,
    moment: Before,
    arguments: &[&str],
    change: impl FnOnce(&mut Server),
) -> Run {
    let (gate, reaping) = begin(server, &[moment], arguments);
    gate.held();
    change(server);
    gate.open();
    finish(reaping)
}

/// A reap that is on its way to a gate.
fn begin(server: &Server, moments: &[Before], arguments: &[&str]) -> (Gate, Child) {
    let gate = Gate::before(server.address(), moments);
    let arguments = [&["sessions", "reap", "-o", "json"], arguments].concat();
    let reaping = command(gate.address(), &arguments).spawn().expect("graphctl starts");
    (gate, reaping)
}

/// There were targets, and all came to this.
#[track_caller]
fn expect_outcome(run: &Run, code: i32, outcome: &str) {
    let targets = run.json()["targets"].take();
    let outcomes: Vec<_> =
        targets.as_array().expect("targets").iter().map(|it| &it["outcome"]).collect();
    let all = !outcomes.is_empty() && outcomes.iter().all(|it| **it == outcome);
    assert!(run.code == code && all, "{run:#?}");
}

#[test]
fn a_gate_that_opens_on_the_same_world_spares_nobody() {
    at_both(|moment| {
        let mut server = server();
        let _phantom = phantom(&server, Phantom::CleanupInterrupted, "SYSTEM");
        wait_until_judged(&server, "stale abandoned");
        // Behind the gate, a relay, graphctl does not see the opener.
        let run = reap_while(&mut server, moment, &["--include-suspect"], |_| ());
        expect_outcome(&run, 0, "dropped");
        relaunch(&server);
    });
}

#[test]
fn a_stopped_backend_that_continues_is_spared() {
    at_both(|moment| {
        let mut server = server();
        let phantom = phantom(&server, Phantom::BackendStopped, "SYSTEM");
        let before = server.witness();
        wait_until_judged(&server, "suspect unresponsive");
        let run = reap_while(&mut server, moment, &["--include-suspect"], |server| {
            phantom.signal_pid("CONT", phantom.unit_pid("PUB"));
            server.wait_state("its answers", |state| state["pings"] == 0);
        });
        expect_outcome(&run, 3, "changed");
        assert_eq!(server.witness(), before);
        assert_full_rate(&phantom);
    });
}

/// A runner that starts in its own way, of which the stacks do not show that its start goes on.
#[test]
fn a_start_that_comes_to_its_end_is_spared() {
    at_both(|moment| {
        let mut server = server();
        let options = Options::default();
        let python = server.python().to_owned();
        let mut slow = Pipeline::started_by(Program::Subclass, &python, &server, &options);
        slow.wait_event("waiting", PATIENCE);
        let run = reap_while(&mut server, moment, &IMPATIENT, |_| {
            slow.tell("go");
            slow.wait_event("running", PATIENCE);
        });
        expect_outcome(&run, 3, "changed");
        assert_full_rate(&slow);
    });
}

/// A start may take so long.
const START_TIMEOUT: [&str; 2] = ["--start-timeout", "4s"];

/// What takes longer goes.
const PATIENT: [&str; 3] = ["--start-timeout", "4s", "--include-suspect"];

/// A session that has been starting for longer.
fn late(server: &Server) -> Client {
    let session = Client::silent_session(server, &["SYSTEM", "SYSTEM/PUB"]);
    let is_late = |run: &Run| run.stdout.contains("never-started");
    let listing = [&["sessions", "list"], &START_TIMEOUT[..]].concat();
    assert!(is_late(&graphctl_until(server.address(), &listing, is_late)));
    session
}

/// What it registers also shows that its client lives: it has more time to start.
#[test]
fn a_session_that_registers_more_is_spared() {
    at_both(|moment| {
        let mut server = server();
        let mut growing = late(&server);
        let run = reap_while(&mut server, moment, &PATIENT, |_| {
            growing.tell("SYSTEM/SUB");
            growing.wait_event("registered", PATIENCE);
        });
        expect_outcome(&run, 3, "changed");
        assert_eq!(server.witness().sessions_of("SYSTEM/SUB"), [growing.session_id()]);
        growing.close();
    });
}

/// As of a pipeline that ends: half of it is gone at the blow, and the rest thereafter.
#[test]
fn what_had_changed_and_is_gone_at_the_end_is_already_gone() {
    at_both(|moment| {
        let mut server = server();
        let mut ending = late(&server);
        let (gate, reaping) = begin(&server, &[moment, Before::Report], &PATIENT);
        gate.held();
        ending.tell("SYSTEM/SUB");
        ending.wait_event("registered", PATIENCE);
        gate.open();
        gate.held();
        ending.close();
        server.wait_state("its end", |state| state["clients"] == json!({"SessionInfo": 1}));
        gate.open();
        expect_outcome(&finish(reaping), 0, "already-gone");
    });
}

#[test]
fn a_session_that_its_owner_closes_is_already_gone() {
    at_both(|moment| {
        let mut server = server();
        let silent = Client::silent_session(&server, &["SYSTEM"]);
        let run = reap_while(&mut server, moment, &IMPATIENT, |server| {
            silent.close();
            server.wait_state("its end", |state| state["clients"] == json!({"SessionInfo": 1}));
        });
        expect_outcome(&run, 0, "already-gone");
    });
}

#[test]
fn who_was_launched_again_has_nothing_to_do_with_the_phantom() {
    at_both(|moment| {
        let mut server = server();
        let dead = phantom(&server, Phantom::CleanupInterrupted, "SYSTEM");
        wait_until_judged(&server, "stale abandoned");
        let mut relaunched = None;
        let run = reap_while(&mut server, moment, &["--include-suspect"], |server| {
            drop(dead);
            server.wait_state("its end", |state| state["clients"] == json!({"SessionInfo": 1}));
            relaunched = Some(Pipeline::running(server, &Options::two_processes()));
        });
        expect_outcome(&run, 0, "already-gone");
        assert_full_rate(relaunched.as_ref().expect("it was launched"));
        let live: Value = graphctl(server.address(), &["sessions", "list", "-o", "json"]).json();
        assert_eq!(live["sessions"][0]["verdict"], "live", "{live:#}");
    });
}
