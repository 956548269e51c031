//! The law under hostile conditions: what is healthy is not touched, whatever the server has been
//! through, whoever else is on it, and however often one looks.

use std::time::Duration;

use serde_json::{Value, json};

use crate::lab::{
    self, Client, Odd, Options, PATIENCE, Pipeline, Runner, Server, StartMethod, Wedge,
    lock_for_a_second,
};
use crate::run::{Run, expect, graphctl};
use crate::stage::{server, starting};

const HEADER: &str = "ID  AGE  IDLE  STATE  COMPONENTS\n";
const SYSTEM: &str = "SYSTEM, SYSTEM/PUB, SYSTEM/SUB";

/// What is said of a server that `Wedge` keeps from its lock.
const LOCKED: &str = "LOCKED: the server's command lock is held by SYNC of ADDRESS, sent AGE ago, which waits \
                      for the publisher on T/X at ADDRESS to confirm: graphctl sessions reap --include-suspect\n";

/// The end of it.
const FREED_BY: &str = ": graphctl sessions reap --include-suspect";

fn list(server: &Server) -> Run {
    graphctl(server.address(), &["sessions", "list"])
}

/// A listing of these states and keys, redacted.
fn listing(rows: &[&str]) -> String {
    rows.iter().fold(HEADER.to_owned(), |text, row| text + "SHORTID  AGE  AGE  " + row + "\n")
}

/// A report of these states, outcomes and keys, redacted.
fn report(row: &str) -> String {
    format!("ID  AGE  STATE  OUTCOME  COMPONENTS\nSHORTID  AGE  {row}\n")
}

/// Reaps all but the proven healthy, and expects that nothing goes.
#[track_caller]
fn expect_nothing_to_reap(server: &Server, start_timeout: &str) {
    let arguments = ["--start-timeout", start_timeout, "sessions", "reap", "--include-suspect"];
    expect(&graphctl(server.address(), &arguments), 0, "", "nothing to drop\n");
}

/// At least: whoever was held up for a moment catches up.
#[track_caller]
fn assert_rate(client: &lab::Process, full: f64) {
    let rate = client.rate_over(Duration::from_secs(1));
    assert!(rate > full * 0.75, "it was to be {full} messages a second: {rate}");
}

/// Its messages flow at full rate; it has missed none, and received none of another run.
#[track_caller]
fn assert_flows(pipeline: &lab::Process) {
    assert_rate(pipeline, 200.0);
    let (_, counts) = pipeline.counts_over(Duration::ZERO);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
}

fn pipeline(name: &str) -> Options {
    Options { name: name.to_owned(), ..Options::two_processes() }
}

/// Ends a slow start, and expects the pipeline to run as if nothing had been.
#[track_caller]
fn expect_to_run(pipeline: &Pipeline) {
    pipeline.finish_initialize();
    pipeline.wait_event("running", PATIENCE);
    assert_flows(pipeline);
}

fn wait_for_processes(server: &mut Server, number: u64) {
    let wanted = |state: &Value| state["clients"]["ProcessInfo"].as_u64().unwrap_or(0) == number;
    server.wait_state(&format!("{number} processes"), wanted);
}

#[test]
fn a_process_older_than_its_session_proves_nothing() {
    let server = server();
    let _odd = Client::odd(&server, Odd::OlderProcess);
    let before = server.witness();
    let unknown = ["EARLY/U", "EARLY, EARLY/U", "AGAIN/U", "AGAIN, AGAIN/U"];
    let rows = unknown.map(|keys| format!("unknown !  {keys}"));
    let collisions = "! collision: unit AGAIN/U is held by SHORTID, pid N on HOST\n\
                      ! collision: unit EARLY/U is held by SHORTID, pid N on HOST\n";
    expect(&list(&server), 0, &listing(&rows.each_ref().map(|row| &**row)), collisions);
    expect_nothing_to_reap(&server, "1ms");
    assert_eq!(server.witness(), before);
    assert_eq!(server.log(), "");
}

#[test]
fn a_slow_start_is_not_charged_with_a_process_of_no_session_or_of_a_reverted_one() {
    let mut server = server();
    let pipeline = starting(&server, pipeline("SYSTEM"));
    server.wait_owned("SYSTEM/SUB");
    for odd in [Odd::PassingProcess, Odd::Reverted] {
        let _odd = Client::odd(&server, odd);
        wait_for_processes(&mut server, 1);
        let starting = format!("starting  {SYSTEM}");
        let observer = (odd == Odd::Reverted).then_some("observer  -");
        let rows: Vec<_> = std::iter::once(&*starting).chain(observer).collect();
        expect(&list(&server), 0, &listing(&rows), "");
        expect_nothing_to_reap(&server, "5m");
    }
    expect_to_run(&pipeline);
}

/// The main process of A was killed in its slow start, and its backend registers when it is done all
/// the same: after B was opened. Then it dies too.
#[test]
fn a_slow_start_is_not_charged_with_the_late_heirs_of_another() {
    let mut server = server();
    let spawned =
        Options { runner: Runner::Start, start_method: StartMethod::Spawn, ..pipeline("A") };
    let a = starting(&server, spawned);
    server.wait_owned("A/SUB");
    let b = starting(&server, pipeline("SYSTEM"));
    server.wait_owned("SYSTEM/SUB");
    a.signal("KILL");
    a.wait_gone(a.pid(), PATIENCE);
    a.finish_initialize();
    server.wait_owned("A/PUB");
    a.signal_pid("KILL", a.unit_pid("PUB"));
    a.signal_pid("KILL", a.unit_pid("SUB"));
    wait_for_processes(&mut server, 1);

    let starting = format!("starting  {SYSTEM}");
    expect(&list(&server), 0, &listing(&[&starting]), "");
    expect_nothing_to_reap(&server, "5m");
    expect_to_run(&b);
}

/// The same, with a unit in the main process that was killed: one process of A left before it ended,
/// and another came after.
#[test]
fn a_slow_start_is_not_charged_with_a_late_backend_of_a_killed_main_process() {
    let mut server = server();
    let a = starting(&server, Options { start_method: StartMethod::Spawn, ..pipeline("A") });
    server.wait_owned("A/SUB");
    a.signal("KILL");
    a.wait_gone(a.pid(), PATIENCE);
    wait_for_processes(&mut server, 0);
    let b = starting(&server, Options { processes: 1, ..pipeline("SYSTEM") });
    a.finish_initialize();
    server.wait_owned("A/PUB");
    a.signal_pid("KILL", a.unit_pid("PUB"));
    wait_for_processes(&mut server, 0);

    expect(&list(&server), 0, &listing(&[&format!("starting  {SYSTEM}")]), "");
    expect_nothing_to_reap(&server, "5m");
    expect_to_run(&b);
}

#[test]
fn a_pipeline_whose_processes_are_not_registered_is_unknown_while_it_has_its_streams() {
    let server = server();
    let odd = Client::odd(&server, Odd::UnregisteredPipeline);
    odd.wait_event("running", PATIENCE);
    // Its messages stay inside one process.
    let unknown = format!("{HEADER}SHORTID  AGE  -  unknown  {SYSTEM}\n");
    let run = graphctl(server.address(), &["--start-timeout", "1ms", "sessions", "list"]);
    expect(&run, 0, &unknown, "");
    expect_nothing_to_reap(&server, "1ms");
    assert_flows(&odd);
}

/// Taps and a feeder that were attached while a pipeline started are as old as its own clients.
#[test]
fn taps_attached_during_a_start_outlive_what_it_left() {
    let mut server = server();
    let spawned =
        Options { runner: Runner::Start, start_method: StartMethod::Spawn, ..pipeline("SYSTEM") };
    let dead = starting(&server, spawned);
    let output = Client::subscriber(&server, "SYSTEM/PUB/OUTPUT");
    let input = Client::subscriber(&server, "SYSTEM/SUB/INPUT");
    let feeder = Client::publisher(&server, "SYSTEM/SUB/INPUT");
    dead.finish_initialize();
    dead.wait_event("running", PATIENCE);
    dead.signal("KILL");
    dead.wait_gone(dead.pid(), PATIENCE);
    server.wait_state("three sessions", |state| state["clients"]["SessionInfo"] == 3);

    let run = graphctl(server.address(), &["sessions", "reap", "-o", "json"]);
    assert_eq!((run.code, &*run.redacted().stderr), (0, "2 leftovers dropped\n"), "{run:#?}");
    let targets = run.json()["targets"].take();
    let went = |target: &Value| json!([target["components"], target["outcome"], target["clients"]]);
    let mut went: Vec<_> = targets.as_array().expect("targets").iter().map(went).collect();
    went.sort_by_key(ToString::to_string);
    let clients = |publishers: u32, subscribers: u32, channels: u32| {
        json!({"publishers": publishers, "subscribers": subscribers, "channels": channels,
               "processes": 1})
    };
    let expected = [
        json!([["SYSTEM/PUB"], "dropped", clients(1, 0, 2)]),
        json!([["SYSTEM/SUB"], "dropped", clients(0, 1, 0)]),
    ];
    assert_eq!(went, expected);
    let left = server.wait_state("the end of graphctl", |it| it["clients"]["SessionInfo"] == 3);
    assert_eq!(
        (&left["clients"]["PublisherInfo"], &left["clients"]["SubscriberInfo"]),
        (&1.into(), &2.into()),
        "{}",
        feeder.stderr()
    );
    assert_rate(&input, 100.0);
    drop(dead);
    let relaunched = Pipeline::running(&server, &pipeline("SYSTEM"));
    assert_rate(&output, 200.0);
    assert_rate(&input, 300.0);
    assert_rate(&relaunched, 200.0);
}

/// A publisher on the input of a unit is not the unit's own, even if it came during its start. Here one program
/// made both, so neither is taken. It also holds a session, so its process is not proven to be a leftover.
#[test]
fn a_feeder_attached_during_a_start_outlives_a_forced_drop() {
    let mut server = server();
    let odd = Client::odd(&server, Odd::FedLeftover);
    server.wait_state("one session", |state| state["clients"]["SessionInfo"] == 1);
    let look = graphctl(server.address(), &["sessions", "list", "-o", "json"]).json();
    let id = look["leftovers"][0]["id"].as_str().expect("an id");
    let run = graphctl(server.address(), &["sessions", "drop", "-y", "--force", id]);
    let left = "FULL-ID leaves 2 clients on FED/U/INPUT, which may belong to pid N on HOST or to another program\n\
                1 leftover dropped\n";
    expect(&run, 0, &report("unknown  dropped  FED/U"), left);
    let expected =
        json!({"SessionInfo": 1, "PublisherInfo": 1, "SubscriberInfo": 1, "ChannelInfo": 1});
    server.wait_state("the clients of the topic", |state| state["clients"] == expected);
    let observer = listing(&["observer  -"]);
    expect(&list(&server), 0, &observer, "");
    odd.close();
}

/// It answers between two steps, and the second look knows that.
#[test]
fn a_unit_that_computes_in_its_event_loop_is_alive() {
    let mut server = server();
    let busy = Client::odd(&server, Odd::BusyPipeline);
    server.wait_owned("BUSY");
    busy.wait_next("step");
    let run = graphctl(server.address(), &["sessions", "reap", "--include-suspect"]);
    // A look that comes between two steps of its work finds it live.
    let why = "FULL-ID changed: it was suspect unresponsive, and is live now: every unit has its process, and \
               1 process answered\n\
               0 sessions dropped\n";
    if run.code == 3 {
        expect(&run, 3, &report("live  changed  BUSY"), why);
    } else {
        expect(&run, 0, "", "nothing to drop\n");
    }
    server.wait_state("all pings answered", |state| state["pings"] == 0);
    assert_eq!(server.log(), "");
}

#[test]
fn a_process_that_answers_with_an_error_is_left_alone() {
    let server = server();
    let _odd = Client::odd(&server, Odd::AnswersWithError);
    let before = server.witness();
    expect(&list(&server), 0, &listing(&["unknown  TERSE, TERSE/U"]), "");
    expect_nothing_to_reap(&server, "1ms");
    assert_eq!(server.witness(), before);
}

/// What reads a session without the command lock leaves nothing that would wait for it.
#[test]
fn looking_at_a_wedged_server_leaves_nothing_behind() {
    let mut server = server();
    let pipeline = Pipeline::running(&server, &pipeline("SYSTEM"));
    let subscriber = Client::subscriber(&server, "TOPIC");
    let publisher = Client::publisher(&server, "TOPIC");
    let mut wedge = Wedge::of(&mut server);
    let before = server.state();
    let live = format!("live  {SYSTEM}");
    let rows = [&*live, "observer  -", "observer  -", "observer  -"];
    for look in 0..5 {
        expect(&list(&server), 0, &listing(&rows), LOCKED);
        let status = graphctl(server.address(), &["server", "status"]).redacted();
        assert_eq!((status.code, &*status.stderr), (0, LOCKED), "{status:#?}");
        assert!(status.stdout.contains("\nlock  held, "), "{status:#?}");
        let state = server.wait_state("the end of graphctl's session", |state| {
            state["clients"] == before["clients"] && state["tasks"] == before["tasks"]
        });
        // The answers of both processes to the first ping wait for the lock, as any answer would.
        let expected = json!({
            "clients": before["clients"], "handlers": before["handlers"],
            "tasks": before["tasks"], "pings": 2, "locked": true, "waiters": 2,
        });
        assert_eq!(state, expected, "after look {look}");
    }
    wedge.end(&mut server);
    server.wait_state("all pings answered", |state| state["pings"] == 0);
    assert_flows(&pipeline);
    assert_rate(&subscriber, 100.0);
    expect(&list(&server), 0, &listing(&rows), "");
    assert_eq!(server.log(), "");
    publisher.close();
}

/// A server that cannot have its lock reads no answers: that is no fault of those who gave them. What
/// keeps the lock is somebody else, and goes on request.
#[test]
fn reaping_suspects_on_a_wedged_server_frees_it_and_leaves_the_healthy_alone() {
    let mut server = server();
    let pipeline = Pipeline::running(&server, &pipeline("SYSTEM"));
    let before = server.witness();
    let wedge = Wedge::of(&mut server);
    let live = format!("live  {SYSTEM}");
    expect(&list(&server), 0, &listing(&[&live, "observer  -"]), LOCKED);
    let address = server.address().to_owned();
    let reap =
        |arguments: &[&str]| graphctl(&address, &[&["sessions", "reap"], arguments].concat());
    let held = LOCKED.replace("LOCKED: the server's", "the").replace(FREED_BY, "");
    expect(&reap(&[]), 0, "", &format!("{held}nothing to drop\n"));
    let waits = "SYNC waits for the publisher on T/X at ADDRESS to confirm: that connection";
    let would = format!("{held}{waits} would be closed, to free the command lock\n");
    expect(&reap(&["--include-suspect", "--dry-run"]), 0, "", &would);
    assert_eq!(server.state()["locked"], true);
    let filtered = reap(&["--include-suspect", "--component", "SYSTEM"]);
    expect(&filtered, 0, "", &format!("{held}nothing to drop\n"));
    let freed = format!("{held}{waits} was closed, and the command lock is free of it\n");
    expect(&reap(&["--include-suspect"]), 0, "", &freed);
    server.wait_state("a free lock", |state| state["locked"] == false && state["waiters"] == 0);
    let paused = graphctl(server.address(), &["sessions", "list"]);
    expect(&paused, 0, &listing(&[&live, "observer  -"]), "");
    Wedge::resume(&server);
    drop(wedge);
    assert_flows(&pipeline);
    server.wait_state("the end of the publisher", |it| it["clients"]["SessionInfo"] == 1);
    assert_eq!(server.witness(), before);
}

/// Whoever starts meanwhile cannot register its processes, however long it waits.
#[test]
fn a_start_on_a_wedged_server_is_no_phantom() {
    let mut server = server();
    let pipeline = starting(&server, Options { processes: 1, ..pipeline("SYSTEM") });
    let mut wedge = Wedge::of(&mut server);
    pipeline.finish_initialize();
    server.wait_state("the pipeline waiting for the lock", |state| state["waiters"] == 1);
    let run = graphctl(server.address(), &["--start-timeout", "1ms", "sessions", "list"]);
    expect(&run, 0, &listing(&[&format!("unknown  {SYSTEM}"), "observer  -"]), LOCKED);
    let run = graphctl(server.address(), &["--start-timeout", "1ms", "sessions", "reap"]);
    assert_eq!((run.code, run.stdout.as_str()), (0, ""), "{run:#?}");
    wedge.end(&mut server);
    pipeline.wait_event("running", PATIENCE);
    assert_flows(&pipeline);
}

/// The server takes any metadata at all; what cannot be read is told as such, and hides nobody.
#[test]
fn odd_clients_hide_nobody_and_can_be_dropped() {
    let server = server();
    let pipeline = Pipeline::running(&server, &pipeline("SYSTEM"));
    let before = server.witness();
    let odd = Client::odd(&server, Odd::Metadata);
    let ids = odd.wait_event("odd", PATIENCE);
    let rows = [
        format!("live  {SYSTEM}"),
        "unknown  -".into(),
        "starting  ROOTED".into(),
        r"starting  a\ud800b".into(),
        "starting  1, ('t', 2), None, b'x'".into(),
        r"starting  a\u{1b}[31mRED\nnew".into(),
        "unknown  DATED".into(),
        "unknown  PID".into(),
        "unknown  NEGATIVE".into(),
        "unknown  BYTES".into(),
    ];
    expect(&list(&server), 0, &listing(&rows.each_ref().map(|row| &**row)), "");
    let documented = graphctl(server.address(), &["--no-admin", "sessions", "list"]);
    assert_eq!((documented.code, documented.stdout.lines().count()), (0, 11), "{documented:#?}");
    assert!(documented.redacted().stdout.contains(&format!("live  {SYSTEM}\n")), "{documented:#?}");
    let json = graphctl(server.address(), &["sessions", "list", "-o", "json"]);
    assert_eq!((json.code, json.json()["sessions"].as_array().map(Vec::len)), (0, Some(7)));
    let free = graphctl(server.address(), &["sessions", "check", "FREE"]);
    expect(&free, 0, "", "free\n");
    expect_nothing_to_reap(&server, "5m");

    let facts = ids.as_object().expect("an event is an object").iter();
    let ids = facts.filter(|(name, _)| !["event", "at"].contains(&name.as_str()));
    let ids: Vec<_> = ids.map(|(_, id)| id.as_str().expect("an id")).collect();
    for id in &ids {
        let shown = graphctl(server.address(), &["sessions", "show", id]);
        assert_eq!((shown.code, &*shown.stderr), (0, ""), "{shown:#?}");
        assert!(shown.stdout.contains(id), "{shown:#?}");
    }
    let forced = [&["sessions", "drop", "-y", "--force", "-o", "name"], &*ids].concat();
    let run = graphctl(server.address(), &forced);
    assert_eq!((run.code, run.stdout.lines().collect::<Vec<_>>().len()), (0, 9), "{run:#?}");
    assert_eq!(server.witness(), before);
    assert_flows(&pipeline);
    assert_eq!(server.log(), "");
}

/// The handler of a dropped session waits for the lock to clean up. To cancel it would make a ghost.
#[test]
fn a_drop_waits_for_a_lock_that_is_held_for_a_second() {
    let mut server = server();
    let silent = Client::silent_session(&server, &["SYSTEM", "SYSTEM/PUB"]);
    let subscriber = lock_for_a_second(&mut server);
    let run =
        graphctl(server.address(), &["sessions", "drop", "-y", "--force", silent.session_id()]);
    let dropped = report("starting  dropped  SYSTEM, SYSTEM/PUB");
    expect(&run, 0, &dropped, "1 session dropped\n");
    drop(subscriber);
    let left = server.wait_state("an empty server", |state| state["clients"] == json!({}));
    assert_eq!((&left["handlers"], &left["waiters"]), (&0.into(), &0.into()));
    Client::silent_session(&server, &["SYSTEM", "SYSTEM/PUB"]).close();
    expect(&list(&server), 0, HEADER, "");
}

#[test]
fn a_process_that_also_serves_another_session_stays() {
    let server = server();
    let odd = Client::odd(&server, Odd::SharedProcess);
    let arguments = ["--start-timeout", "1ms", "sessions", "reap", "--include-suspect"];
    let run = graphctl(server.address(), &arguments);
    let dropped = report("suspect never-started  dropped  ONE, ONE/U, ONE/V");
    let left = "FULL-ID leaves pid N on HOST which also runs units of another session\n";
    expect(&run, 0, &dropped, &format!("{left}1 session dropped\n"));
    expect(&list(&server), 0, &listing(&["unknown  TWO, TWO/U"]), "");
    assert_eq!(server.witness().owners_of("TWO/U"), [odd.pid()]);
}
