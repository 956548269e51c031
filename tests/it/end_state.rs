//! What a drop leaves is what the server's own cleanup leaves when a client ends: on the server, and with
//! all the others.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::fake::{signal, watched};
use crate::lab::{Client, Fleet, PATIENCE, Server, connect, half_sent, open_session};
use crate::run::{command, expect, graphctl};
use crate::stage::server;

/// A subscription of which only the first byte is sent: the server holds its lock until the rest comes.
const BEGUN: &[u8] = b"\x02";

/// The kinds of lines whose order tells something.
const HISTORIES: [&str; 2] = ["settings events", "topology events"];

/// All that is left: what the server keeps, and what the others know.
fn left(server: &mut Server, fleet: &mut Fleet) -> Value {
    settle(server);
    let told = fleet.told();
    let mut kept = named(fleet, &server.dump());
    for (kind, lines) in kept.as_object_mut().expect("lines by kind") {
        if !HISTORIES.contains(&&**kind) {
            let lines = lines.as_array_mut().expect("a list of lines");
            lines.sort_by_key(ToString::to_string);
        }
    }
    json!({"kept": kept, "told": named(fleet, &told)})
}

fn named(fleet: &Fleet, value: &Value) -> Value {
    serde_json::from_str(&fleet.named(&value.to_string())).expect("JSON with other names")
}

/// Waits until only the other sessions are left, and every handler is one of a client or of one of the two
/// streams of events: a handler also tells the subscribers of the end of its session.
fn settle(server: &mut Server) {
    server.wait_state("the end of the victim", |state| {
        let clients = state["clients"].as_object().expect("clients by kind");
        let number: u64 = clients.values().filter_map(Value::as_u64).sum();
        clients["SessionInfo"] == 3 && state["handlers"] == number + 2
    });
}

/// What is left when the victim's connections close, that of its session last, as in a drop: a process that
/// ends before its session has its unit's initial settings told once more.
fn after_a_natural_end() -> &'static Value {
    static LEFT: OnceLock<Value> = OnceLock::new();
    LEFT.get_or_init(|| {
        let mut server = server();
        let mut fleet = Fleet::start(&server);
        let before = fleet.told();
        for topic in ["SINK", "KEPT", "OTHER/U/INPUT", "V/U/OUTPUT"] {
            let heard = before["heard"][topic].as_array().expect("a list of topics");
            assert!(heard.contains(&"V/U/OUTPUT".into()), "{before:#}");
        }
        fleet.kill_victim(&mut server);
        left(&mut server, &mut fleet)
    })
}

/// Expects the same to be left, now and when the victim is dead.
#[track_caller]
fn expect_a_natural_end(server: &mut Server, fleet: &mut Fleet) {
    let channels = |left: &Value| {
        let mut left = left.clone();
        // A stopped process cannot close its own, to what others publish.
        left["kept"].as_object_mut().expect("lines by kind").remove("channels");
        left
    };
    let natural = after_a_natural_end();
    assert_same(&channels(&left(server, fleet)), &channels(natural));
    fleet.kill_unnoticed_victim();
    assert_same(&left(server, fleet), natural);
    assert_eq!(server.log(), "");
}

#[track_caller]
fn assert_same(left: &Value, natural: &Value) {
    let (left, natural) = [left, natural].map(serde_json::to_string_pretty).into();
    assert_eq!(left.expect("JSON"), natural.expect("JSON"));
}

#[track_caller]
fn drop_victim(server: &Server, fleet: &Fleet) {
    let run = graphctl(server.address(), &["sessions", "drop", "-y", "--force", fleet.id("V")])
        .redacted();
    let said = "FULL-ID leaves pid N on HOST which also runs units of another session\n1 session dropped\n";
    assert_eq!((run.code, &*run.stderr), (0, said), "{run:#?}");
}

#[track_caller]
fn drop_dead_victim(server: &Server, fleet: &Fleet, state: &str) {
    // One of its edges carries messages between other clients, so a reap would refuse it.
    let drop = ["sessions", "drop", "-y", "--force", fleet.id("V")];
    let run = graphctl(server.address(), &drop).redacted();
    let dropped = format!("SHORTID  AGE  {state}  dropped  V, V/U, V/LENT\n");
    assert!(run.code == 0 && run.stdout.ends_with(&dropped), "{run:#?}");
}

#[test]
fn a_drop_of_the_living() {
    let mut server = server();
    let mut fleet = Fleet::start(&server);
    drop_victim(&server, &fleet);
    expect_a_natural_end(&mut server, &mut fleet);
}

#[test]
fn a_drop_of_the_stopped() {
    let mut server = server();
    let mut fleet = Fleet::start(&server);
    fleet.stop_victim();
    drop_victim(&server, &fleet);
    expect_a_natural_end(&mut server, &mut fleet);
}

/// The handler of its session waits for an answer that another process owes it, and has to be cancelled.
#[test]
fn a_drop_of_what_waits_for_an_answer() {
    let mut server = server();
    let mut fleet = Fleet::start(&server);
    fleet.ask();
    drop_victim(&server, &fleet);
    fleet.answer();
    expect_a_natural_end(&mut server, &mut fleet);
}

#[test]
fn a_drop_of_what_hung_up_while_it_waited_for_an_answer() {
    let mut server = server();
    let mut fleet = Fleet::start(&server);
    fleet.ask();
    fleet.kill_victim(&mut server);
    drop_dead_victim(&server, &fleet, "stale client-closed");
    fleet.answer();
    expect_a_natural_end(&mut server, &mut fleet);
}

/// What a hasty cancellation made of them: nobody in the server reads from them any more.
#[test]
fn a_drop_of_a_session_and_a_process_without_handlers() {
    let mut server = server();
    let mut fleet = Fleet::start(&server);
    server.orphan(&[fleet.id("V"), fleet.id("V's process")]);
    drop_victim(&server, &fleet);
    expect_a_natural_end(&mut server, &mut fleet);
}

#[test]
fn a_drop_of_a_ghost_with_all_it_had() {
    let mut server = server();
    let mut fleet = Fleet::start(&server);
    server.orphan(&[fleet.id("V"), fleet.id("V's process")]);
    fleet.kill_unnoticed_victim();
    server.wait_state("the end of its publisher", |it| it["clients"]["PublisherInfo"] == 3);
    drop_dead_victim(&server, &fleet, "stale ghost");
    expect_a_natural_end(&mut server, &mut fleet);
}

/// Its graph is not one that can be kept from pruning itself: it cleans up by itself.
#[test]
fn a_drop_from_a_server_that_cannot_drop_in_bulk() {
    let mut server = server();
    server.make_strange();
    let mut fleet = Fleet::start(&server);
    drop_victim(&server, &fleet);
    expect_a_natural_end(&mut server, &mut fleet);
}

/// Of a drop that was interrupted, it is not known what it dropped.
#[test]
fn an_interrupted_drop_says_that_its_outcome_is_not_known() {
    let mut server = server();
    let (_session, id) = open_session(&server);
    let held = half_sent(&mut server, BEGUN);
    let drop = ["sessions", "drop", "-y", "--force", &id];
    let dropping = command(server.address(), &drop).spawn().expect("graphctl starts");
    server.wait_state("a drop in the queue", |state| state["waiters"] == 2);
    signal("INT", &dropping);
    let run = watched(dropping);
    let told = "it is not known what became of 1 session; to see it: graphctl sessions list\n\
                error: interrupted\n";
    expect(&run, 130, "", told);
    std::mem::drop(held);
}

/// What it asked for comes to its turn only when it is gone: the edge would have an owner that never ends.
#[test]
fn what_was_dropped_carries_out_no_request_any_more() {
    let mut server = server();
    let (mut session, id) = open_session(&server);
    let held = half_sent(&mut server, BEGUN);
    let address = server.address().to_owned();
    let dropping =
        thread::spawn(move || graphctl(&address, &["sessions", "drop", "-y", "--force", &id]));
    server.wait_state("a drop in the queue", |state| state["waiters"] == 2);
    connect(&mut session, "A", "B");
    server.wait_state("a request behind it", |state| state["waiters"] == 3);
    drop(held);
    let run = dropping.join().expect("it is run");
    assert_eq!((run.code, &*run.redacted().stderr), (0, "1 session dropped\n"), "{run:#?}");
    server.wait_state("an empty server", |it| it["clients"] == json!({}) && it["handlers"] == 0);
    let left = server.dump();
    assert_eq!((&left["edges"], &left["topics"]), (&json!([]), &json!([])));
}

/// All that the server keeps when only one session is left, but for its histories.
fn kept(server: &mut Server, staying: &Client) -> String {
    server.wait_state("the end of all others", |state| {
        state["clients"] == json!({"SessionInfo": 1}) && state["handlers"] == 1
    });
    let mut kept = server.dump();
    for (kind, lines) in kept.as_object_mut().expect("lines by kind") {
        let lines = lines.as_array_mut().expect("a list of lines");
        lines.retain(|_| !HISTORIES.contains(&&**kind));
        lines.sort_by_key(ToString::to_string);
    }
    serde_json::to_string_pretty(&kept).expect("JSON").replace(staying.session_id(), "STAY")
}

/// Their edges are shared, with each other and with one that stays.
#[test]
fn many_at_once_leave_the_graph_that_they_leave_one_by_one() {
    let (mut natural, mut dropping) = (server(), server());
    let [beside, staying] =
        [&natural, &dropping].map(|server| Client::weavers(server, "STAY", 0, 1, 6));
    for seed in 1..=6 {
        let [ending, going] =
            [&natural, &dropping].map(|server| Client::weavers(server, "GO", seed, 8, 12));
        ending.close();
        let woven = going.wait_event("woven", PATIENCE);
        let ids = woven["ids"].as_array().expect("a list of ids").iter();
        let ids: Vec<_> = ids.map(|id| id.as_str().expect("an id")).collect();
        let forced = [&["sessions", "drop", "-y", "--force"], &*ids].concat();
        let run = graphctl(dropping.address(), &forced);
        assert_eq!((run.code, &*run.redacted().stderr), (0, "8 sessions dropped\n"), "{run:#?}");
        let left = kept(&mut dropping, &staying);
        assert_eq!(left, kept(&mut natural, &beside), "seed {seed}");
        assert!(left.contains("WEB/") && !left.contains("GO"), "{left}");
    }
    assert_eq!(dropping.log(), "");
}

/// The server waits a second for each: for all of them at once.
#[test]
fn subscribers_that_are_stopped_do_not_hold_up_a_drop() {
    let server = server();
    let mut fleet = Fleet::start(&server);
    let stopped = [(); 8].map(|()| Client::subscriber(&server, "V/U/OUTPUT"));
    for tap in &stopped {
        tap.signal("STOP");
    }
    let begun = Instant::now();
    let force = ["sessions", "drop", "-y", "--force", "-o", "json", fleet.id("V")];
    let run = graphctl(server.address(), &force);
    let took = begun.elapsed();
    let note = |line: &&str| {
        line.ends_with(" of V/U/OUTPUT did not confirm in time that it heard of this")
    };
    assert_eq!((run.code, run.stderr.lines().filter(note).count()), (0, 8), "{run:#?}");
    let unconfirmed = run.json()["unconfirmed_subscribers"].as_array().map(Vec::len);
    assert_eq!(unconfirmed, Some(8), "the others confirmed: {run:#?}");
    assert!(took < Duration::from_secs(6), "it took {took:?}");
    let told = fleet.told();
    assert_eq!(
        (&told["heard"]["V/U/OUTPUT"], &told["sources"]["V/U/OUTPUT"]),
        (&json!([]), &json!([]))
    );
    for tap in &stopped {
        tap.signal("CONT");
        expect_silence(tap);
    }
}

/// What has reached a tap before it was told may still be on its way to it.
#[track_caller]
fn expect_silence(tap: &Client) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        let (first, last) = tap.counts_over(Duration::from_millis(500));
        if first["total"] == last["total"] {
            return;
        }
        assert!(Instant::now() < deadline, "it still hears what was dropped: {last}");
    }
}
