//! Who holds the server's command lock: as it is told, and that the end of whom it waits for frees it.

use std::io::Write as _;
use std::time::Duration;

use graphctl::admin::{Ask, Channel, OutcomeKind};
use graphctl::inventory::Listing;
use graphctl::model::LockHolder;
use graphctl::wire;
use serde_json::{Value, json};

use crate::lab::{
    Client, Options, PATIENCE, Phantom, Pipeline, Server, Wedge, greeted, half_sent,
    lock_for_a_second, own_address, phantom, read_id, stuff_process, sync,
};
use crate::run::{Run, graphctl, graphctl_until};
use crate::stage::{reap, relaunch, server};

/// Asks for the whole graph.
const DAG: &[u8] = b"\x0a";

/// Opens a session, and asks it for a snapshot of all the server holds, many times.
const SNAPSHOTS: [u8; 4000] = {
    let mut requests = [0x1a; 4000];
    requests[0] = 0x15;
    requests
};

fn status(server: &Server) -> Value {
    let run = graphctl(server.address(), &["server", "status", "-o", "json"]);
    assert_eq!(run.code, 0, "{run:#?}");
    run.json()
}

/// The holder of a held lock, but for what differs from run to run: that is checked for being there.
#[track_caller]
fn holder(server: &Server, waiters: u64) -> Value {
    let mut status = status(server);
    assert_eq!((&status["lock_held"], &status["lock_waiters"]), (&true.into(), &waiters.into()));
    let mut holder = status["lock_holder"].take();
    let fields = holder.as_object_mut().unwrap_or_else(|| panic!("no holder in {status:#}"));
    let asked = fields.remove("asked_seconds").expect("a field");
    if cfg!(target_os = "linux") {
        assert!(asked.as_f64().is_some_and(|seconds| seconds < 60.0), "asked {asked} s ago");
    }
    holder
}

/// Takes the address and the id of whom is waited for, where the test cannot know them.
#[track_caller]
fn unknown(holder: &mut Value) {
    for field in ["client", "peer"] {
        assert!(holder[field].take().is_string(), "no {field} in {holder:#}");
    }
}

#[track_caller]
fn expect_free(server: &mut Server) {
    server.wait_state("a free lock", |it| it["locked"] == false && it["waiters"] == 0);
    let status = status(server);
    let lock = [&status["lock_held"], &status["lock_waiters"], &status["lock_holder"]];
    assert_eq!(lock, [&false.into(), &0.into(), &Value::Null]);
}

/// Has whom the lock waits for ended, as a look before `between` named it.
fn free_after(server: &mut Server, between: impl FnOnce(&mut Server)) -> OutcomeKind {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.expect("a runtime of one thread can be built");
    let address = server.address().parse().expect("an address");
    let patience = Duration::from_secs(10);
    let session = runtime.block_on(wire::Session::open(&address, patience)).expect("a session");
    let (id, version) = (session.id, session.version.clone());
    let mut channel = Channel::new(session);
    let mut listing = Listing::default();
    runtime.block_on(channel.list(Ask::Nothing, |row| listing.add(row))).expect("a listing");
    let inventory = listing.into_inventory(id, address.to_string(), version);
    let process = inventory.server.process.expect("the admin channel knows the process");
    let holder: LockHolder = process.lock_holder.expect("a holder");
    between(server);
    runtime.block_on(channel.free(&holder)).expect("an outcome").0
}

fn free(server: &mut Server) -> OutcomeKind {
    free_after(server, |_| ())
}

#[test]
fn a_sync_waits_for_the_publisher_that_does_not_confirm() {
    let mut server = server();
    let _healthy = [Client::publisher(&server, "A"), Client::publisher(&server, "B")];
    expect_free(&mut server);
    let wedge = Wedge::of(&mut server);
    let _after = Client::observer(&server);
    let mut told = holder(&server, 0);
    unknown(&mut told);
    let expected = json!({
        "request": "SYNC", "by": null, "by_peer": wedge.asker(),
        "waits_for": "publisher", "client": null, "peer": null, "gone": false, "topic": "T/X",
    });
    assert_eq!(told, expected);
    let mut second = greeted(server.address());
    second.write_all(DAG).expect("the server takes an opcode");
    server.wait_state("another command", |state| state["waiters"] == 1);
    assert_eq!(holder(&server, 1)["request"], "SYNC");
    wedge.kill();
    expect_free(&mut server);
}

#[test]
fn a_routed_request_waits_for_the_process_that_does_not_read() {
    let mut server = server();
    let pipeline = Pipeline::running(&server, &Options::two_processes());
    let processes = server.witness().0["processes"].take();
    let stopped = pipeline.unit_pid("PUB");
    let is_it = |process: &&Value| process["pid"] == stopped;
    let id =
        processes.as_array().expect("processes").iter().find(is_it).expect("PUB's")["id"].clone();
    pipeline.signal_pid("STOP", stopped);
    let (session, asker) = stuff_process(&mut server, "SYSTEM/PUB");
    let mut told = holder(&server, 0);
    assert!(told["peer"].take().is_string());
    let expected = json!({
        "request": "SESSION_PROCESS_REQUEST", "by": asker, "by_peer": own_address(&session),
        "waits_for": "process", "client": id, "peer": null, "gone": false, "topic": null,
    });
    assert_eq!(told, expected);
    pipeline.signal_pid("KILL", stopped);
    expect_free(&mut server);
}

/// The pipeline that keeps the lock is suspect, and goes on request; with it the lock is free.
#[test]
fn a_reap_of_suspects_frees_a_server_that_a_stopped_process_keeps() {
    let mut server = server();
    let _phantom = phantom(&server, Phantom::BackendStopped, "SYSTEM");
    let session = server.witness().sessions_of("SYSTEM").remove(0);
    let (_asker, _) = stuff_process(&mut server, "SYSTEM/PUB");
    let status = graphctl(server.address(), &["server", "status"]);
    let told =
        format!("(of {session}, suspect unresponsive): graphctl sessions reap --include-suspect\n");
    assert!(status.stderr.ends_with(&told), "{status:#?}");
    let run = reap(&server, &["--include-suspect"]);
    assert_eq!(run.code, 0, "{run:#?}");
    assert!(run.stdout.contains("suspect unresponsive  dropped  SYSTEM"), "{run:#?}");
    expect_free(&mut server);
    relaunch(&server);
}

/// It confirms when its subscribers have read what it sent, one of whom is stopped; it is well itself.
#[test]
fn a_publisher_that_waits_for_its_subscribers_is_left_alone() {
    let mut server = server();
    let publisher = Client::publisher(&server, "T/X");
    let subscriber = Client::subscriber(&server, "T/X");
    subscriber.wait_event("count", PATIENCE);
    subscriber.signal("STOP");
    // Its buffers fill within 0.4 s; only then does it wait.
    std::thread::sleep(Duration::from_secs(1));
    let _sync = sync(&mut server);
    let run = reap(&server, &["--include-suspect"]);
    assert_eq!((run.code, run.stdout.as_str()), (3, ""), "{run:#?}");
    let why = ": it is left alone: whom it waits for is not proven to be gone or stopped\n";
    assert!(run.stderr.ends_with(why), "{run:#?}");
    assert_eq!(server.state()["locked"], true);
    subscriber.signal("CONT");
    expect_free(&mut server);
    Wedge::resume(&server);
    assert!(subscriber.rate_over(Duration::from_secs(1)) > 70.0);
    publisher.close();
}

/// Nobody is left who could confirm: only the server's own memory of it can be told to give up.
#[test]
fn a_reap_of_suspects_frees_a_server_that_waits_for_one_that_left() {
    let mut server = server();
    let wedge = Wedge::before_one_that_left(&mut server, "GONE");
    wedge.kill();
    server.wait_state("an end of the publishers", |it| it["clients"]["PublisherInfo"].is_null());
    let run = reap(&server, &["--include-suspect"]);
    let freed = "SYNC waits for a publisher on GONE that has left: the server has given that up, \
                 and the command lock is free of it\n";
    assert!(run.code == 0 && run.stderr.contains(freed), "{run:#?}");
    expect_free(&mut server);
}

#[test]
fn a_request_waits_for_the_rest_of_itself() {
    let mut server = server();
    let halves: [(&str, &[u8]); 5] = [
        ("SUBSCRIBE", b"\x02"),
        ("SUBSCRIBE", b"\x02\x03\0\0\0\0\0\0\0Z"),
        ("PUBLISH", b"\x01\x01\0\0\0\0\0\0\0Z"),
        ("CONNECT", b"\x03\x01\0\0\0\0\0\0\0Z"),
        ("DISCONNECT", b"\x04\x01\0\0\0\0\0\0\0Z\x01\0\0"),
    ];
    for (request, bytes) in halves {
        let stream = half_sent(&mut server, bytes);
        let expected = json!({
            "request": request, "by": null, "by_peer": own_address(&stream),
            "waits_for": "client", "client": null, "peer": own_address(&stream), "gone": false, "topic": null,
        });
        assert_eq!(holder(&server, 0), expected);
        drop(stream);
        expect_free(&mut server);
    }
}

#[test]
fn a_change_of_the_graph_waits_for_the_subscriber_that_does_not_confirm() {
    let mut server = server();
    let mut subscriber = lock_for_a_second(&mut server);
    let told = holder(&server, 0);
    let (id, address) = (read_id(&mut subscriber), own_address(&subscriber));
    let expected = json!({
        "request": "SUBSCRIBE", "by": id, "by_peer": address,
        "waits_for": "subscriber", "client": id, "peer": address, "gone": false, "topic": "Z",
    });
    assert_eq!(told, expected);
    // The server gives it up after a second, and asks it again at the next change.
    expect_free(&mut server);
    let changes: [(&str, &[u8]); 2] = [
        ("CONNECT", b"\x03\x01\0\0\0\0\0\0\0A\x01\0\0\0\0\0\0\0Z"),
        ("PUBLISH", b"\x01\x01\0\0\0\0\0\0\0A\x0b\0\0\0\0\0\0\x00127.0.0.1:1"),
    ];
    for (request, bytes) in changes {
        let mut asker = half_sent(&mut server, bytes);
        let told = holder(&server, 0);
        let by = (request == "PUBLISH").then(|| read_id(&mut asker));
        let expected = json!({
            "request": request, "by": by, "by_peer": own_address(&asker),
            "waits_for": "subscriber", "client": id, "peer": address, "gone": false, "topic": "Z",
        });
        assert_eq!(told, expected);
        expect_free(&mut server);
    }
}

/// It was on the list of the server when another had it wait; nobody reads from its connection any more.
#[test]
fn a_sync_waits_for_ever_for_a_publisher_that_left_meanwhile() {
    let mut server = server();
    let wedge = Wedge::before_one_that_left(&mut server, "GONE");
    wedge.kill();
    server.wait_state("no publisher", |state| state["clients"]["PublisherInfo"].is_null());
    // Both publishers' sessions wait to be cleaned up.
    let mut told = holder(&server, 2);
    unknown(&mut told);
    let expected = json!({
        "request": "SYNC", "by": null, "by_peer": wedge.asker(),
        "waits_for": "publisher", "client": null, "peer": null, "gone": true, "topic": "GONE",
    });
    assert_eq!(told, expected);
    assert_eq!(free(&mut server), OutcomeKind::Dropped);
    expect_free(&mut server);
}

#[test]
fn whom_the_lock_waits_for_can_be_ended_and_nobody_else() {
    let mut server = server();
    let healthy = Client::publisher(&server, "A");
    let _wedge = Wedge::of(&mut server);
    assert_eq!(free(&mut server), OutcomeKind::Dropped);
    expect_free(&mut server);

    let half = half_sent(&mut server, b"\x02");
    assert_eq!(free(&mut server), OutcomeKind::Dropped);
    expect_free(&mut server);
    drop(half);

    let mut half = Some(half_sent(&mut server, b"\x02"));
    let mut other = None;
    let outcome = free_after(&mut server, |server| {
        let mut waiting = greeted(server.address());
        waiting.write_all(b"\x02").expect("the server takes an opcode");
        other = Some(waiting);
        server.wait_state("another half", |state| state["waiters"] == 1);
        drop(half.take());
        server.wait_state("another holder", |state| state["waiters"] == 0);
    });
    assert_eq!(outcome, OutcomeKind::Changed);
    let by = other.as_ref().map(own_address);
    assert_eq!(holder(&server, 0)["by_peer"], json!(by));
    assert_eq!(free_after(&mut server, |_| drop(other)), OutcomeKind::AlreadyGone);
    expect_free(&mut server);

    let pipeline = Pipeline::running(&server, &Options::two_processes());
    let stopped = pipeline.unit_pid("PUB");
    pipeline.signal_pid("STOP", stopped);
    let _session = stuff_process(&mut server, "SYSTEM/PUB");
    assert_eq!(free(&mut server), OutcomeKind::Dropped);
    expect_free(&mut server);
    assert_eq!(server.state()["clients"]["PublisherInfo"], 2);
    drop(healthy);
}

/// The server writes these answers with the lock in hand, and waits for their readers without it.
#[test]
fn who_does_not_read_an_answer_does_not_hold_the_lock() {
    let mut server = server();
    let keys: Vec<_> = (0..1000).map(|number| format!("KEY{number}")).collect();
    let keys: Vec<_> = keys.iter().map(|key| &**key).collect();
    let _session = Client::silent_session(&server, &keys);
    let mut deaf = greeted(server.address());
    deaf.write_all(&SNAPSHOTS).expect("the server takes requests");
    let mut half_deaf = greeted(server.address());
    half_deaf.write_all(DAG).expect("the server takes an opcode");
    for _ in 0..10 {
        expect_free(&mut server);
    }
    assert_eq!(server.witness().sessions().len(), 2);
}

/// A look without the admin channel waits for the lock like any other. When it gives up, the server notices only when
/// the lock is free.
#[test]
fn a_reap_skips_a_session_that_ends_with_the_lock() {
    let mut server = server();
    let mut wedge = Wedge::of(&mut server);
    let look =
        graphctl(server.address(), &["--no-admin", "--timeout", "500ms", "sessions", "list"]);
    assert_eq!(look.code, 75, "{look:#?}");
    let left = |run: &Run| run.stdout.contains("stale client-closed");
    let listed = graphctl_until(server.address(), &["sessions", "list"], left);
    assert!(left(&listed), "{listed:#?}");
    for arguments in [&["sessions", "reap"][..], &["sessions", "reap", "-n"]] {
        let run = graphctl(server.address(), arguments);
        assert_eq!((run.code, &*run.stdout), (0, ""), "{run:#?}");
        let note = "1 session left alone: it ends by itself when the command lock is free; \
                    to free the lock: graphctl sessions reap --include-suspect\n";
        assert!(run.stderr.contains(note), "{run:#?}");
    }
    let run = graphctl(server.address(), &["run", "--reap", "-o", "json", "--", "true"]);
    assert_eq!((run.code, run.json()["reaped"].as_array().map(Vec::len)), (0, Some(0)), "{run:#?}");
    wedge.end(&mut server);
    server.wait_state("its end", |state| state["clients"]["SessionInfo"] == 1);
}
