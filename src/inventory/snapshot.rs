//! The pickle of a `GraphSnapshot` → [`Inventory`]. The only file that knows names of ezmsg's Python classes.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use crate::model::{
    Channel, Component, Inventory, Ping, Process, Server, Session, Streams, minted,
};
use crate::wire::pickle::{self, Item, Limits};

/// Reads a snapshot taken by the session `own`; `address` and `version` describe the server.
///
/// # Errors
/// The pickle cannot be decoded, or is not a `GraphSnapshot`: what is wrong, in words.
pub fn from_pickle(
    bytes: Vec<u8>,
    own: Uuid,
    address: String,
    version: String,
) -> Result<Inventory, String> {
    let document = pickle::decode(bytes, &Limits::default())
        .map_err(|error| format!("its snapshot cannot be read: {error}"))?;
    let snapshot = document.root();
    if class_name(snapshot) != Some("GraphSnapshot") {
        return Err("its snapshot is not a GraphSnapshot".into());
    }
    let sessions = snapshot.attr("sessions").and_then(Item::entries);
    let processes = snapshot.attr("processes").and_then(Item::entries);
    let (Some(sessions), Some(processes)) = (sessions, processes) else {
        return Err("its snapshot has no sessions or no processes".into());
    };
    let sessions: Option<Vec<_>> =
        sessions.map(|(id, value)| session(id.as_str()?.parse().ok()?, own, value)).collect();
    let processes: Option<Vec<_>> = processes.map(|(_, value)| process(value)).collect();
    let (Some(sessions), Some(processes)) = (sessions, processes) else {
        return Err("a session or a process of its snapshot makes no sense".into());
    };
    let mut inventory = Inventory {
        server: Server { address, version, channel: Channel::Snapshot, process: None },
        now: minted(own).unwrap_or(SystemTime::UNIX_EPOCH),
        sessions,
        processes,
        endpoints: None,
        history: None,
    };
    super::sort(&mut inventory);
    Ok(inventory)
}

/// Reads the pickle of a `ProcessControlResponse` to a PING that took `took`.
#[must_use]
pub fn ping_answer(bytes: Vec<u8>, took: Duration) -> Ping {
    let Ok(document) = pickle::decode(bytes, &Limits::default()) else {
        return Ping::Failed("undecodable".into());
    };
    let response = document.root();
    if response.attr("ok").and_then(Item::as_bool) == Some(true) {
        return Ping::Answered(Some(took));
    }
    // Enumerations are pickled as a call of the class with the value.
    let code = response
        .attr("error_code")
        .and_then(|code| code.args()?.next()?.as_str())
        .unwrap_or("failed");
    match code {
        "TIMEOUT" => Ping::Silent,
        code => Ping::Failed(code.to_lowercase()),
    }
}

fn session(id: Uuid, own: Uuid, value: Item<'_>) -> Option<Session> {
    let metadata = value.attr("metadata")?;
    let root = metadata.attr("root_name").and_then(Item::as_str).map(str::to_owned);
    let components = match metadata.attr("components") {
        Some(components) => components.entries().and_then(|it| it.map(component).collect()),
        None => Some(Vec::new()),
    };
    let mut session = Session {
        id,
        created: minted(id),
        link: None,
        graphctl: false,
        root,
        readable: components.is_some(),
        registered: components.as_ref().is_some_and(|components| !components.is_empty()),
        components: components.unwrap_or_default(),
        edges: value.attr("edges")?.elements()?.count() as u64,
        last_event: None,
        holding: None,
    };
    session.graphctl = super::is_graphctl(&session, own);
    Some(session)
}

fn component((key, value): (Item<'_>, Item<'_>)) -> Option<Component> {
    let streams = |class| {
        let streams = value.attr("streams").and_then(Item::entries).into_iter().flatten();
        streams
            .filter(|(_, stream)| class_name(*stream) == Some(class))
            .filter_map(|(_, stream)| stream.attr("address")?.as_str().map(str::to_owned))
            .collect()
    };
    let unit = value.attr("streams").is_some();
    let inputs = streams("InputStreamMetadata");
    let outputs = streams("OutputStreamMetadata");
    let streams = unit.then(|| Box::new(Streams { inputs, outputs }));
    Some(Component { key: key.as_str()?.into(), unit, streams })
}

fn process(value: Item<'_>) -> Option<Process> {
    // A UUID is pickled as its 128 bit number.
    let id = Uuid::from_u128(value.attr("process_id")?.attr("int")?.as_u128()?);
    let units = value.attr("units")?.elements()?;
    let mut units: Vec<_> = units.filter_map(|unit| unit.as_str().map(str::to_owned)).collect();
    units.sort();
    Some(Process {
        id,
        created: minted(id),
        link: None,
        pid: value.attr("pid")?.as_u64().and_then(|pid| pid.try_into().ok()),
        host: value.attr("host")?.as_str().map(str::to_owned),
        units,
        ping: Ping::NotAsked,
        unacked_for: None,
        traffic: None,
        last_event: None,
    })
}

fn class_name(item: Item<'_>) -> Option<&str> {
    item.class().map(|(_, name)| name)
}
