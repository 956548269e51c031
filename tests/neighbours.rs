//! Which clients of a server are looked for on this machine, with a machine that is made up.

use std::cell::RefCell;
use std::net::SocketAddr;
use std::time::{Duration, Instant, SystemTime};

use graphctl::host::{Connection, Host, Own, Role, Sockets, Ties, Unseen, Written, find_holders};
use graphctl::model::{
    Channel, Family, Holder, Holding, Inventory, Link, Ping, Process, Server, ServerProcess,
    Session,
};
use uuid::Uuid;

const OWN: Uuid = Uuid::from_u128(1);
const THEIRS: Uuid = Uuid::from_u128(2);
const PROCESS: Uuid = Uuid::from_u128(3);

fn at(address: &str) -> SocketAddr {
    address.parse().expect("an address")
}

/// A machine in the network `here`, on which pid 10 holds whatever is asked for.
#[derive(Debug, Default)]
struct Machine {
    asked: RefCell<Vec<Connection>>,
    /// Nothing identifies its network.
    has_no_proc: bool,
}

impl Host for Machine {
    fn network(&self) -> Option<String> {
        (!self.has_no_proc).then(|| "here".into())
    }

    fn holders(&self, connections: &[Connection]) -> Vec<Holding> {
        self.asked.borrow_mut().extend(connections);
        let holder = Holder {
            own_pid: 7,
            start: 7,
            parent: 1,
            age: Duration::from_secs(3600),
            command: "python".into(),
            state: 'S',
            serving: Some(true),
            lives_elsewhere: true,
            ..Holder::known_by_pid(10)
        };
        vec![
            Holding { holders: vec![holder], unsure: None, ..Holding::default() };
            connections.len()
        ]
    }

    fn sockets(&self, _holder: &Holder) -> Result<Sockets, Unseen> {
        Err(Unseen::Hidden)
    }

    fn ties(&self, processes: &[Holder]) -> Vec<Result<Ties, Unseen>> {
        vec![Err(Unseen::Hidden); processes.len()]
    }

    fn written(&self, _process: &Holder) -> Result<Written, Unseen> {
        Err(Unseen::Hidden)
    }

    fn families(&self, _groups: &[&[Holder]]) -> Vec<Family> {
        Vec::new()
    }

    fn listeners(&self, _at: SocketAddr) -> Vec<Holder> {
        Vec::new()
    }

    fn queue_is_full(&self, _at: SocketAddr) -> Option<bool> {
        None
    }
}

fn link(client: &str, server: &str) -> Link {
    Link {
        peer: Some(at(client)),
        local: Some(at(server)),
        established: Some(true),
        silent_for: None,
        received: None,
        closing: false,
        handled: true,
    }
}

fn session(id: Uuid, link: Link) -> Session {
    Session {
        id,
        created: None,
        link: Some(link),
        graphctl: id == OWN,
        root: None,
        components: Vec::new(),
        readable: true,
        edges: 0,
        last_event: None,
        holding: None,
        family: None,
    }
}

/// A server that sees graphctl at `own` and a session of somebody else's at `client`, in `network`.
fn inventory(own: &str, client: &str, server: &str, network: Option<&str>) -> Inventory {
    let process = ServerProcess {
        pid: 1,
        host: "lab".into(),
        instance: String::new(),
        network: network.map(str::to_owned),
        python: "3.11.7".into(),
        lock_held: false,
        lock_waiters: 0,
        lock_holder: None,
        in_bulk: true,
    };
    Inventory {
        server: Server {
            address: server.into(),
            version: "3.9.0".into(),
            channel: Channel::Admin,
            process: Some(process),
        },
        now: SystemTime::now() - Duration::from_secs(60),
        sessions: vec![session(OWN, link(own, server)), session(THEIRS, link(client, server))],
        processes: Vec::new(),
        endpoints: Some(Vec::new()),
        history: None,
    }
}

/// Our own connection, as we see it.
fn own(client: &str, server: &str) -> Own {
    Own { session: OWN, client: at(client), server: at(server), listed: Instant::now() }
}

fn theirs(inventory: &mut Inventory, own: Own) -> Holding {
    find_holders(inventory, own, &Machine::default());
    assert_eq!(inventory.sessions[0].holding, None, "nobody asks who graphctl is");
    inventory.sessions[1].holding.take().expect("it was asked")
}

#[test]
fn a_session_of_this_machine_is_looked_for() {
    let server = "127.0.0.1:25978";
    let mut look = inventory("127.0.0.1:1", "127.0.0.1:2", server, Some("here"));
    let holding = theirs(&mut look, own("127.0.0.1:1", server));
    assert_eq!((holding.holders[0].pid, holding.unsure), (10, None));
}

#[test]
fn ages_are_those_at_the_look() {
    let server = "127.0.0.1:25978";
    let mut look = inventory("127.0.0.1:1", "127.0.0.1:2", server, Some("here"));
    let age = theirs(&mut look, own("127.0.0.1:1", server)).holders[0].age.as_secs();
    assert!((3530..=3540).contains(&age), "on one machine, by its clock: {age}");
    let server = "10.0.0.1:25978";
    let mut look = inventory("10.0.0.7:1", "10.0.0.7:2", server, Some("there"));
    let age = theirs(&mut look, own("10.0.0.7:1", server)).holders[0].age.as_secs();
    assert!((3590..=3600).contains(&age), "of another machine, by when it answered: {age}");
}

#[test]
fn behind_a_tunnel_addresses_mean_nothing() {
    let server = "127.0.0.1:25978";
    let mut look = inventory("127.0.0.1:5000", "127.0.0.1:2", server, Some("here"));
    let holding = theirs(&mut look, own("127.0.0.1:1", server));
    assert!(holding.holders.is_empty() && holding.unsure.expect("why").contains("tunnel"));
}

#[test]
fn the_loopback_of_another_machine_or_of_an_unknown_one_is_not_ours() {
    let server = "127.0.0.1:25978";
    let there = "its client is on the server's own machine or in its container, and ";
    let unknown = "it is not known whether graphctl is there too: ";
    for (network, has_no_proc, why) in [
        (Some("there"), false, vec!["graphctl is not"]),
        (None, false, vec![unknown, "the server does not show its network"]),
        (None, true, vec![unknown, "the server does not show its network"]),
        (Some("here"), true, vec![unknown, "graphctl cannot read which network it is in"]),
    ] {
        let mut look = inventory("127.0.0.1:1", "127.0.0.1:2", server, network);
        let machine = Machine { has_no_proc, ..Machine::default() };
        find_holders(&mut look, own("127.0.0.1:1", server), &machine);
        assert!(machine.asked.borrow().is_empty(), "{network:?}");
        let holding = look.sessions[1].holding.take().expect("it was asked");
        assert_eq!(holding, Holding::unknown(&[&[there], &why[..]].concat().concat()));
    }
}

/// A server that lies about its own end cannot point at a connection to somebody else.
#[test]
fn a_connection_to_another_address_is_not_looked_for() {
    let mut look = inventory("10.0.0.7:1", "10.0.0.7:2", "10.0.0.1:25978", None);
    look.sessions[1].link = Some(link("10.0.0.7:2", "10.0.0.9:22"));
    let machine = Machine::default();
    find_holders(&mut look, own("10.0.0.7:1", "10.0.0.1:25978"), &machine);
    assert!(machine.asked.borrow().is_empty());
    assert!(look.sessions[1].holding.take().expect("it was asked").unsure.is_some());
}

#[test]
fn nobody_looks_where_only_graphctl_is_connected() {
    let server = "127.0.0.1:25978";
    let mut look = inventory("127.0.0.1:1", "127.0.0.1:2", server, Some("here"));
    look.sessions.truncate(1);
    let machine = Machine::default();
    find_holders(&mut look, own("127.0.0.1:1", server), &machine);
    assert!(machine.asked.borrow().is_empty());
}

fn process(ping: Ping) -> Process {
    Process {
        id: PROCESS,
        created: None,
        link: Some(link("127.0.0.1:3", "127.0.0.1:25978")),
        pid: None,
        host: None,
        units: Vec::new(),
        ping,
        unacked_for: None,
        traffic: None,
        last_event: None,
        last_change: None,
        holding: None,
    }
}

#[test]
fn processes_are_looked_at_too_and_known_by_their_answer() {
    let server = "127.0.0.1:25978";
    for (ping, role) in [(Ping::Answered(None), Role::Answered), (Ping::Silent, Role::Other)] {
        let mut look = inventory("127.0.0.1:1", "127.0.0.1:2", server, Some("here"));
        look.processes.push(process(ping));
        let machine = Machine::default();
        find_holders(&mut look, own("127.0.0.1:1", server), &machine);
        let roles: Vec<_> = machine.asked.borrow().iter().map(|it| it.role).collect();
        assert_eq!(roles, [Role::Session, role]);
    }
}
