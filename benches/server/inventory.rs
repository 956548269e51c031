//! Made-up inventories of any size, as `list` makes them of a server with many pipelines.

use std::time::{Duration, SystemTime};

use graphctl::judge::Thresholds;
use graphctl::model::{
    Channel, Component, History, Inventory, Link, Ping, Process, Server, Session, Streams,
};
use uuid::{Timestamp, Uuid};

/// Of a first look.
pub(crate) const THRESHOLDS: Thresholds =
    Thresholds { start_timeout: Duration::from_secs(300), heard_within: Duration::ZERO };

/// Components of each session.
const COMPONENTS: usize = 50;

/// One in so many sessions has the keys of the one before it.
const COLLIDING: usize = 100;

/// Sessions of a collection and its units with so many keys in all. Every second one is live: a process owns
/// its units, and the topics of their streams are known.
pub(crate) fn of_keys(keys: usize) -> Inventory {
    let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let sessions: Vec<_> = (0..keys / COMPONENTS).map(|number| session(number, now)).collect();
    let live = sessions.iter().enumerate().filter(|(number, _)| is_live(*number));
    let processes = live.map(|(number, session)| process(number, session)).collect();
    let server = Server {
        address: "127.0.0.1:25978".into(),
        version: "3.9.0".into(),
        channel: Channel::Admin,
        process: None,
    };
    let history = Some(History { whole: true, ..History::default() });
    Inventory { server, now, sessions, processes, endpoints: Some(Vec::new()), history }
}

const fn is_live(number: usize) -> bool {
    number.is_multiple_of(2)
}

fn session(number: usize, now: SystemTime) -> Session {
    let created = now - Duration::from_secs(3600);
    let name = if number % COLLIDING == COLLIDING - 1 { number - 1 } else { number };
    let root = format!("PIPELINE_{name:05}");
    let unit = |unit| {
        let key = format!("{root}/FILTER_{unit:02}");
        let streams = is_live(number).then(|| {
            let inputs = vec![format!("{key}/INPUT_SETTINGS"), format!("{key}/INPUT_SIGNAL")];
            Box::new(Streams { inputs, outputs: vec![format!("{key}/OUTPUT_SIGNAL")] })
        });
        Component { key: key.into(), unit: true, streams }
    };
    let collection = Component { key: root.as_str().into(), unit: false, streams: None };
    Session {
        id: id(created, 2 * number),
        created: Some(created),
        link: Some(link()),
        graphctl: false,
        components: std::iter::once(collection).chain((1..COMPONENTS).map(unit)).collect(),
        root: None,
        readable: true,
        edges: 48,
        last_event: Some(created),
        holding: None,
        family: None,
    }
}

fn process(number: usize, session: &Session) -> Process {
    Process {
        id: id(session.created.expect("it has just been made"), 2 * number + 1),
        created: session.created,
        link: Some(link()),
        pid: u32::try_from(number).ok(),
        host: Some("lab".into()),
        units: session.units().map(str::to_owned).collect(),
        ping: Ping::Answered(Some(Duration::from_millis(1))),
        unacked_for: None,
        traffic: None,
        last_event: session.created,
        last_change: None,
        holding: None,
    }
}

fn link() -> Link {
    Link {
        peer: None,
        local: None,
        established: Some(true),
        silent_for: Some(Duration::from_secs(60)),
        received: None,
        closing: false,
        handled: true,
    }
}

/// Clients that were opened one after the other: such ids count in steps of 100 ns.
fn id(created: SystemTime, number: usize) -> Uuid {
    let since = created.duration_since(SystemTime::UNIX_EPOCH).expect("a time of this century");
    let after = u32::try_from(100 * number).expect("not that many clients");
    Uuid::new_v1(Timestamp::from_unix_time(since.as_secs(), after, 0, 0), &[0; 6])
}
