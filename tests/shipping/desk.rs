//! The recipes for the machine that one works at: a service that watches, and tmux's status line.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::lab::{PATIENCE, Process, free_address};
use crate::run::GRAPHCTL;
use crate::screen::Screen;
use crate::stage;
use crate::workshop::{Workshop, project, run};

const SERVICE: &str = "graphctl-watch.service";

/// What the service says after each `KEY=`.
fn settings<'a>(service: &'a str, key: &str) -> Vec<&'a str> {
    service.lines().filter_map(|line| line.strip_prefix(key)?.strip_prefix('=')).collect()
}

/// Where it says that graphctl is, and on this machine it is not.
fn installed(service: &str) -> &str {
    settings(service, "ExecStart")[0].split(' ').next().expect("it starts a program")
}

fn text(path: PathBuf) -> String {
    path.into_os_string().into_string().expect("a path of ours is text")
}

fn recipe(name: &str) -> String {
    let file = project().join("examples/recipes").join(name);
    fs::read_to_string(file).expect("the recipe can be read")
}

/// Whether there is such a program; a test that is skipped says so.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
fn is_there(program: &str, option: &str) -> bool {
    let is_there = Command::new(program).arg(option).output().is_ok();
    if !is_there {
        eprintln!("skipped: there is no {program}");
    }
    is_there
}

#[test]
fn systemd_has_no_complaint_about_the_service() {
    if !is_there("systemd-analyze", "--version") {
        return;
    }
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let unit = folder.path().join(SERVICE);
    let service = recipe(SERVICE);
    fs::write(&unit, service.replace(installed(&service), GRAPHCTL)).expect("it can be written");
    let output = Command::new("systemd-analyze").arg("verify").arg(&unit).output();
    let output = output.expect("it was there a moment ago");
    let said = String::from_utf8_lossy(&output.stderr);
    // It also tells about other units of this machine.
    let complaints: Vec<_> = said.lines().filter(|line| line.contains(SERVICE)).collect();
    assert!(output.status.success() && complaints.is_empty(), "{said}");
}

/// Runs `ExecStart` as systemd does, which knows neither shells nor quotes here, with a server, a lease and a folder
/// for logs that are this test's own.
#[test]
fn the_service_drops_a_phantom_when_its_lease_has_ended() {
    let (workshop, _phantom) = Workshop::with_phantom();
    let service = recipe(SERVICE);
    let variables = [("EZMSG_GRAPHSERVER_ADDR", workshop.server.address()), ("LEASE", "1s")];
    let given = settings(&service, "Environment");
    let given = given.iter().map(|it| it.split_once('=').expect("NAME=VALUE").0);
    assert_eq!(given.collect::<Vec<_>>(), variables.map(|(name, _)| name));
    // systemd makes it.
    let logs = workshop.folder().join(settings(&service, "LogsDirectory")[0]);
    fs::create_dir(&logs).expect("a folder can be made");

    let filled = settings(&service, "ExecStart")[0]
        .replace("${LEASE}", variables[1].1)
        .replace("/var/log", &text(workshop.folder().to_path_buf()));
    let mut words = filled.split(' ').map(|word| word.replace(installed(&service), GRAPHCTL));
    let mut command = Command::new(words.next().expect("it starts a program"));
    command.args(words).envs(variables);
    let mut watch = Process::spawn(filled.clone(), command);
    watch.wait_event("dropped", PATIENCE);
    watch.signal("TERM");
    assert!(watch.wait_exit(PATIENCE).success(), "{}", watch.stderr());
    workshop.expect_cleared();

    let audit = fs::read_to_string(logs.join("audit.jsonl")).expect("there is an audit");
    let line: Value = serde_json::from_str(&audit).expect("it is one line of JSON");
    assert_eq!(line["outcome"], "dropped", "{line:#}");
}

/// Runs what tmux's status line runs, as tmux does.
fn status(workshop: &Workshop, address: &str) -> String {
    let recipe = recipe("tmux.conf");
    let (_, rest) = recipe.split_once("'#(").expect("it runs a command");
    let (script, _) = rest.split_once(")'").expect("the command ends");
    let run = run(workshop.command(&["sh", "-c", script]).env("EZMSG_GRAPHSERVER_ADDR", address));
    assert_eq!((run.code, run.stderr.as_str()), (0, ""));
    run.stdout
}

#[test]
fn the_status_line_counts_what_is_stale_and_is_silent_otherwise() {
    let workshop = Workshop::open();
    assert_eq!(status(&workshop, workshop.server.address()), "");
    assert_eq!(status(&workshop, &free_address()), "");
    let (workshop, _phantom) = Workshop::with_phantom();
    stage::wait_until_judged(&workshop.server, "stale ghost");
    assert_eq!(status(&workshop, workshop.server.address()), "1 stale\n");
}

#[test]
fn tmux_shows_it() {
    if !is_there("tmux", "-V") {
        return;
    }
    let (workshop, _phantom) = Workshop::with_phantom();
    stage::wait_until_judged(&workshop.server, "stale ghost");
    let [config, socket] =
        [workshop.bring_recipe("tmux.conf"), workshop.folder().join("socket")].map(text);
    // Its server, which would stay, ends when its only client does.
    let tmux = ["tmux", "-S", &socket, "-f", &config, "new-session", "cat", ";"];
    let client = workshop.command(&[&tmux[..], &["set", "destroy-unattached", "on"]].concat());
    Screen::of(&client, 80, 10).wait_for("1 stale");
}
