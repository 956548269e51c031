//! The other ways in which pipelines die, and what a reap makes of them today.

use crate::lab::{Phantom, phantom};

use crate::stage::{reap, relaunch, server, wait_until_judged};

/// Makes a phantom, expects the verdict, reaps it with these arguments, and launches it again.
#[track_caller]
fn clears(how: Phantom, verdict: &str, arguments: &[&str]) {
    let server = server();
    let _phantom = phantom(&server, how, "SYSTEM");
    wait_until_judged(&server, verdict);
    let did = reap(&server, arguments);
    assert_eq!(did.code, 0, "{did:#?}");
    assert!(did.stdout.contains("dropped"), "{did:#?}");
    relaunch(&server);
}

#[test]
fn the_main_process_was_killed_and_its_heir_publishes_on() {
    clears(Phantom::MainKilled, "stale headless", &[]);
}

#[test]
fn a_backend_was_killed() {
    clears(Phantom::BackendKilled, "suspect partial", &["--include-suspect"]);
}

#[test]
fn a_helper_of_the_user_holds_the_session() {
    clears(Phantom::HelperSurvived, "stale abandoned", &[]);
}

#[test]
fn the_main_process_was_killed_and_backends_of_a_fork_server_live_on() {
    clears(Phantom::MainKilledForkserver, "stale leftover", &[]);
}

#[test]
fn a_unit_raised_in_shutdown_and_the_interpreter_stays() {
    clears(Phantom::ShutdownRaised, "stale leftover", &[]);
}

/// One unit answers and the other never came: whether it will is a matter of time.
#[test]
fn a_unit_raised_in_initialize() {
    let at_once = ["--include-suspect", "--start-timeout", "1ms"];
    clears(Phantom::InitializeFailed, "starting", &at_once);
}
