//! Which of the processes that a drop leaves behind may be ended, by their sockets.

use std::collections::HashSet;
use std::net::SocketAddr;
use std::time::{Duration, SystemTime};

use graphctl::admin::{DropTarget, Taken};
use graphctl::host::{Sockets, Tcp};
use graphctl::model::{Channel, Endpoint, EndpointKind, Holder, Inventory, Link, Server};
use graphctl::reap::heirs::{Going, kin};
use uuid::Uuid;

const GOING: Uuid = Uuid::from_u128(1);
const STAYING: Uuid = Uuid::from_u128(2);

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
    Endpoint { id, created: None, link, listens: Some(port), kind }
}

/// The publisher of port 600 goes, and that of port 700 stays.
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
            publisher(GOING, "10.0.0.7:60", 600),
            publisher(STAYING, "10.0.0.8:70", 700),
        ]),
        history: None,
    }
}

fn going() -> Going {
    let plan = DropTarget {
        id: GOING,
        taken: Taken { publishers: vec![GOING], ..Taken::default() },
        keys: GOING,
        owners: vec![],
        known: vec![],
        silent: vec![],
    };
    Going::of(&[plan], &inventory(), at("10.0.0.1:25978"))
}

/// Sockets that nobody has closed.
fn sockets(tcp: &[Tcp]) -> Sockets {
    Sockets { tcp: tcp.to_vec(), open: tcp.iter().copied().collect(), others: false }
}

fn needs(tcp: &[Tcp]) -> Option<String> {
    going().needs(&sockets(tcp))
}

#[test]
fn what_goes_needs_nobody() {
    let own = [
        connected("10.0.0.7:60", "10.0.0.1:25978"),
        connected("10.0.0.7:61", "10.0.0.1:25978"),
        listening("0.0.0.0:600"),
        connected("10.0.0.7:600", "10.0.0.9:1"),
        connected("10.0.0.7:62", "10.0.0.8:700"),
        connected("10.0.0.8:70", "10.0.0.8:700"),
    ];
    assert_eq!(needs(&own), None, "itself, shared memory, its channels, whom it hears, and how");
    assert_eq!(needs(&[]), None);
}

#[test]
fn anything_else_needs_it() {
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
        assert!(needs(&[other]).is_some(), "{other:?}");
    }
}

#[test]
fn what_cannot_be_made_out_counts_but_for_what_a_drop_has_closed() {
    let odd = Sockets { others: true, ..sockets(&[]) };
    assert!(going().needs(&odd).is_some());
    let mut after = going();
    after.afterwards(&inventory());
    assert_eq!(after.needs(&odd), None);
}

#[test]
fn what_came_meanwhile_stays() {
    let new = sockets(&[connected("10.0.0.7:60", "10.0.0.1:25978")]);
    let mut after = going();
    after.afterwards(&inventory());
    assert!(after.needs(&new).is_some());
}

/// A server may say of anybody's connection that it was dropped; that of shared memory is none of a client.
#[test]
fn what_the_server_has_not_closed_was_not_dropped() {
    let its_own = connected("10.0.0.7:60", "10.0.0.1:25978");
    let memory = connected("10.0.0.7:61", "10.0.0.1:25978");
    let mut after = going();
    after.afterwards(&Inventory { endpoints: None, ..inventory() });
    let open = sockets(&[its_own, memory]);
    assert_eq!(after.needs(&open), Some("the server has not closed its connection".into()));
    let closed = Sockets { open: HashSet::from([memory]), ..open };
    assert_eq!(after.needs(&closed), None);
}

fn holder(pid: u32, parent: u32) -> Holder {
    Holder {
        pid,
        start: 1,
        parent,
        age: Duration::ZERO,
        command: "python".into(),
        state: 'S',
        serving: None,
        lives_elsewhere: false,
        descendants: None,
    }
}

/// A worker has no connection of its own, and a launcher may have none: they live for another.
#[test]
fn the_family_of_whoever_is_needed_is_needed() {
    let heirs = [holder(10, 1), holder(11, 10), holder(12, 11), holder(20, 1), holder(30, 1)];
    let kin_of = |needed: &[(u32, u32)], parts: &[u32]| {
        let (needed, parts) = (needed.iter().copied().collect(), parts.iter().copied().collect());
        let mut kin: Vec<_> = kin(&heirs, &parts, &needed).into_keys().collect();
        kin.sort_unstable();
        kin
    };
    let needed = |needed: &[(u32, u32)]| kin_of(needed, &[]);
    assert!(needed(&[]).is_empty());
    assert!(needed(&[(40, 1)]).is_empty(), "nobody is related to all by pid 1");
    assert_eq!(needed(&[(10, 1)]), [11, 12], "a parent is needed");
    assert_eq!(needed(&[(40, 12)]), [10, 11, 12], "a child is needed");
    assert!(kin_of(&[(10, 1)], &[11]).is_empty(), "a part of what goes, and its own worker");
    assert_eq!(kin_of(&[(40, 12)], &[11]), [10, 11, 12], "a child is needed");
}
