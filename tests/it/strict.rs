//! Servers whose Python makes every warning an error.

use std::path::Path;

use crate::environment::{self, HIDING, mounting};
use crate::lab::{self, Options, Pipeline, Server};
use crate::run::{Run, graphctl};
use crate::stage::assert_full_rate;

#[test]
fn no_command_causes_a_warning_in_the_server() {
    expect_no_warning(&lab::ezmsg("3.9.0"));
}

#[test]
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn no_command_causes_a_warning_in_python_3_14() {
    let Some(python) = lab::python_version("3.14") else {
        eprintln!("skipped: this machine has no Python 3.14");
        return;
    };
    expect_no_warning(&lab::environment_of(&python, &["ezmsg==3.9.0"]));
}

/// A warning would be raised in the admin program, and then the request fails; or it would be in the server's log.
fn expect_no_warning(python: &Path) {
    let mut server = Server::start_strict(python);
    let pipeline = Pipeline::running(&server, &Options::two_processes());
    let healthy = server.witness().sessions().remove(0);
    let (dead, forced) = (server.ghost_of(&["DEAD"]), server.ghost_of(&["FORCED"]));
    let commands: [(&[&str], i32); 7] = [
        (&["sessions", "list"], 0),
        (&["sessions", "show", &healthy, "--stacks"], 0),
        (&["sessions", "check", "SYSTEM"], 1),
        (&["sessions", "drop", &healthy], 3),
        (&["sessions", "drop", &forced, "--force"], 0),
        (&["sessions", "reap"], 0),
        (&["server", "status"], 0),
    ];
    for (arguments, code) in commands {
        expect_code(&graphctl(server.address(), arguments), code);
    }
    if let Some(around) = mounting(HIDING[0]) {
        // The processes are hidden from graphctl, so the server reads its machine.
        let show = ["sessions", "show", &healthy];
        expect_code(&environment::run(&around, HIDING[0], server.address(), &show), 0);
    }
    assert_full_rate(&pipeline);
    let sessions = server.witness().sessions();
    assert!(!sessions.contains(&dead) && !sessions.contains(&forced), "{sessions:?}");
    assert!(sessions.contains(&healthy), "{sessions:?}");
    assert_eq!(server.log(), "", "the server has logged something");
}

#[track_caller]
fn expect_code(run: &Run, code: i32) {
    assert_eq!(run.code, code, "{run:#?}");
}
