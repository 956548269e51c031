//! Inventories made up for a test: no server, no clock.

use std::time::{Duration, SystemTime};

use graphctl::model::{
    Channel, Component, Endpoint, EndpointKind, History, Holder, Holding, Inventory, Link, Ping,
    Process, Server, ServerProcess, Session, Streams, minted,
};
use uuid::{Timestamp, Uuid};

/// Moments are seconds after this one; the look is at second 1000.
const BEGIN: u64 = 1_800_000_000;
pub(crate) const LOOK: u64 = 1000;

pub(crate) fn at(second: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(BEGIN + second)
}

/// An id that a server minted in that second; `number` tells ids of one second apart.
pub(crate) fn id(second: u64, number: u8) -> Uuid {
    Uuid::new_v1(Timestamp::from_unix_time(BEGIN + second, 0, 0, 0), &[0, 0, 0, 0, 0, number])
}

pub(crate) fn link() -> Link {
    Link {
        peer: Some("10.0.0.7:4711".parse().expect("an address")),
        local: Some("10.0.0.1:25978".parse().expect("an address")),
        established: Some(true),
        silent_for: Some(Duration::from_secs(10)),
        received: None,
        closing: false,
        handled: true,
    }
}

/// A session of that second with one collection and these units below it.
pub(crate) fn session(second: u64, root: &str, units: &[&str]) -> Session {
    let key = |unit: &&str| format!("{root}/{unit}");
    let collection = Component { key: root.into(), unit: false, streams: None };
    let units = units.iter().map(key).map(|key| {
        let inputs = vec![format!("{key}/INPUT")];
        let outputs = vec![format!("{key}/OUTPUT")];
        let streams = Some(Box::new(Streams { inputs, outputs }));
        Component { key: key.into(), unit: true, streams }
    });
    let id = id(second, 1);
    Session {
        id,
        created: minted(id),
        link: Some(Link { silent_for: Some(Duration::from_secs(LOOK - second)), ..link() }),
        graphctl: false,
        root: None,
        components: std::iter::once(collection).chain(units).collect(),
        readable: true,
        edges: 1,
        last_event: None,
        holding: None,
        family: None,
    }
}

pub(crate) fn process(second: u64, units: &[&str]) -> Process {
    let id = id(second, 2);
    Process {
        id,
        created: minted(id),
        link: Some(link()),
        pid: Some(100),
        host: Some("lab".into()),
        units: units.iter().map(|unit| (*unit).to_owned()).collect(),
        ping: Ping::Answered(None),
        unacked_for: None,
        traffic: None,
        last_event: None,
        last_change: None,
        holding: None,
    }
}

/// A session whose client has closed its connection without the server noticing.
pub(crate) fn ghost(session: Session) -> Session {
    let link = Link { established: Some(false), handled: false, ..link() };
    Session { link: Some(link), ..session }
}

/// A process of this machine that holds a session's connection and serves it.
pub(crate) fn holder(pid: u32) -> Holder {
    Holder {
        own_pid: 7,
        start: pid.into(),
        parent: 1,
        age: Duration::from_secs(LOOK),
        command: "python".into(),
        state: 'S',
        watches: true,
        serving: Some(true),
        ..Holder::known_by_pid(pid)
    }
}

/// Its opener alone holds a session's connection.
pub(crate) fn alone() -> Holding {
    Holding { holders: vec![holder(7)], unsure: None, ..Holding::default() }
}

/// The endpoints of a process's units, which it made before it registered them.
fn connected(process: &Process) -> Vec<Endpoint> {
    let of_unit = |unit: &String| {
        let input = EndpointKind::Subscriber(format!("{unit}/INPUT"));
        [EndpointKind::Publisher(format!("{unit}/OUTPUT")), input]
    };
    let made = |(number, kind): (usize, EndpointKind)| {
        let number = u8::try_from(number).expect("few units");
        let created = process.created.expect("a time") - Duration::from_millis(100);
        let since = created.duration_since(SystemTime::UNIX_EPOCH).expect("a time of this century");
        let time = Timestamp::from_unix_time(since.as_secs(), since.subsec_nanos(), 0, 0);
        let id = Uuid::new_v1(time, &[0, 0, 0, 0, 1, number]);
        Endpoint { id, created: minted(id), link: link(), listens: None, sent: None, kind }
    };
    process.units.iter().flat_map(of_unit).enumerate().map(made).collect()
}

pub(crate) fn inventory(sessions: Vec<Session>, processes: Vec<Process>) -> Inventory {
    let server = Server {
        address: "lab:25978".into(),
        version: "3.9.0".into(),
        channel: Channel::Admin,
        process: Some(ServerProcess {
            pid: 1,
            host: "lab".into(),
            network: None,
            instance: String::new(),
            python: "3.11.7".into(),
            lock_held: false,
            lock_waiters: 0,
            lock_holder: None,
            in_bulk: true,
        }),
    };
    let history = History { whole: true, ..History::default() };
    let endpoints = processes.iter().flat_map(connected).collect();
    Inventory {
        server,
        now: at(LOOK),
        sessions,
        processes,
        endpoints: Some(endpoints),
        history: Some(history),
    }
}
