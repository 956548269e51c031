//! The pickle of a `GraphSnapshot` → [`Inventory`]. The only file that knows names of ezmsg's Python classes.

use std::time::{Duration, SystemTime};

use uuid::Uuid;

use super::ration::Ration;
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
    let ration = Ration::whole();
    if ration.class_name(snapshot) != Some("GraphSnapshot") {
        return Err("its snapshot is not a GraphSnapshot".into());
    }
    let sessions = snapshot.attr("sessions").and_then(|it| ration.entries(it));
    let processes = snapshot.attr("processes").and_then(|it| ration.entries(it));
    let (Some(sessions), Some(processes)) = (sessions, processes) else {
        return Err("its snapshot has no sessions or no processes".into());
    };
    let session = |(id, value)| session(ration.text(id)?.parse().ok()?, own, value, &ration);
    let sessions: Option<Vec<_>> = sessions.map(session).collect();
    let processes: Option<Vec<_>> = processes.map(|(_, value)| process(value, &ration)).collect();
    if ration.is_spent() {
        return Err("its snapshot names the same things too often".into());
    }
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

fn session(id: Uuid, own: Uuid, value: Item<'_>, ration: &Ration) -> Option<Session> {
    let metadata = value.attr("metadata")?;
    let root = metadata.attr("root_name").and_then(|root| ration.text(root)).map(str::to_owned);
    let components = match metadata.attr("components") {
        Some(components) => {
            let component = |(key, value)| component(key, value, ration);
            ration.entries(components).and_then(|it| it.map(component).collect())
        }
        None => Some(Vec::new()),
    };
    let mut session = Session {
        id,
        created: minted(id),
        link: None,
        graphctl: false,
        root,
        readable: components.is_some(),
        components: components.unwrap_or_default(),
        edges: ration.elements(value.attr("edges")?)?.count() as u64,
        last_event: None,
        holding: None,
        family: None,
    };
    session.graphctl = super::is_graphctl(&session, own);
    Some(session)
}

fn component(key: Item<'_>, value: Item<'_>, ration: &Ration) -> Option<Component> {
    let streams = |class| {
        let streams = value.attr("streams").and_then(|it| ration.entries(it));
        let streams = streams.into_iter().flatten();
        streams
            .filter(|(_, stream)| ration.class_name(*stream) == Some(class))
            .filter_map(|(_, stream)| ration.text(stream.attr("address")?).map(str::to_owned))
            .collect()
    };
    let unit = value.attr("streams").is_some();
    let inputs = streams("InputStreamMetadata");
    let outputs = streams("OutputStreamMetadata");
    let streams = unit.then(|| Box::new(Streams { inputs, outputs }));
    Some(Component { key: ration.text(key)?.into(), unit, streams })
}

fn process(value: Item<'_>, ration: &Ration) -> Option<Process> {
    // A UUID is pickled as its 128 bit number.
    let id = Uuid::from_u128(value.attr("process_id")?.attr("int")?.as_u128()?);
    let units = ration.elements(value.attr("units")?)?;
    let units = units.filter_map(|unit| ration.text(unit).map(str::to_owned));
    let mut units: Vec<_> = units.collect();
    units.sort();
    Some(Process {
        id,
        created: minted(id),
        link: None,
        pid: value.attr("pid")?.as_u64().and_then(|pid| pid.try_into().ok()),
        host: ration.text(value.attr("host")?).map(str::to_owned),
        units,
        ping: Ping::NotAsked,
        unacked_for: None,
        traffic: None,
        last_event: None,
        last_change: None,
        holding: None,
    })
}
