//! The recipe that names the component keys of a pipeline that is not started, against what a server then shows.

use std::fs;
use std::process::Command;
use std::thread;

use crate::lab::{Phantom, Process};
use crate::run::{Run, graphctl_until};
use crate::stage;
use crate::workshop::{Workshop, block};

/// The forms of `systems.py`.
const FORMS: [&str; 7] = ["flat", "nested", "empty", "unit", "several", "root", "alone"];

/// Runs a script of the folder that may start nothing.
fn without_starting(workshop: &Workshop, words: &[&str]) -> Run {
    workshop.run(&[&["python", "nothing_starts.py"], words].concat())
}

/// One with all that it takes to name keys.
fn workshop() -> Workshop {
    let workshop = Workshop::open();
    workshop.bring_recipe("component_keys.py");
    for file in ["systems.py", "nothing_starts.py"] {
        workshop.bring(&format!("tests/shipping/{file}"));
    }
    workshop
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort_unstable();
    keys
}

/// What the server shows of the one pipeline that runs on it.
fn registered(workshop: &Workshop, form: &str) -> Vec<String> {
    let server = stage::server();
    let mut command = Command::new(workshop.python());
    command.args(["systems.py", "run", form]).current_dir(workshop.folder());
    command.env("EZMSG_GRAPHSERVER_ADDR", server.address());
    let _running = Process::spawn(form.to_owned(), command);
    let components = |run: &Run| run.json()["sessions"][0]["components"].clone();
    let has_any = |run: &Run| components(run).as_array().is_some_and(|keys| !keys.is_empty());
    let run = graphctl_until(server.address(), &["sessions", "list", "-o", "json"], has_any);
    let keys = serde_json::from_value(components(&run));
    sorted(keys.unwrap_or_else(|_| panic!("{form} never came: {run:#?}")))
}

#[test]
fn the_keys_that_are_named_are_just_those_that_the_server_then_shows() {
    let workshop = workshop();
    thread::scope(|scope| {
        for form in FORMS {
            let workshop = &workshop;
            scope.spawn(move || {
                let named = without_starting(workshop, &["systems.py", "keys", form]);
                assert_eq!((named.code, named.stderr.as_str()), (0, ""), "{form}");
                let named = sorted(named.stdout.lines().map(str::to_owned).collect());
                assert_eq!(named, registered(workshop, form), "{form}");
            });
        }
    });
}

#[test]
fn whatever_would_start_something_while_keys_are_named_would_be_noticed() {
    let workshop = workshop();
    let run = without_starting(&workshop, &["systems.py", "run", "flat"]);
    assert_eq!((run.code, run.stdout.as_str()), (1, ""), "{run:#?}");
    workshop.expect_cleared();
}

#[test]
fn the_two_lines_of_the_readme_tell_check_what_will_be_launched() {
    let workshop = workshop();
    fs::write(
        workshop.folder().join("keys.py"),
        format!("from systems import Nested as System\n{}", block("keys.py")),
    )
    .expect("a script can be written");
    let named = without_starting(&workshop, &["keys.py"]);
    assert_eq!((named.code, named.stderr.as_str()), (0, ""));
    let form = without_starting(&workshop, &["systems.py", "keys", "nested"]);
    assert_eq!(named.stdout, form.stdout);

    let check = ["bash", "-eo", "pipefail", "-c", &block("check the keys")];
    assert_eq!(workshop.run(&check).code, 0);
    let _phantom = workshop.ten_minutes_after(Phantom::NeverStopped);
    let held = workshop.run(&check);
    assert_eq!(held.code, 1, "{held:#?}");
}
