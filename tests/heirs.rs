//! Which of the processes that a drop leaves behind may be ended.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::net::SocketAddr;
use std::time::SystemTime;

use graphctl::admin::{DropTarget, Taken};
use graphctl::host::{Resource, ResourceKind, Sockets, Tcp, Ties, Written};
use graphctl::model::{
    Channel, Endpoint, EndpointKind, Holder, Holding, Inventory, Link, Server, Session,
};
use graphctl::reap::heirs::{
    Candidate, DroppedConnections, Obstacle, openers, spared, still_writes,
};
use graphctl::reap::{Heir, HeirEnd};
use uuid::Uuid;

const DROPPED: Uuid = Uuid::from_u128(1);
const KEPT: Uuid = Uuid::from_u128(2);

fn at(address: &str) -> SocketAddr {
    address.parse().expect("an address")
}

fn connected(local: &str, remote: &str) -> Tcp {
    Tcp { local: at(local), remote: Some(at(remote)) }
}

fn listening(local: &str) -> Tcp {
    Tcp { local: at(local), remote: None }
}

/// A publisher that connected from there and listens on that port.
fn publisher(id: Uuid, peer: &str, port: u16) -> Endpoint {
    let link = Link {
        peer: Some(at(peer)),
        local: Some(at("10.0.0.1:25978")),
        established: Some(true),
        silent_for: None,
        received: None,
        closing: false,
        handled: true,
    };
    let kind = EndpointKind::Publisher("TOPIC".into());
    Endpoint { id, created: None, link, listens: Some(port), sent: None, kind }
}

/// The publisher on port 600 is dropped, and that on port 700 is not.
fn inventory() -> Inventory {
    Inventory {
        server: Server {
            address: "10.0.0.1:25978".into(),
            version: "3.9.0".into(),
            channel: Channel::Admin,
            process: None,
        },
        now: SystemTime::UNIX_EPOCH,
        sessions: Vec::new(),
        processes: Vec::new(),
        endpoints: Some(vec![
            publisher(DROPPED, "10.0.0.7:60", 600),
            publisher(KEPT, "10.0.0.8:70", 700),
        ]),
        history: None,
    }
}

fn plan() -> DropTarget {
    DropTarget {
        id: DROPPED,
        taken: Taken { publishers: vec![DROPPED], ..Taken::default() },
        keys: DROPPED,
        owners: vec![],
        known: vec![],
        silent: vec![],
        may_cut: false,
    }
}

fn dropped() -> DroppedConnections {
    DroppedConnections::of(&[plan()], &inventory(), at("10.0.0.1:25978"))
}

/// Open sockets.
fn sockets(tcp: &[Tcp]) -> Sockets {
    Sockets { tcp: tcp.to_vec(), open: tcp.iter().copied().collect(), others: false }
}

fn obstacle(tcp: &[Tcp]) -> Option<Obstacle> {
    dropped().obstacle(&sockets(tcp))
}

#[test]
fn dropped_connections_are_no_reason_to_spare() {
    let own = [
        connected("10.0.0.7:60", "10.0.0.1:25978"),
        connected("10.0.0.7:61", "10.0.0.1:25978"),
        listening("0.0.0.0:600"),
        connected("10.0.0.7:600", "10.0.0.9:1"),
        connected("10.0.0.7:62", "10.0.0.8:700"),
        connected("10.0.0.8:70", "10.0.0.8:700"),
    ];
    assert_eq!(
        obstacle(&own),
        None,
        "its client, shared memory, its listener, its channels, and its connections to publishers"
    );
    assert_eq!(obstacle(&[]), None);
}

#[test]
fn other_connections_are_a_reason() {
    let others = [
        connected("10.0.0.8:70", "10.0.0.1:25978"),
        connected("10.0.0.8:70", "127.0.0.1:25978"),
        connected("10.0.0.7:63", "10.0.0.2:25978"),
        connected("10.0.0.7:63", "10.0.0.1:25979"),
        connected("10.0.0.7:63", "10.0.0.1:600"),
        listening("0.0.0.0:25978"),
        listening("0.0.0.0:700"),
    ];
    for other in others {
        assert!(obstacle(&[other]).is_some(), "{other:?}");
    }
}

#[test]
fn a_socket_of_unknown_kind_is_a_reason_before_the_drop_closes_it() {
    let odd = Sockets { others: true, ..sockets(&[]) };
    assert!(dropped().obstacle(&odd).is_some());
    let mut after = dropped();
    after.update_after_drop(&inventory());
    assert_eq!(after.obstacle(&odd), None);
}

#[test]
fn a_client_that_connected_meanwhile_is_a_reason() {
    let new = sockets(&[connected("10.0.0.7:60", "10.0.0.1:25978")]);
    let mut after = dropped();
    after.update_after_drop(&inventory());
    assert!(after.obstacle(&new).is_some());
}

/// A server may list any connection as a dropped client's. The connection for shared memory is not a client's.
#[test]
fn a_connection_that_the_server_has_not_closed_is_a_reason() {
    let its_own = connected("10.0.0.7:60", "10.0.0.1:25978");
    let memory = connected("10.0.0.7:61", "10.0.0.1:25978");
    let mut after = dropped();
    after.update_after_drop(&Inventory { endpoints: None, ..inventory() });
    let open = sockets(&[its_own, memory]);
    assert_eq!(after.obstacle(&open), Some(Obstacle::StillConnected));
    let closed = Sockets { open: HashSet::from([memory]), ..open };
    assert_eq!(after.obstacle(&closed), None);
}

fn holder(pid: u32, parent: u32) -> Holder {
    Holder {
        own_pid: 7,
        start: 1,
        parent,
        command: "python".into(),
        state: 'S',
        ..Holder::known_by_pid(pid)
    }
}

/// A process without anything that leads to others.
fn alone() -> Ties {
    Ties { descendants: Some(Vec::new()), ..Ties::default() }
}

fn with(kind: ResourceKind, others: &[Holder]) -> Ties {
    let resource = Resource { kind, others: others.to_vec(), unsure: None };
    Ties { resources: vec![resource], ..alone() }
}

const STACK_READER_THREAD: ResourceKind = ResourceKind::PipeReader { input: false };
const WRITER: ResourceKind = ResourceKind::PipeWriter { output: false };
const UNIX: ResourceKind = ResourceKind::Unix { output: false };

/// The pids that are spared and why, of processes that all ran units.
fn spared_of(processes: &[(Holder, Ties)], staying: &[u32]) -> Vec<(u32, String)> {
    let candidate = |(process, ties)| Candidate { process, ran_units: true, ties };
    let candidates: Vec<_> =
        processes.iter().map(|(process, ties)| candidate((process, ties))).collect();
    let staying = staying.iter().map(|pid| (*pid, holder(*pid, 1).name())).collect();
    let spared = spared(&candidates, &staying).into_iter();
    spared.map(|(pid, obstacle)| (pid, obstacle.to_string())).collect()
}

/// Why one process is spared that shares this; `None` if it is not.
fn why(ties: Ties) -> Option<String> {
    spared_of(&[(holder(10, 1), ties)], &[]).pop().map(|(_, why)| why)
}

#[test]
fn a_process_that_shares_nothing_is_not_spared() {
    assert_eq!(why(alone()), None);
    let both = [STACK_READER_THREAD, WRITER, UNIX];
    for kind in both {
        assert_eq!(why(with(kind.clone(), &[])), None, "{kind:?}: the other end is closed");
        assert_eq!(why(with(kind.clone(), &[holder(10, 1)])), None, "{kind:?}: it holds both");
    }
}

#[test]
fn a_resource_shared_with_a_running_process_is_a_reason() {
    let rig = Holder { command: "python rig.py".into(), ..holder(40, 1) };
    for (kind, reason) in [
        (STACK_READER_THREAD, "it reads from a pipe that pid 40 (python rig.py) writes to"),
        (WRITER, "it writes to a pipe that pid 40 (python rig.py) reads from"),
        (UNIX, "it has a unix socket that pid 40 (python rig.py) is connected to"),
    ] {
        assert_eq!(why(with(kind, std::slice::from_ref(&rig))).as_deref(), Some(reason));
    }
    let terminal = ResourceKind::Terminal { path: "/dev/pts/3".into(), input: true };
    for (kind, reason) in [
        (ResourceKind::UnixListener, "it listens on a unix socket"),
        (ResourceKind::Udp(5000), "it has a UDP socket on port 5000"),
        (
            ResourceKind::MappedFile("/eeg.dat".into()),
            "it has /eeg.dat mapped into its memory, and may write it",
        ),
        (
            ResourceKind::OpenFile("/eeg.dat".into()),
            "it has /eeg.dat open for writing, and may hold data that is not saved",
        ),
        (terminal, "it may read from /dev/pts/3"),
    ] {
        assert_eq!(why(with(kind, &[])).as_deref(), Some(reason));
    }
}

/// A command is advised for an open file, so it must not hide that another process needs this one.
#[test]
fn an_open_file_is_the_reason_only_where_there_is_no_other() {
    let file =
        Resource { kind: ResourceKind::OpenFile("/eeg.dat".into()), others: vec![], unsure: None };
    let feeds = |pid: u32| {
        let mut ties = with(WRITER, &[holder(pid, 1)]);
        ties.resources.insert(0, file.clone());
        ties
    };
    let feeds_that_is_running = "it writes to a pipe that pid 40 (python) reads from";
    assert_eq!(why(feeds(40)).as_deref(), Some(feeds_that_is_running));
    let both =
        [(holder(10, 1), feeds(11)), (holder(11, 1), with(STACK_READER_THREAD, &[holder(40, 1)]))];
    let reasons = spared_of(&both, &[]);
    assert_eq!(reasons[0].1, "it writes to a pipe that pid 11 (python) reads from");
}

#[test]
fn unknown_resources_and_descendants_are_a_reason() {
    let unsure = Some("it is hidden".into());
    let resource = Resource { kind: UNIX, others: vec![], unsure };
    let reason = "it has a unix socket whose other end is not known: it is hidden";
    assert_eq!(why(Ties { resources: vec![resource], ..alone() }).as_deref(), Some(reason));
    let reason = "it cannot be seen whether it has running descendants";
    assert_eq!(why(Ties::default()).as_deref(), Some(reason));
}

#[test]
fn the_output_that_every_program_inherits_is_no_reason() {
    for kind in [ResourceKind::PipeWriter { output: true }, ResourceKind::Unix { output: true }] {
        assert_eq!(why(with(kind, &[holder(40, 1)])), None);
    }
}

/// A child of multiprocessing never reads the input that it inherited.
#[test]
fn an_input_that_is_replaced_is_no_reason() {
    let pipe = |input| ResourceKind::PipeReader { input };
    let terminal = |input| ResourceKind::Terminal { path: "/dev/pts/3".into(), input };
    let replaced =
        |kind| why(Ties { input_replaced: true, ..with(kind, &[holder(40, 1)]) }).is_none();
    assert!(replaced(pipe(true)) && replaced(terminal(true)));
    assert!(!replaced(pipe(false)) && !replaced(terminal(false)), "it reads them elsewhere");
    assert!(why(with(pipe(true), &[holder(40, 1)])).is_some(), "it may read it");
}

#[test]
fn helpers_of_multiprocessing_are_no_reason() {
    let python = |pid, module: &str| Holder {
        command: format!("python -c from multiprocessing.{module} import main; main(3)"),
        ..holder(pid, 1)
    };
    let (tracker, server) = (python(40, "resource_tracker"), python(41, "forkserver"));
    assert_eq!(why(with(WRITER, std::slice::from_ref(&tracker))), None);
    assert!(why(with(STACK_READER_THREAD, &[tracker])).is_some(), "a tracker writes nothing");
    let worker =
        |server: &Holder| (holder(10, server.pid), with(WRITER, std::slice::from_ref(server)));
    assert!(spared_of(&[worker(&server)], &[]).is_empty());
    assert_eq!(spared_of(&[worker(&server)], &[41]).len(), 1, "it is needed for something else");
    assert!(why(with(WRITER, &[server])).is_some(), "a sibling has the same command line");
}

#[test]
fn a_descendant_that_is_not_ended_is_a_reason() {
    let parent = |child: u32| {
        (holder(10, 1), Ties { descendants: Some(vec![holder(child, 10)]), ..alone() })
    };
    assert!(spared_of(&[parent(11), (holder(11, 10), alone())], &[]).is_empty(), "both end");
    let reason = "its descendant pid 12 (python) is running".to_owned();
    assert_eq!(spared_of(&[parent(12), (holder(11, 10), alone())], &[]), [(10, reason)]);
}

#[test]
fn a_spared_process_is_a_reason_to_spare_others() {
    let processes = [
        (holder(10, 1), Ties { descendants: Some(vec![holder(11, 10)]), ..alone() }),
        (holder(11, 10), with(STACK_READER_THREAD, &[holder(12, 1)])),
        (holder(12, 1), with(ResourceKind::Udp(1), &[])),
        (holder(13, 1), with(STACK_READER_THREAD, &[holder(14, 1)])),
        (holder(14, 1), with(WRITER, &[holder(13, 1)])),
    ];
    let pids: Vec<_> = spared_of(&processes, &[]).into_iter().map(|(pid, _)| pid).collect();
    assert_eq!(pids, [10, 11, 12]);
}

/// A worker of a healthy pipeline may have no connection but what it inherited.
#[test]
fn a_needed_parent_is_a_reason_for_a_process_that_ran_no_units() {
    let (heir, ties, staying) = (holder(11, 10), alone(), BTreeMap::from([(10, "pid 10".into())]));
    let spared_if = |ran_units: bool, staying: &BTreeMap<u32, String>| {
        spared(&[Candidate { process: &heir, ran_units, ties: &ties }], staying)
            .remove(&11)
            .map(|it| it.to_string())
    };
    assert_eq!(spared_if(false, &staying).as_deref(), Some("its parent, pid 10, is running"));
    assert_eq!(spared_if(true, &staying), None);
    assert_eq!(spared_if(false, &BTreeMap::new()), None);
}

const SESSION: Uuid = Uuid::from_u128(3);

/// By pid, why each holder of a session may be its opener. Those with a publisher ran units.
fn openers_of(session: Option<Uuid>, holders: &[Holder], publishers: &[Holder]) -> Vec<u32> {
    let holding = |holders: &[Holder]| Holding {
        holders: holders.to_vec(),
        unsure: None,
        ..Holding::default()
    };
    // Only a look shows which of them serve.
    let unseen = |it: &Holder| Holder { serving: None, lives_elsewhere: false, ..it.clone() };
    let now: Vec<_> = holders.iter().map(unseen).collect();
    let held = HashMap::from([(SESSION, holding(&now)), (DROPPED, holding(publishers))]);
    let seen = Session {
        id: SESSION,
        created: None,
        link: None,
        graphctl: false,
        root: None,
        components: Vec::new(),
        readable: true,
        edges: 0,
        last_event: None,
        holding: Some(holding(holders)),
        family: None,
    };
    let inventory = Inventory { sessions: vec![seen], ..inventory() };
    let taken = Taken { session, publishers: vec![DROPPED], ..Taken::default() };
    let openers = openers(&[DropTarget { taken, ..plan() }], &inventory, &held);
    assert!(openers.values().all(Obstacle::is_about_opener), "{openers:?}");
    openers.into_keys().collect()
}

fn heir(pid: u32, start: u64) -> Holder {
    Holder { start, serving: Some(false), lives_elsewhere: true, ..holder(pid, 1) }
}

#[test]
fn the_opener_serves_its_session_or_is_the_oldest_that_is_no_heir() {
    let of = |holders: &[Holder], parts: &[Holder]| openers_of(Some(SESSION), holders, parts);
    let heirs = [heir(10, 1), heir(11, 2)];
    assert!(of(&heirs, &[]).is_empty(), "all are proven heirs");
    let serving = Holder { serving: Some(true), ..heir(12, 3) };
    assert_eq!(of(&[heirs.to_vec(), vec![serving]].concat(), &[]), [12]);
    let (first, second) =
        (Holder { start: 1, ..holder(10, 1) }, Holder { start: 2, ..holder(11, 1) });
    let both = [second.clone(), first.clone()];
    assert_eq!(of(&both, &both), [10], "the other ran units");
    assert_eq!(of(&both, std::slice::from_ref(&first)), [10, 11], "or may be anything");
    assert_eq!(of(&[first, Holder { start: 1, ..second }], &both), [10, 11], "in one tick");
}

#[test]
fn a_leftover_is_a_worker_only_if_multiprocessing_started_it() {
    let python = |command: &str| Holder { command: command.into(), ..holder(10, 1) };
    let of = |command| openers_of(None, &[], &[python(command)]);
    assert_eq!(of("python pipeline.py"), [10]);
    let spawned = "python -c from multiprocessing.spawn import spawn_main; spawn_main(tracker_fd=5, \
                   pipe_handle=7) --multiprocessing-fork";
    assert!(of(spawned).is_empty());
    assert!(of("python -c from multiprocessing.forkserver import main; main(5, 6)").is_empty());
}

#[test]
fn writing_is_seen_at_two_times_or_not_known() {
    let at = |bytes, to_disk| Some(Written { bytes, to_disk });
    assert_eq!(still_writes(at(5, 0), at(5, 0)), None);
    for grown in [at(6, 0), at(5, 1)] {
        assert_eq!(still_writes(at(5, 0), grown), Some(Obstacle::StillWrites));
    }
    for (before, after) in [(None, at(5, 0)), (at(5, 0), None), (None, None)] {
        assert_eq!(still_writes(before, after), Some(Obstacle::WritesUnknown));
    }
}

#[test]
fn a_command_is_advised_only_after_the_drop_and_only_if_no_other_process_is_concerned() {
    let heir = |obstacle: Obstacle, released: bool| {
        let heir = Heir { process: holder(10, 1), end: HeirEnd::Spared(obstacle), released };
        heir.reason().expect("it is spared")
    };
    let file = Obstacle::Holds(ResourceKind::OpenFile("/eeg.dat".into()));
    let memory = Obstacle::Holds(ResourceKind::MappedFile("/dev/shm/eeg".into()));
    let after_asking = Obstacle::AfterAsking(Box::new(file.clone()));
    for obstacle in [Obstacle::MayBeOpener, file, after_asking] {
        let advised = heir(obstacle.clone(), true);
        assert_eq!(advised, format!("{obstacle}; to end it anyway: kill 10"));
        assert_eq!(heir(obstacle.clone(), false), obstacle.to_string());
    }
    let with = "pid 40 (python)".to_owned();
    let shared = Obstacle::Shares { what: WRITER, with };
    let unsure = [Obstacle::StillConnected, Obstacle::StillWrites, Obstacle::MayNotBeHeir];
    for obstacle in [shared, memory].into_iter().chain(unsure) {
        assert_eq!(heir(obstacle.clone(), true), obstacle.to_string());
    }
}
