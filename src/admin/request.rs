//! What the admin program is asked, as bytes. Pure.
//!
//! A request is data: it is carried beside the program as JSON, in a string of its own.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::host::Ends;
use crate::model::LockHolder;
use crate::wire::{codec, pickle};

/// What runs in the server.
pub const PROGRAM: &str = include_str!("program/running.py");

/// What it compiles when it is needed, by the name under which it finds it.
pub const PARTS: [(&str, &str); 10] = [
    ("reading.py", include_str!("program/reading.py")),
    ("listing.py", include_str!("program/listing.py")),
    ("leaving.py", include_str!("program/leaving.py")),
    ("sockets.py", include_str!("program/sockets.py")),
    ("holding.py", include_str!("program/holding.py")),
    ("stacks.py", include_str!("program/stacks.py")),
    ("asking.py", include_str!("program/asking.py")),
    ("locking.py", include_str!("program/locking.py")),
    ("edges.py", include_str!("program/edges.py")),
    ("dropping.py", include_str!("program/dropping.py")),
];

/// What the server is to do.
#[derive(Clone, Copy, Debug)]
pub enum Request<'a> {
    /// Tell everything it holds.
    List(Ask),
    /// Count the messages of these processes: once, or twice `apart`. Each answer may take `within`.
    Measure {
        /// Their ids.
        processes: &'a [Uuid],
        /// How long they have for each answer.
        within: Duration,
        /// The time between the two; `None` to ask once.
        apart: Option<Duration>,
    },
    /// Report which processes of its machine hold the client's ends of these connections.
    Holders(&'a [Ends]),
    /// Report the Python stacks of the server's own process, if it holds the client's ends of any of these sessions.
    Stacks(&'a [Uuid]),
    /// Report what would keep a drop of these from being done.
    Check(&'a [DropTarget]),
    /// Drop these.
    Drop(&'a [DropTarget]),
    /// End the connection that the holder of the command lock waits for.
    Free(&'a LockHolder),
}

impl Request<'_> {
    /// The message that asks for it on the session of this id.
    #[must_use]
    pub fn message(&self, session: Uuid) -> Vec<u8> {
        let mut request = self.json();
        request["session"] = json!(session);
        let request = request.to_string();
        let mut variables = vec![("request", &*request)];
        variables.extend(PARTS);
        codec::register(&pickle::exec_then_metadata(PROGRAM, &variables))
    }

    fn json(&self) -> Value {
        match self {
            Self::List(ask) => json!({
                "operation": "list",
                "ping_seconds": ask.within().map(|within| within.as_secs_f64()),
                "traffic": matches!(ask, Ask::Traffic(_)),
            }),
            Self::Measure { processes, within, apart } => json!({
                "operation": "measure",
                "processes": processes,
                "ping_seconds": within.as_secs_f64(),
                "apart_seconds": apart.map(|apart| apart.as_secs_f64()),
            }),
            Self::Holders(connections) => {
                let ends =
                    |it: &Ends| [it.client, it.server].map(|it| (it.ip().to_string(), it.port()));
                let connections: Vec<_> = connections.iter().map(ends).collect();
                json!({ "operation": "holders", "connections": connections })
            }
            Self::Stacks(sessions) => json!({ "operation": "stacks", "sessions": sessions }),
            Self::Check(targets) => json!({ "operation": "check", "targets": targets }),
            Self::Drop(targets) => json!({ "operation": "drop", "targets": targets }),
            Self::Free(LockHolder { waits_for, client, peer, .. }) => {
                let target = json!({ "waits_for": waits_for, "client": client, "peer": peer });
                json!({ "operation": "free", "target": target })
            }
        }
    }
}

/// What the processes are asked in a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ask {
    /// Nothing.
    Nothing,
    /// For a sign of life, within that time.
    Ping(Duration),
    /// What they have carried so far, which is a sign of life too.
    Traffic(Duration),
}

impl Ask {
    pub(super) const fn within(self) -> Option<Duration> {
        match self {
            Self::Nothing => None,
            Self::Ping(within) | Self::Traffic(within) => Some(within),
        }
    }
}

/// One target of a drop: what goes, and what must still hold for it to go.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct DropTarget {
    /// The session, or of a leftover the process registration.
    pub id: Uuid,
    /// What goes.
    #[serde(flatten)]
    pub taken: Taken,
    /// Precondition: the component keys of the session, or the units of the leftover, are those that this
    /// was made of by [`digest`].
    pub keys: Uuid,
    /// Precondition: the processes that own any of its units are exactly these.
    pub owners: Vec<Uuid>,
    /// Precondition: no publisher is on a topic of its output streams, and no subscriber on one of its input
    /// streams, other than these clients.
    pub known: Vec<Uuid>,
    /// Precondition: no more bytes have come from these processes than so many.
    pub silent: Vec<(Uuid, u64)>,
    /// It is dropped even if an edge that goes with it carries messages between clients that stay.
    pub may_cut: bool,
}

/// The clients whose connections a drop closes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Taken {
    /// The session, if there is one: the target itself.
    #[serde(skip)]
    pub session: Option<Uuid>,
    /// Process registrations.
    pub processes: Vec<Uuid>,
    /// Publishers.
    pub publishers: Vec<Uuid>,
    /// Subscribers.
    pub subscribers: Vec<Uuid>,
    /// Channels.
    pub channels: Vec<Uuid>,
}

impl Taken {
    /// All of them.
    pub fn clients(&self) -> impl Iterator<Item = Uuid> {
        let kinds = [&self.processes, &self.publishers, &self.subscribers, &self.channels];
        self.session.into_iter().chain(kinds.into_iter().flatten().copied())
    }
}

/// What stands for the keys of a target in a request, which would be long with all of them.
#[must_use]
pub fn digest(target: Uuid, mut keys: Vec<&str>) -> Uuid {
    keys.sort_unstable();
    Uuid::new_v5(&target, serde_json::json!(keys).to_string().as_bytes())
}
