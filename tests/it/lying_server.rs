//! A server that lies: whatever it tells, `--kill` ends nobody but who held what it has dropped, and no hint of
//! ours does what it wants.

use std::net::{SocketAddr, TcpListener, TcpStream};
use std::process::Command;

use serde_json::{Value, json};

use crate::lab::{
    self, Client, Options, PATIENCE, Phantom, Pipeline, Process, Server, Side, open_session,
    quiet_phantom,
};
use crate::run::{Run, graphctl};
use crate::stage::{assert_full_rate, server};

/// Sessions without processes may have failed to start when they are that old.
const OLD: &str = "--start-timeout=1ms";

const NOBODY: [u64; 0] = [];

/// A process that has nothing to do with any server, and tells of each signal.
fn bystander() -> Process {
    let python = lab::ezmsg("3.9.0");
    let bystander =
        Process::start(&Side::default(), &python, "commands.py", &["signals".to_owned()]);
    bystander.wait_event("ready", PATIENCE);
    bystander
}

/// Sends it one signal, and expects it to be the first that it tells of.
#[track_caller]
fn expect_no_signal_yet(bystander: &Process) {
    bystander.signal("HUP");
    let first = bystander.wait_event("signal", PATIENCE);
    assert_eq!(first["name"], "HUP", "it was sent a signal");
}

/// The address of the client of a session, as the server tells it honestly.
fn peer(server: &Server, id: &str) -> Value {
    let listing = graphctl(server.address(), &["sessions", "list", "-o", "json"]).json();
    let sessions = listing["sessions"].as_array().expect("sessions");
    let session = sessions.iter().find(|it| it["id"] == id).expect("it is listed");
    address(session["peer"].as_str().expect("an address").parse().expect("an address"))
}

/// As a server tells one.
fn address(at: SocketAddr) -> Value {
    json!([at.ip().to_string(), at.port()])
}

fn killing(server: &Server, arguments: &[&str]) -> Run {
    let all = [&[OLD, "sessions"], arguments, &["--kill", "-y", "-o", "json"]].concat();
    graphctl(server.address(), &all)
}

fn drop_by_force(server: &Server, id: &str) -> Run {
    killing(server, &["drop", id, "--force"])
}

/// The pids of those who were ended with the one session that was dropped.
#[track_caller]
fn ended(run: &Run) -> Vec<u64> {
    let report = run.json();
    let targets = report["targets"].as_array().expect("targets");
    assert_eq!((run.code, targets.len()), (0, 1), "{run:#?}");
    assert_eq!(targets[0]["outcome"], "dropped", "{run:#?}");
    let killed = targets[0]["killed"].as_array().expect("pids");
    killed.iter().map(|pid| pid.as_u64().expect("a pid")).collect()
}

/// A server that reports wrong pids has no process ended: neither those, nor the one that holds the connections.
#[test]
fn no_pid_that_a_server_tells_is_ended() {
    let mut server = server();
    let healthy = Options { name: "HEALTHY".into(), ..Options::default() };
    let healthy = Pipeline::running(&server, &healthy);
    let bystander = bystander();
    let headless = quiet_phantom(&server, Phantom::MainKilled, "SYSTEM");
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    let told = [1, std::process::id(), healthy.pid(), bystander.pid(), server.pid()];
    server.lie(&json!({ "pids": told }));
    assert_eq!(ended(&drop_by_force(&server, &id)), NOBODY);
    assert!(headless.family().contains(&headless.unit_pid("PUB")));
    assert_full_rate(&healthy);
    expect_no_signal_yet(&bystander);
    assert_eq!(server.witness().sessions_of("HEALTHY").len(), 1);
}

/// The server says of somebody's session that it is the dead one's, and nothing of whose it is.
#[test]
fn who_is_taken_for_another_and_was_not_dropped_is_left_alone() {
    let mut server = server();
    let innocent = Client::stubborn_session(&server, "INNOCENT");
    let itself = peer(&server, innocent.session_id());
    let ways: [(&[&str], bool); 2] =
        [(&["drop", "--force"], true), (&["reap", "--include-suspect"], false)];
    for (command, by_id) in ways {
        let dead = Client::silent_session(&server, &["DEAD"]);
        server
            .lie(&json!({ "clients": { innocent.session_id(): null, dead.session_id(): itself } }));
        let id = by_id.then(|| dead.session_id());
        let arguments = [command, id.as_slice()].concat();
        let dry_run = killing(&server, &[&arguments[..], &["--dry-run"]].concat());
        let run = killing(&server, &arguments);
        assert_eq!(ended(&run), NOBODY, "{run:#?}");
        for run in [&dry_run, &run] {
            assert!(run.stderr.contains(&format!("pid {} (", innocent.pid())), "{run:#?}");
            assert!(!run.stderr.contains(": kill "), "a command is advised: {run:#?}");
        }
        assert!(
            run.stderr.contains(") is left alone: the server has not closed its connection"),
            "{run:#?}"
        );
        server.lie(&json!({}));
    }
    assert_eq!(server.witness().sessions(), [innocent.session_id()]);
    innocent.signal("TERM");
    innocent.wait_event("asked", PATIENCE);
    let asked = innocent.events().into_iter().filter(|event| event["event"] == "asked");
    assert_eq!(asked.count(), 1, "it was asked to end by graphctl too");
}

/// The same with a whole pipeline, of which all else is told as it is, or its session too.
#[test]
fn a_healthy_pipeline_that_is_taken_for_a_phantom_flows_on() {
    let mut server = server();
    let healthy = Options { name: "HEALTHY".into(), ..Options::two_processes() };
    let healthy = Pipeline::running(&server, &healthy);
    let id = server.witness().sessions_of("HEALTHY").remove(0);
    let its_peer = peer(&server, &id);
    for told in [its_peer.clone(), Value::Null] {
        let (_session, dead) = open_session(&server);
        server.lie(&json!({ "clients": { &id: told, &dead: its_peer } }));
        let run = drop_by_force(&server, &dead);
        assert_eq!(ended(&run), NOBODY, "{told}: {run:#?}");
        server.lie(&json!({}));
    }
    assert_eq!(healthy.pids().len(), 2);
    assert_full_rate(&healthy);
}

/// Only connections to the server that graphctl itself is connected to are looked for on this machine.
#[test]
fn no_connection_but_that_of_a_client_leads_to_anybody() {
    let (mut lying, other) = (server(), server());
    let bystander = Client::stubborn_session(&other, "ELSEWHERE");
    let elsewhere = peer(&other, bystander.session_id());
    let (_listener, own) = connection_of_this_test();
    let to_the_server = TcpStream::connect(lying.address()).expect("the server accepts");
    let to_the_server = to_the_server.local_addr().map(address).expect("it is connected");
    let server = address(lying.address().parse().expect("an address"));
    let mut peers = vec![elsewhere, address(own), to_the_server, server, "asker".into()];
    peers.extend([json!(["0.0.0.0", 0]), json!(["::1", 65535]), json!(["nowhere", 1])]);
    for peer in peers {
        let (_session, dead) = open_session(&lying);
        lying.lie(&json!({ "clients": { &dead: peer } }));
        let run = drop_by_force(&lying, &dead);
        assert_eq!(ended(&run), NOBODY, "{peer}: {run:#?}");
    }
    assert_eq!(other.witness().sessions(), [bystander.session_id()]);
    assert!(bystander.events().iter().all(|event| event["event"] != "asked"));
}

/// A connection that this test, graphctl's parent, has to somebody else; its own end of it.
fn connection_of_this_test() -> ((TcpListener, TcpStream), SocketAddr) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let at = listener.local_addr().expect("it is bound");
    let stream = TcpStream::connect(at).expect("it listens");
    let own = stream.local_addr().expect("it is connected");
    ((listener, stream), own)
}

/// What a shell makes of the command that is advised where a key is taken.
#[test]
fn a_key_in_a_command_that_is_advised_is_a_key_to_a_shell() {
    let server = server();
    let keys =
        ["A/'; touch made; '", "B/$(touch made)", "C/`touch made`", "D/a b; touch made", "E/\\'"];
    let _held = Client::silent_session(&server, &keys);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    for key in keys {
        let run = graphctl(server.address(), &["sessions", "check", "--root", &key[..1]]);
        assert_eq!(run.code, 1, "{run:#?}");
        let advised = run.stderr.trim_end().strip_prefix("1 collision: ").expect("a command");
        let script = format!("graphctl() {{ printf '%s\n' \"$@\"; }}; {advised}");
        let output = Command::new("sh").args(["-c", &script]).current_dir(&folder).output();
        let told = String::from_utf8(output.expect("sh starts").stdout).expect("it is text");
        assert_eq!(told, format!("sessions\nlist\n--colliding-with\n{key}\n"), "{advised}");
    }
    let made = folder.path().read_dir().expect("it can be read").count();
    assert_eq!(made, 0, "a shell ran what stood in a key");
}
