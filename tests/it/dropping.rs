//! Phantoms on a real server: explained, dry-run, reaped, and the pipeline launched again.

use std::time::Duration;

use serde_json::Value;

use crate::lab::{
    Client, Odd, Options, PATIENCE, Phantom, Pipeline, Server, phantom, quiet_phantom,
};
use crate::run::{Run, expect, graphctl, graphctl_until};
use crate::stage::{reap, relaunch, server, wait_until_judged};
use crate::wiretap::Wiretap;

const KEYS: &str = "SYSTEM, SYSTEM/PUB, SYSTEM/SUB";

fn table(state: &str, outcome: &str, keys: &str) -> String {
    format!("ID  AGE  STATE  OUTCOME  COMPONENTS\nSHORTID  AGE  {state}  {outcome}  {keys}\n")
}

/// The whole way of a phantom without owners: refused, dry-run, reaped, launched again. Its opener still runs, and
/// waits at a prompt.
fn clears(how: Phantom) {
    let reason = "stale abandoned";
    let server = server();
    let _phantom = phantom(&server, how, "SYSTEM");
    wait_until_judged(&server, reason);
    let refused = Pipeline::start(&server, &Options::two_processes());
    assert!(refused.wait_refused(PATIENCE).contains("component address collision"));
    drop(refused);

    let before = server.witness();
    let would = reap(&server, &["--dry-run"]);
    expect(&would, 0, &table(reason, "would-drop", KEYS), "1 session would be dropped\n");
    assert_eq!(server.witness(), before, "a dry run changes nothing");
    let did = reap(&server, &[]);
    expect(&did, 0, &table(reason, "dropped", KEYS), "1 session dropped\n");
    assert_eq!(server.witness().sessions(), [] as [String; 0]);
    expect(&reap(&server, &[]), 0, "", "nothing to drop\n");
    relaunch(&server);
    assert!(!server.log().contains("graphctl"), "{}", server.log());
}

#[test]
fn a_pipeline_that_nobody_stopped() {
    clears(Phantom::NeverStopped);
}

#[test]
fn a_cleanup_that_was_interrupted() {
    clears(Phantom::CleanupInterrupted);
}

#[test]
fn a_pipeline_whose_backends_were_killed() {
    clears(Phantom::BackendsKilled);
}

#[test]
fn what_a_killed_main_process_with_spawned_backends_left() {
    let server = server();
    let phantom = phantom(&server, Phantom::MainKilledSpawn, "SYSTEM");
    wait_until_judged(&server, "stale leftover");
    let refused = Pipeline::start(&server, &Options::two_processes());
    assert!(refused.wait_refused(PATIENCE).contains("PROCESS_REGISTER"));
    drop(refused);
    wait_until_judged(&server, "stale leftover");

    let did = reap(&server, &["-o", "json"]);
    assert_eq!(did.code, 0, "{did:#?}");
    let mut targets = did.json()["targets"].as_array().expect("targets").clone();
    // The refused launch may still be on its way out at the first look.
    targets.retain(|target| target["outcome"] != "already-gone");
    assert_eq!(targets.len(), 2, "{targets:#?}");
    for target in targets {
        let ended = (&target["outcome"], &target["reason"]);
        assert_eq!(ended, (&"dropped".into(), &"leftover".into()));
        let clients = &target["clients"];
        let endpoints = clients["publishers"].as_u64().zip(clients["subscribers"].as_u64());
        assert_eq!(endpoints.map(|(publishers, subscribers)| publishers + subscribers), Some(1));
    }
    assert_eq!(server.witness().0["processes"], serde_json::json!([]));
    relaunch(&server);
    assert_eq!(phantom.family().len(), 2 + 1, "two backends and the resource tracker live on");
}

#[test]
fn a_killed_backend_leaves_a_suspect_that_goes_on_request() {
    let server = server();
    let _phantom = phantom(&server, Phantom::BackendKilled, "SYSTEM");
    wait_until_judged(&server, "suspect partial");
    let spared = "1 suspect session left alone; --include-suspect drops those too\n";
    expect(&reap(&server, &[]), 0, "", &format!("{spared}nothing to drop\n"));
    let did = reap(&server, &["--include-suspect"]);
    expect(&did, 0, &table("suspect partial", "dropped", KEYS), "1 session dropped\n");
    relaunch(&server);
}

/// Its messages flow on, so that is said wherever it is about to go; and it goes with all that is left.
#[test]
fn a_headless_pipeline_goes_with_its_heirs_or_is_spared_while_it_flows() {
    let server = server();
    let phantom = quiet_phantom(&server, Phantom::MainKilledFlowing, "SYSTEM");
    wait_until_judged(&server, "stale headless");
    let (pub_pid, sub_pid) = (phantom.unit_pid("PUB"), phantom.unit_pid("SUB"));
    // On a busy machine a look may find an heir at work each time, and leaves the pipeline alone.
    let until_said = |arguments: &[&str], said: &str| {
        let arguments = [&["sessions", "reap"], arguments].concat();
        graphctl_until(server.address(), &arguments, |run| {
            run.stdout.contains(said) || run.stderr.contains(said)
        })
    };
    let spared = "1 session left alone, from which messages may flow\nnothing to drop\n";
    expect(&until_said(&["--spare-flowing"], spared), 0, "", spared);
    let would = until_said(&["--dry-run", "--kill"], "would-drop");
    assert_eq!(would.code, 0, "{would:#?}");
    assert!(would.stdout.contains(" msg/s  would-drop  "), "{would:#?}");
    assert!(would.stderr.contains("FLOWING: 1 of these still publishes "), "{would:#?}");
    for pid in [pub_pid, sub_pid] {
        assert!(would.stderr.contains(&format!("pid {pid} (")), "{would:#?}");
    }
    assert_eq!(would.stderr.matches(") would be ended\n").count(), 2, "{would:#?}");

    let did = until_said(&["--kill", "-o", "json"], "\"dropped\"");
    let target = &did.json()["targets"][0];
    assert_eq!((&target["reason"], &target["outcome"]), (&"headless".into(), &"dropped".into()));
    assert!(target["messages_per_second"].as_f64() > Some(100.0), "{target:#}");
    let mut killed: Vec<_> = target["killed"].as_array().expect("pids").clone();
    killed.sort_by_key(serde_json::Value::as_u64);
    let mut heirs = [pub_pid, sub_pid];
    heirs.sort_unstable();
    assert_eq!(serde_json::json!(killed), serde_json::json!(heirs));
    for heir in heirs {
        phantom.wait_gone(heir, PATIENCE);
    }
    relaunch(&server);
}

#[test]
fn a_stopped_backend_is_suspect_and_goes_with_its_clients() {
    let server = server();
    let phantom = phantom(&server, Phantom::BackendStopped, "SYSTEM");
    wait_until_judged(&server, "suspect unresponsive");
    let shown = graphctl(server.address(), &["sessions", "list", "-o", "json"]).json();
    let evidence = shown["sessions"][0]["evidence"][0].as_str().expect("evidence").to_owned();
    let pid = phantom.unit_pid("PUB");
    assert!(evidence.starts_with(&format!("pid {pid} on ")), "{evidence}");
    assert!(evidence.ends_with("(SYSTEM/PUB) did not answer a ping"), "{evidence}");
    let did = reap(&server, &["--include-suspect"]);
    expect(&did, 0, &table("suspect unresponsive", "dropped", KEYS), "1 session dropped\n");
    relaunch(&server);
}

#[test]
fn a_session_that_never_started() {
    let server = server();
    let silent = Client::silent_session(&server, &["SYSTEM", "SYSTEM/PUB"]);
    expect(&reap(&server, &["--older-than", "1ms"]), 0, "", "nothing to drop\n");
    wait_until_judged(&server, "starting");
    let did = reap(&server, &["--start-timeout", "1ms", "--include-suspect"]);
    let table = table("suspect never-started", "dropped", "SYSTEM, SYSTEM/PUB");
    expect(&did, 0, &table, "1 session dropped\n");
    assert_eq!(server.witness().sessions(), [] as [String; 0]);
    drop(silent);
}

#[test]
fn a_ghost() {
    let mut server = server();
    server.ghost();
    expect(&reap(&server, &[]), 0, &table("stale ghost", "dropped", "-"), "1 session dropped\n");
    assert_eq!(server.witness().sessions(), [] as [String; 0]);
    assert_eq!(server.log(), "");
}

/// Its client hung up while the server was busy with its request, and could not notice.
#[test]
fn a_client_that_closed_too_early() {
    let mut server = server();
    let odd = Client::odd(&server, Odd::ClosedInFlight);
    let keys = "CLOSED, CLOSED/U";
    let is_found = |run: &Run| run.stdout.contains("client-closed");
    let listed = graphctl_until(server.address(), &["sessions", "list"], is_found);
    assert!(is_found(&listed), "{listed:#?}");
    let did = reap(&server, &["--component", "CLOSED"]);
    expect(&did, 0, &table("stale client-closed", "dropped", keys), "1 session dropped\n");
    assert_eq!(server.witness().sessions_of("CLOSED"), [] as [String; 0]);
    Client::silent_session(&server, &["CLOSED", "CLOSED/U"]).close();
    odd.close();
    server.wait_state("an empty server", |state| state["clients"] == serde_json::json!({}));
}

#[test]
fn drop_takes_what_is_proven_and_refuses_what_is_not() {
    let mut server = server();
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB", "SYSTEM/SUB"]);
    wait_until_judged(&server, "stale ghost");
    let live = Pipeline::running(&server, &Options { name: "OTHER".into(), ..Options::default() });
    let witness = server.witness();
    let (dead, alive) = (&witness.sessions_of("SYSTEM")[0], &witness.sessions_of("OTHER")[0]);

    let run = graphctl(server.address(), &["sessions", "drop", &dead[..8], alive, "--dry-run"]);
    let both = format!(
        "ID  AGE  STATE  OUTCOME  COMPONENTS\nSHORTID  AGE  stale ghost  would-drop  {KEYS}\n\
         SHORTID  AGE  live  refused  OTHER, OTHER/PUB, OTHER/SUB\n"
    );
    let why = "FULL-ID refused: it is live, not proven dead (every unit has its process, and \
               1 process answered); to drop it all the same, use --force and type the id in full\n";
    expect(&run, 3, &both, &format!("{why}1 session would be dropped\n"));
    let run = graphctl(server.address(), &["sessions", "drop", &dead[..8], alive]);
    let both = both.replace("would-drop", "dropped");
    expect(&run, 3, &both, &format!("{why}1 session dropped\n"));

    let short = graphctl(server.address(), &["sessions", "drop", "-y", "--force", &alive[..8]]);
    let refused = table("live", "refused", "OTHER, OTHER/PUB, OTHER/SUB");
    expect(&short, 3, &refused, &format!("{why}0 sessions dropped\n"));
    live.rate_over(Duration::from_millis(500));
    let forced = graphctl(server.address(), &["sessions", "drop", "-y", "--force", alive]);
    let dropped = table("live", "dropped", "OTHER, OTHER/PUB, OTHER/SUB");
    expect(&forced, 0, &dropped, "1 session dropped\n");
    assert_eq!(server.witness().0["sessions"], serde_json::json!({}));
    assert_eq!(server.witness().0["processes"], serde_json::json!([]));
}

#[test]
fn a_dry_run_selects_exactly_what_a_reap_drops() {
    let mut server = server();
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB"]);
    let _healthy =
        Pipeline::running(&server, &Options { name: "OTHER".into(), ..Options::default() });
    let _slow = Client::silent_session(&server, &["SLOW", "SLOW/UNIT"]);
    let _observer = Client::observer(&server);
    server.ghost();
    server.ghost();
    wait_until_judged(&server, "stale ghost");
    let ids = |arguments: &[&str]| {
        let run = reap(&server, &[&["-o", "name"], arguments].concat());
        assert_eq!(run.code, 0, "{run:#?}");
        run.stdout
    };
    let kept = |arguments: &[&str]| {
        graphctl(server.address(), &[&["sessions", "list", "-o", "name"], arguments].concat())
            .stdout
    };
    let live = kept(&["--state", "live", "--state", "starting", "--state", "observer"]);
    assert_eq!(live.lines().count(), 3);
    let keyed = ids(&["--dry-run", "--component", "*"]);
    assert_eq!(keyed.lines().count(), 1);
    assert_eq!(ids(&["--component", "*"]), keyed);
    let would = ids(&["--dry-run"]);
    assert_eq!(would.lines().count(), 2);
    assert_eq!(kept(&["--state", "stale"]), would);
    assert_eq!(ids(&[]), would);
    assert_eq!(kept(&[]), live);
}

/// Requests are JSON in the clear, and the program before them is always the same.
#[test]
fn a_dry_run_sends_nothing_that_drops() {
    let mut server = server();
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB"]);
    wait_until_judged(&server, "stale ghost");
    let drops = |arguments: &[&str]| {
        let wiretap = Wiretap::before(server.address());
        assert_eq!(graphctl(wiretap.address(), arguments).code, 0);
        let heard = wiretap.heard();
        assert!(heard.contains(r#""operation":"list""#), "the wiretap heard nothing");
        heard.contains(r#""operation":"drop""#)
    };
    let id = server.witness().sessions_of("SYSTEM").remove(0);
    assert!(!drops(&["sessions", "reap", "--dry-run"]));
    assert!(!drops(&["sessions", "drop", &id, "--dry-run", "--force"]));
    assert!(drops(&["sessions", "reap"]), "the test would not notice a drop");
}

/// What chooses the sessions, and why, stays here; and their keys go as a digest.
#[test]
fn nothing_that_was_typed_or_registered_is_sent() {
    let mut server = server();
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB"]);
    wait_until_judged(&server, "stale ghost");
    let wiretap = Wiretap::before(server.address());
    let filters = ["--component", "SYS*", "--exclude", "TYPED*", "--older-than", "1ms"];
    let why = ["--reason", "TYPED\"]}); import os #"];
    let run = graphctl(wiretap.address(), &[&["sessions", "reap"], &filters[..], &why].concat());
    assert_eq!(run.stderr, "1 session dropped\n", "{run:#?}");
    let heard = wiretap.heard();
    assert!(heard.contains(r#""operation":"drop""#), "the wiretap heard no drop");
    assert!(!heard.contains("TYPED") && !heard.contains("SYS*") && !heard.contains("SYSTEM"));
}

#[test]
fn max_is_a_brake() {
    let mut server = server();
    server.ghost();
    server.ghost();
    let run = reap(&server, &["--max", "1"]);
    let both =
        format!("{}SHORTID  AGE  stale ghost  refused  -\n", table("stale ghost", "refused", "-"));
    let why = "FULL-ID refused: 2 would go, and --max allows 1\n";
    expect(&run, 3, &both, &format!("{why}{why}0 sessions dropped\n"));
    assert_eq!(reap(&server, &["--max", "2"]).code, 0);
    assert_eq!(server.witness().sessions(), [] as [String; 0]);
}

/// What a drop of this session expects of the server, and says.
fn expected_freeze(server: &Server, id: &str, arguments: &[&str]) -> (Value, String) {
    let force = ["sessions", "drop", "-y", "--force", "-o", "json", id];
    let run = graphctl(server.address(), &[&force, arguments].concat());
    (run.json()["expected_freeze_seconds"].clone(), run.redacted().stderr)
}

#[test]
fn how_long_a_server_will_be_frozen_is_said_before() {
    let mut server = server();
    let wide = Client::weavers(&server, "WIDE", 1, 1, 150);
    let would = "1 session would be dropped\n";
    let told = expected_freeze(&server, wide.session_id(), &["--dry-run"]);
    assert_eq!(told, (Value::Null, would.to_owned()), "in bulk it is not to be noticed");
    server.make_strange();
    let frozen =
        "this server cannot drop in bulk: expect it to be frozen for about 0.1 s\n".to_owned();
    let told = expected_freeze(&server, wide.session_id(), &["--dry-run"]);
    assert_eq!(told, (0.135.into(), frozen.clone() + would));
    let told = expected_freeze(&server, wide.session_id(), &[]);
    assert_eq!(told, (0.135.into(), frozen + "1 session dropped\n"));
    assert_eq!(server.witness().sessions(), [] as [String; 0]);
}
