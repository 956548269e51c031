//! The lab's scenes are what they say they are, by what the server and ezmsg tell, not by graphctl.

use std::time::{Duration, Instant};

use std::io::Read as _;
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::lab::{
    self, Client, Healthy, Odd, Options, OrphanedPort, PATIENCE, Phantom, Pipeline, Scene, Server,
    phantom, vanished_host,
};
use crate::stage::{network, server};

/// Those of the pipeline SYSTEM.
const UNITS: [&str; 2] = ["SYSTEM/PUB", "SYSTEM/SUB"];

const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_cut_network_loses_all_packets_and_heals_without_a_loss() {
    let Some(network) = network() else { return };
    let mut server = Server::start_in(&network, &lab::ezmsg("3.9.0"));
    let pipeline = Pipeline::start_in(&network, &server, &Options::two_processes());
    pipeline.wait_event("running", PATIENCE);
    let before = server.witness();
    assert_eq!(server.pings(&UNITS, PATIENCE), ["ok", "ok"]);

    network.cut();
    let cut = Instant::now();
    assert_eq!(server.pings(&UNITS, SECOND), ["TIMEOUT", "TIMEOUT"]);
    let rate = pipeline.rate_over(Duration::from_secs(4));
    assert!(rate > 160.0, "both units are on the same side: {rate}");
    assert!(cut.elapsed() > Duration::from_secs(5));
    assert_eq!(server.witness(), before);

    network.heal();
    assert_eq!(server.pings(&UNITS, PATIENCE), ["ok", "ok"]);
    server.wait_state("all answers", |state| state["pings"] == 0);
    let (_, counts) = pipeline.counts_over(SECOND);
    assert_eq!((&counts["foreign"], &counts["gaps"]), (&0.into(), &0.into()));
    assert_eq!(server.witness(), before);
}

#[test]
fn a_vanished_host_leaves_everything_with_the_server() {
    let Some(network) = network() else { return };
    let mut server = Server::start_in(&network, &lab::ezmsg("3.9.0"));
    vanished_host(&network, &server, "SYSTEM");
    let vanished = Instant::now();
    let before = (server.witness(), server.state());
    assert_eq!(before.0.sessions_of("SYSTEM").len(), 1);
    let clients = json!({
        "SessionInfo": 1, "ProcessInfo": 2, "PublisherInfo": 1, "SubscriberInfo": 1, "ChannelInfo": 2
    });
    assert_eq!(before.1["clients"], clients);
    while vanished.elapsed() < 3 * SECOND {
        assert_eq!(server.witness(), before.0);
    }
    assert_eq!(server.pings(&UNITS, SECOND), ["TIMEOUT", "TIMEOUT"]);
    server.wait_state("the end of the witness", |state| *state == before.1);
}

/// What a phantom leaves on the server.
#[derive(Debug, PartialEq)]
struct Left {
    session: bool,
    /// How the processes of PUB and SUB answer.
    answers: [&'static str; 2],
    flows: bool,
}

const ANSWERS: &str = "ok";
const SILENT: &str = "TIMEOUT";
const UNOWNED: &str = "UNROUTABLE_UNIT";

fn left(how: Phantom) -> Left {
    let (session, answers) = match how {
        Phantom::NeverStopped
        | Phantom::CleanupInterrupted
        | Phantom::BackendsKilled
        | Phantom::HelperSurvived
        | Phantom::StartInterruptedAlone => (true, [UNOWNED, UNOWNED]),
        Phantom::BackendKilled
        | Phantom::InitializeFailed
        | Phantom::StartInterrupted
        | Phantom::StartInterruptedSpawn
        | Phantom::StartInterruptedNotebook => (true, [UNOWNED, ANSWERS]),
        Phantom::MainKilled | Phantom::MainTerminated | Phantom::CleanupHangs => {
            (true, [ANSWERS, UNOWNED])
        }
        Phantom::MainTerminatedSpawn | Phantom::MainTerminatedForkserver => {
            (false, [ANSWERS, UNOWNED])
        }
        Phantom::MainKilledFlowing
        | Phantom::MainTerminatedFlowing
        | Phantom::MainStoppedFlowing
        | Phantom::CleanupHangsAlone => (true, [ANSWERS, ANSWERS]),
        Phantom::MainKilledSpawn | Phantom::MainKilledForkserver => (false, [ANSWERS, ANSWERS]),
        Phantom::ShutdownRaised => (false, [SILENT, SILENT]),
        Phantom::BackendStopped | Phantom::UnitBlocks => (true, [SILENT, ANSWERS]),
        Phantom::MainStopped => (true, [ANSWERS, SILENT]),
        Phantom::UnitBlocksAlone => (true, [SILENT, SILENT]),
        Phantom::CleanupRaised
        | Phantom::KilledAlone
        | Phantom::TerminatedAlone
        | Phantom::CleanupInterruptedAlone => (false, [UNOWNED, UNOWNED]),
    };
    let flows = matches!(
        how,
        Phantom::MainKilledFlowing | Phantom::MainTerminatedFlowing | Phantom::MainStoppedFlowing
    );
    Left { session, answers, flows }
}

/// Every third phantom, so that the tests can share them out.
fn leave_what_they_say(first: usize) {
    for how in Phantom::ALL.into_iter().skip(first).step_by(3) {
        let server = server();
        let left = left(how);
        let phantom = phantom(&server, how, "SYSTEM");
        let deadline = Instant::now() + PATIENCE;
        loop {
            let session = server.witness().sessions_of("SYSTEM").len() == 1;
            let answers = server.pings(&UNITS, SECOND);
            if session == left.session && answers == left.answers {
                break;
            }
            assert!(Instant::now() < deadline, "{how:?}: {left:?}, not {session} {answers:?}");
        }
        if left.flows {
            let rate = phantom.rate_over(SECOND / 2);
            assert!(rate > 160.0, "{how:?}: messages were to flow: {rate}");
        }
    }
}

#[test]
fn phantoms_leave_what_they_say_a() {
    leave_what_they_say(0);
}

#[test]
fn phantoms_leave_what_they_say_b() {
    leave_what_they_say(1);
}

#[test]
fn phantoms_leave_what_they_say_c() {
    leave_what_they_say(2);
}

#[test]
fn a_client_that_hung_up_too_early_keeps_its_handler_busy() {
    let mut server = server();
    let odd = Client::odd(&server, Odd::ClosedInFlight);
    let before = server.state();
    assert_eq!((&before["pings"], &before["handlers"]), (&1.into(), &3.into()));
    let held = server.witness();
    assert_eq!(held.sessions_of("CLOSED"), [odd.session_id()]);
    odd.close();
    server.wait_state("an empty server", |state| state["clients"] == json!({}));
}

#[test]
fn a_port_whose_server_was_killed_accepts_and_never_greets() {
    let orphan = OrphanedPort::of(&lab::ezmsg("3.9.0"));
    assert_eq!(orphan.holders().len(), 2);
    let mut stream = TcpStream::connect(orphan.address()).expect("the port accepts");
    stream.set_read_timeout(Some(SECOND)).expect("a timeout can be set");
    let error = stream.read(&mut [0]).expect_err("nobody greets");
    assert_eq!(error.kind(), std::io::ErrorKind::WouldBlock);
}

/// The components of the sessions, and the units that processes own, of a healthy scene.
fn held(how: Healthy) -> (Vec<Vec<String>>, Vec<String>) {
    let pair = |root: &str| [root.to_owned(), format!("{root}/PUB"), format!("{root}/SUB")];
    let [system, first, second] = ["SYSTEM", "FIRST", "SECOND"].map(|root| pair(root).to_vec());
    let lone = |keys: &[&str]| vec![keys.iter().map(|&key| key.to_owned()).collect::<Vec<_>>()];
    let sessions = match how {
        Healthy::Busy => lone(&["BUSY"]),
        Healthy::OpenerDaemon | Healthy::OpenerPolled => lone(&["SYSTEM", "SYSTEM/UNIT"]),
        Healthy::WithClients => vec![vec![], vec![], vec![], vec![], system],
        Healthy::TwoInNotebook => vec![first, second],
        Healthy::OneStoppedInNotebook => vec![vec![], second],
        _ => vec![system],
    };
    let owned = match how {
        Healthy::StartingAlone | Healthy::Unregistered => vec![],
        Healthy::Starting(_) | Healthy::StartingNotebook => vec!["SYSTEM/SUB".to_owned()],
        Healthy::StoppingNotebook => vec!["SYSTEM/PUB".to_owned()],
        Healthy::Busy => vec!["BUSY".to_owned()],
        _ => sessions.iter().flat_map(|keys| keys.iter().skip(1).cloned()).collect(),
    };
    (sessions, owned)
}

/// Every third way to be healthy, so that the tests can share them out.
fn are_what_they_say(first: usize) {
    for how in Healthy::ALL.into_iter().skip(first).step_by(3) {
        let scene = Scene::start(&lab::ezmsg("3.9.0"), how);
        let witness = scene.witness().0;
        let texts = |list: &Value| -> Vec<String> {
            let texts = list.as_array().expect("a list").iter();
            texts.map(|text| text.as_str().expect("a text").to_owned()).collect()
        };
        let sessions = witness["sessions"].as_object().expect("sessions by id").values();
        let mut sessions: Vec<_> = sessions.map(|held| texts(&held["components"])).collect();
        sessions.sort();
        let processes = witness["processes"].as_array().expect("a list of processes").iter();
        let mut owned: Vec<_> = processes.flat_map(|process| texts(&process["units"])).collect();
        owned.sort();
        assert_eq!((sessions, owned), held(how), "{how:?}");
        scene.expect_flow(SECOND / 2);
        scene.conclude();
    }
}

#[test]
fn healthy_scenes_are_what_they_say_a() {
    are_what_they_say(0);
}

#[test]
fn healthy_scenes_are_what_they_say_b() {
    are_what_they_say(1);
}

#[test]
fn healthy_scenes_are_what_they_say_c() {
    are_what_they_say(2);
}
