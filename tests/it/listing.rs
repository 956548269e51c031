//! `list`, `show`, `check` and `status` on a real server with a real pipeline of two processes.

use std::time::Duration;

use crate::lab::{Client, Options, Pipeline};
use crate::run::{Run, expect, graphctl, graphctl_until, graphctl_with_input};
use crate::stage::server;

#[test]
fn an_empty_server_has_no_sessions() {
    let server = server();
    let at = server.address();
    let header = "ID  AGE  IDLE  STATE  COMPONENTS\n";
    expect(&graphctl(at, &["sessions", "list"]), 0, header, "");
    expect(&graphctl(at, &["--no-admin", "sessions", "list"]), 0, header, "");
    expect(&graphctl(at, &["sessions", "list", "-o", "jsonl"]), 0, "", "");
    expect(&graphctl(at, &["sessions", "list", "-o", "name"]), 0, "", "");
    expect(&graphctl(at, &["sessions", "list", "--exit-code"]), 0, header, "");
    expect(&graphctl(at, &["sessions", "reap"]), 0, "", "nothing to drop\n");
    expect(&graphctl(at, &["sessions", "reap", "--dry-run"]), 0, "", "nothing to drop\n");
    let json = graphctl(at, &["sessions", "list", "-o", "json"]).json();
    for list in ["sessions", "leftovers", "collisions"] {
        assert_eq!(json[list], serde_json::json!([]), "{list}");
    }
    assert_eq!(server.log(), "");
}

#[test]
fn a_live_pipeline_is_listed_through_both_channels() {
    let server = server();
    let pipeline = Pipeline::running(&server, &Options::two_processes());
    let at = server.address();
    let table = "ID  AGE  IDLE  STATE  COMPONENTS\n\
                 SHORTID  AGE  AGE  live  SYSTEM, SYSTEM/PUB, SYSTEM/SUB\n";
    // Its first messages do not tell whether they are messages at all.
    let list = ["sessions", "list"];
    let run = graphctl_until(at, &list, |run| run.redacted().stdout == table);
    expect(&run, 0, table, "");
    expect(&graphctl(at, &["sessions", "list", "--exit-code"]), 1, table, "");
    let blind = table.replace("AGE  AGE", "AGE  -");
    expect(&graphctl(at, &["--no-admin", "sessions", "list"]), 0, &blind, "");

    let witness = server.witness();
    let id = &witness.sessions_of("SYSTEM")[0];
    expect(&graphctl(at, &["sessions", "list", "-o", "name"]), 0, "FULL-ID\n", "");
    assert_eq!(graphctl(at, &["sessions", "list", "-o", "name"]).stdout, format!("{id}\n"));

    let admin = graphctl(at, &["sessions", "list", "-o", "json"]).json();
    let snapshot = graphctl(at, &["--no-admin", "sessions", "list", "-o", "json"]).json();
    assert_eq!(admin["server"]["channel"], "admin");
    assert_eq!(admin["server"]["pid"], server.pid());
    assert_eq!(snapshot["server"]["channel"], "snapshot");
    assert_eq!(snapshot["server"]["pid"], serde_json::Value::Null);
    let (admin, snapshot) = (&admin["sessions"][0], &snapshot["sessions"][0]);
    for same in ["id", "components", "units", "edges", "root", "verdict", "reason", "evidence"] {
        assert_eq!(admin[same], snapshot[same], "{same}");
    }
    for only_admin in ["last_activity_at", "last_control_at", "last_message_at", "peer", "clients"]
    {
        assert!(!admin[only_admin].is_null(), "{only_admin} is not known");
        assert!(snapshot[only_admin].is_null(), "{only_admin} was guessed");
    }
    assert_eq!(
        admin["clients"],
        serde_json::json!({"publishers": 1, "subscribers": 1, "channels": 2, "processes": 2})
    );
    for seen in [admin, snapshot] {
        let mut pids: Vec<_> = seen["processes"]
            .as_array()
            .expect("processes")
            .iter()
            .map(|it| it["pid"].clone())
            .collect();
        pids.sort_by_key(serde_json::Value::as_u64);
        let mut units = vec![pipeline.unit_pid("PUB"), pipeline.unit_pid("SUB")];
        units.sort_unstable();
        assert_eq!(serde_json::json!(pids), serde_json::json!(units));
        assert!(
            seen["processes"].as_array().expect("processes").iter().all(|it| it["ping"] == "ok")
        );
    }
    assert_eq!(server.log(), "");
}

#[test]
fn show_tells_everything_of_a_session() {
    let server = server();
    let _pipeline = Pipeline::running(&server, &Options::two_processes());
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    let shown = "\
session  FULL-ID
state  live
  every unit has its process, and 2 processes answered
age  AGE
last control  AGE ago
last message  AGE ago
client  ADDRESS
held by  pid N (COMMAND), started AGE ago, sleeping: reads the connection
  pid N (COMMAND), started AGE ago, sleeping: inherited the connection and does not read it
edges  1
components  SYSTEM (collection)
  SYSTEM/PUB
  SYSTEM/SUB
processes  pid N on HOST answered after N ms; owns SYSTEM/SUB
  pid N on HOST answered after N ms; owns SYSTEM/PUB
running  pid N (COMMAND): running its units (backendprocess.py:580)
  pid N (COMMAND): running its units (backendprocess.py:580)
a drop takes  the session
  2 process registrations: pid N on HOST pid N on HOST
  1 publisher: SYSTEM/PUB/OUTPUT
  1 subscriber: SYSTEM/SUB/INPUT
  2 channels: to those publishers
next  nothing: it is left alone
";
    // Either process may be at work just then.
    let is_at_rest = |run: &Run| sorted(&run.redacted().stdout) == sorted(shown);
    let show = ["sessions", "show", &id[..8]];
    let run = graphctl_until(server.address(), &show, is_at_rest).redacted();
    assert_eq!(sorted(&run.stdout), sorted(shown), "{run:#?}");
    let json = graphctl(server.address(), &["sessions", "show", &id, "-o", "json"]).json();
    assert_eq!(json["sessions"][0]["id"], id.as_str());
}

/// Which of two processes registers first is theirs to decide.
fn sorted(text: &str) -> Vec<&str> {
    let mut lines: Vec<_> =
        text.lines().map(|it| it.trim_start_matches("processes").trim()).collect();
    lines.sort_unstable();
    lines
}

#[test]
fn filters_select_and_sorting_sorts() {
    let server = server();
    let a = Client::silent_session(&server, &["LAB", "LAB/AMP"]);
    let b = Client::silent_session(&server, &["RIG", "RIG/EYE", "RIG/HAND"]);
    let observer = Client::observer(&server);
    let (a, b, observer) = (a.session_id(), b.session_id(), observer.session_id());
    let names = |arguments: &[&str]| {
        let run =
            graphctl(server.address(), &[&["sessions", "list", "-o", "name"], arguments].concat());
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{arguments:?}");
        run.stdout.lines().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(names(&[]), [a, b, observer]);
    assert_eq!(names(&["--sort", "component"]), [observer, a, b]);
    assert_eq!(names(&["--component", "LAB/*"]), [a]);
    assert_eq!(names(&["--component", "*/E*", "--component", "LAB"]), [a, b]);
    assert_eq!(names(&["--exclude", "RIG*"]), [a, observer]);
    assert_eq!(names(&["--colliding-with", "RIG/EYE"]), [b]);
    assert_eq!(names(&["--colliding-with", "RIG/E"]), [] as [&str; 0]);
    assert_eq!(names(&["--state", "observer"]), [observer]);
    assert_eq!(names(&["--state", "starting", "--component", "R*"]), [b]);
    assert_eq!(names(&["--host", "127.0.0.1"]), [a, b, observer]);
    assert_eq!(names(&["--host", "10.0.0.1"]), [] as [&str; 0]);
    assert_eq!(names(&["--older-than", "1h"]), [] as [&str; 0]);
    assert_eq!(names(&["--older-than", "1ms"]), [a, b, observer]);
    assert_eq!(names(&["--idle-for", "1h"]), [] as [&str; 0]);
    assert_eq!(names(&["--pid", "1"]), [] as [&str; 0]);
    assert_eq!(names(&["--all"]).len(), 4, "its own session is shown too");
}

#[test]
fn check_tells_who_holds_a_key() {
    let server = server();
    let _held = Client::silent_session(&server, &["SYSTEM", "SYSTEM/PUB"]);
    let at = server.address();
    let check = |arguments: &[&str]| graphctl(at, &[&["sessions", "check"], arguments].concat());
    expect(&check(&["OTHER", "SYSTEM/SUB"]), 0, "", "free\n");
    let collision = "component SYSTEM/PUB is held by SHORTID (starting)\n";
    let next = "1 collision: graphctl sessions list --colliding-with 'SYSTEM/PUB'\n";
    expect(&check(&["OTHER", "SYSTEM/PUB"]), 1, collision, next);
    expect(&check(&["--root", "SYSTEM/PUB"]), 1, collision, next);
    expect(&check(&["--root", "SYSTEM/P", "--root", "SYS"]), 0, "", "free\n");
    let both = format!("component SYSTEM is held by SHORTID (starting)\n{collision}");
    let two = "2 collisions: graphctl sessions list --colliding-with 'SYSTEM'\n";
    expect(&check(&["--root", "SYSTEM"]), 1, &both, two);
    let input = "# keys\n\nOTHER\n  SYSTEM/PUB  \n";
    let piped = ["sessions", "check", "--from", "-"];
    expect(&graphctl_with_input(at, &piped, input), 1, collision, next);
    let blind = graphctl(at, &["--no-admin", "sessions", "check", "SYSTEM/PUB"]);
    expect(&blind, 1, collision, next);

    let free = check(&["OTHER", "-o", "json"]).json();
    assert_eq!((&free["free"], &free["collisions"]), (&true.into(), &serde_json::json!([])));
    let held = check(&["SYSTEM", "-o", "json"]).json();
    assert_eq!(held["free"], false);
    assert_eq!(held["collisions"][0]["kind"], "component");
    assert_eq!(held["collisions"][0]["held_by"][0], server.witness().sessions()[0].as_str());
}

#[test]
fn status_tells_of_the_server() {
    let server = server();
    let _pipeline = Pipeline::running(&server, &Options::two_processes());
    let status = "address  ADDRESS\nezmsg  3.9.0\nchannel  admin\nprocess  pid N on HOST Python 3\n\
                  lock  free\nsessions  1\nprocesses  2\npublishers  1\nsubscribers  1\nchannels  2\n";
    let run = graphctl(server.address(), &["server", "status"]).redacted();
    let version = run.stdout.lines().find(|line| line.starts_with("process ")).expect("a process");
    let known = "process  pid N on HOST Python 3";
    assert_eq!(run.stdout.replace(version, known), status);
    let json = graphctl(server.address(), &["server", "status", "-o", "json"]).json();
    assert_eq!(json["server"]["pid"], server.pid());
    assert_eq!(json["lock_held"], false);
    let blind = graphctl(server.address(), &["--no-admin", "server", "status"]);
    let told = "address  ADDRESS\nezmsg  3.9.0\nchannel  snapshot\nsessions  1\nprocesses  2\n";
    expect(&blind, 0, told, "");
}

#[test]
fn looking_leaves_nothing_behind() {
    let server = server();
    let pipeline = Pipeline::running(&server, &Options::two_processes());
    let before = server.witness();
    for _ in 0..20 {
        assert_eq!(graphctl(server.address(), &["sessions", "list"]).code, 0);
        assert_eq!(graphctl(server.address(), &["--no-admin", "sessions", "list"]).code, 0);
    }
    assert_eq!(server.witness(), before);
    let (_, counts) = pipeline.counts_over(Duration::from_secs(1));
    assert_eq!((&counts["gaps"], &counts["foreign"]), (&0.into(), &0.into()));
    assert_eq!(server.log(), "");
}
