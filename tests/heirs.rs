//! Which of the processes that a drop leaves behind may be ended, by their sockets.

use std::net::SocketAddr;
use std::time::SystemTime;

use graphctl::admin::DropTarget;
use graphctl::host::{Sockets, Tcp};
use graphctl::model::{Channel, Endpoint, EndpointKind, Inventory, Link, Server};
use graphctl::reap::heirs::Going;
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
        session: None,
        processes: vec![],
        publishers: vec![GOING],
        subscribers: vec![],
        channels: vec![],
        components: vec![],
        units: vec![],
        owners: vec![],
        outputs: vec![],
        inputs: vec![],
        known: vec![],
    };
    Going::of(&[plan], &inventory(), at("10.0.0.1:25978"))
}

fn needs(tcp: &[Tcp]) -> Option<String> {
    going().needs(Some(&Sockets { tcp: tcp.to_vec(), others: false }))
}

#[test]
fn what_goes_needs_nobody() {
    let own = [
        connected("10.0.0.7:60", "10.0.0.1:25978"),
        connected("10.0.0.7:61", "10.0.0.1:25978"),
        listening("0.0.0.0:600"),
        connected("10.0.0.7:600", "10.0.0.9:1"),
        connected("10.0.0.7:62", "10.0.0.8:700"),
    ];
    assert_eq!(needs(&own), None, "itself, shared memory, its channels, and whom it hears");
    assert_eq!(needs(&[]), None);
}

#[test]
fn anything_else_needs_it() {
    let others = [
        connected("10.0.0.8:70", "10.0.0.1:25978"),
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
    let odd = Sockets { tcp: vec![], others: true };
    assert!(going().needs(None).is_some());
    assert!(going().needs(Some(&odd)).is_some());
    let after = going().afterwards(&inventory());
    assert_eq!(after.needs(Some(&odd)), None);
    assert!(after.needs(None).is_some());
}

#[test]
fn what_came_meanwhile_stays() {
    let new = Sockets { tcp: vec![connected("10.0.0.7:60", "10.0.0.1:25978")], others: false };
    assert!(going().afterwards(&inventory()).needs(Some(&new)).is_some());
}
