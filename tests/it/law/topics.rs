//! What belongs to whom: topics with the same prefix, and taps, beside a phantom that is dropped.

use crate::lab::{Client, Options, PATIENCE, Pipeline, Rig, Rigged, Server};
use crate::run::{Run, graphctl, graphctl_until};
use crate::stage::{assert_full_rate, server};

use super::{expect_untouched, torture};

/// A topic that the phantom and the relaunch subscribe to, and taps too.
const INPUT: &str = "SYSTEM/SUB/INPUT";

/// Reaps until something has been dropped.
#[track_caller]
fn reap_phantom(server: &Server) {
    let is_dropped = |run: &Run| run.stdout.contains("  dropped  ");
    let run = graphctl_until(server.address(), &["sessions", "reap", "-y"], is_dropped);
    assert!(is_dropped(&run), "nothing was dropped: {run:#?}");
}

/// Expects what one [`Client::publisher`] publishes.
#[track_caller]
fn assert_publisher_rate(subscriber: &Client) {
    let rate = subscriber.rate_over(std::time::Duration::from_secs(1));
    assert!(rate > 75.0, "it was to be 100 messages a second: {rate}");
}

/// The leftover is the unit DAQ. A healthy pipeline has the root DAQ, and two clients have a topic below it; all
/// of these came after the session of the leftover, and before its process.
#[test]
fn leftover_beside_its_prefix() {
    let mut server = server();
    let leftover = Rigged::start(&server, Rig::SlowDaq);
    let healthy = Rigged::start(&server, Rig::LiveBelowDaq);
    let _publisher = Client::publisher(&server, "DAQ/AUX");
    let subscriber = Client::subscriber(&server, "DAQ/AUX");
    leftover.open("amplifier");
    server.wait_owned("DAQ");
    leftover.signal("KILL");
    leftover.wait_gone(leftover.pid(), PATIENCE);

    reap_phantom(&server);
    assert!(server.witness().owners_of("DAQ").is_empty(), "the leftover stays");
    healthy.expect_recording();
    assert_publisher_rate(&subscriber);
    expect_untouched(&mut server, &healthy, |server| torture(server, &[]));
    healthy.expect_recording();
    assert_full_rate(&healthy);
}

/// An edge of the phantom carries messages from one healthy program to another.
#[test]
fn edge_between_others() {
    let mut server = server();
    let sensor = Options { name: "SENSOR".to_owned(), ..Options::two_processes() };
    let source = Pipeline::running(&server, &sensor);
    let display = Client::subscriber(&server, "DISPLAY/INPUT");
    let phantom = Rigged::start(&server, Rig::Glue);
    assert_full_rate(&display);
    phantom.signal("KILL");
    phantom.wait_gone(phantom.pid(), PATIENCE);

    let id = server.witness().sessions_of("GLUE/REC").remove(0);
    let refused = |arguments: &[&str]| {
        let told = |run: &Run| run.stderr.contains("SENSOR/PUB/OUTPUT → DISPLAY/INPUT");
        let run = graphctl_until(server.address(), arguments, told);
        assert!(told(&run), "{run:#?}");
        assert_eq!(run.code, 3, "{run:#?}");
    };
    refused(&["sessions", "reap", "--dry-run"]);
    refused(&["sessions", "reap", "-y"]);
    refused(&["sessions", "drop", &id, "-y"]);
    expect_untouched(&mut server, &source, |server| torture(server, &[]));
    assert_full_rate(&source);
    assert_full_rate(&display);

    let forced = graphctl(server.address(), &["sessions", "drop", &id, "--force", "-y"]);
    assert_eq!(forced.code, 0, "{forced:#?}");
    assert!(server.witness().sessions_of("GLUE/REC").is_empty(), "it was forced");
}

/// Messages flow from A to B over an edge of a router, and from B to C over edges of ghosts.
#[test]
fn edges_of_several_phantoms() {
    let mut server = server();
    let _source = Client::publisher(&server, "A");
    let _router = Client::silent_session(&server, &["edge:A>B"]);
    let display = Client::subscriber(&server, "C");
    server.ghost_of(&["ONE", "ONE/U", "edge:B>C"]);
    assert_publisher_rate(&display);

    let outcomes = |server: &Server| {
        let run = graphctl(server.address(), &["sessions", "reap", "-y", "-o", "json"]);
        assert_publisher_rate(&display);
        let report = run.json();
        let targets = report["targets"].as_array().expect("targets").iter();
        let mut outcomes: Vec<_> = targets.map(|it| it["outcome"].to_string()).collect();
        outcomes.sort();
        (run.code, outcomes.join(" "))
    };
    assert_eq!(outcomes(&server), (3, r#""refused""#.to_owned()), "the edge connects A and C");
    server.ghost_of(&["TWO", "TWO/U", "edge:B>C"]);
    let both = r#""dropped" "refused""#.to_owned();
    assert_eq!(outcomes(&server), (3, both), "one of the two keeps the edge");
    let _twin = Client::silent_session(&server, &["edge:B>C"]);
    assert_eq!(outcomes(&server), (0, r#""dropped""#.to_owned()), "another session owns the edge");
}

/// Taps on a topic that the phantom subscribed to: before its start, between its own subscriber and the registration
/// of its process, and after its start.
#[test]
fn tap_during_start() {
    let mut server = server();
    let before = Client::subscriber(&server, INPUT);
    let phantom = Rigged::start(&server, Rig::HalfConnected);
    let during = Client::subscriber(&server, INPUT);
    phantom.open("port");
    server.wait_owned("SYSTEM/SUB");
    let after = Client::subscriber(&server, INPUT);
    phantom.signal("KILL");
    phantom.wait_gone(phantom.pid(), PATIENCE);

    reap_phantom(&server);
    let subscribers = server.dump()["subscribers"].clone();
    assert_eq!(subscribers, serde_json::json!([INPUT, INPUT, INPUT]), "the taps alone stay");
    let pipeline = Pipeline::running(&server, &Options::two_processes());
    let expect_flow = || {
        assert_full_rate(&pipeline);
        for tap in [&before, &during, &after] {
            assert_full_rate(tap);
        }
    };
    expect_flow();
    expect_untouched(&mut server, &pipeline, |server| torture(server, &[]));
    expect_flow();
}

/// A pipeline whose publisher has lost its connection is not live; that it is dead is not shown either.
#[test]
fn live_without_endpoints() {
    let mut server = server();
    let _pipeline = Pipeline::running(&server, &Options::two_processes());
    server.cut_publishers("SYSTEM/PUB/OUTPUT");
    let look = graphctl(server.address(), &["sessions", "list", "-o", "json"]).json();
    let verdict = look["sessions"][0]["verdict"].as_str().expect("a verdict").to_owned();
    let reason = &look["sessions"][0]["reason"];
    assert_eq!((verdict.as_str(), reason.as_str()), ("suspect", Some("partial")), "{look:#}");
}
