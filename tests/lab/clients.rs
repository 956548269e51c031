//! The other clients of a server: observers, taps, silent sessions, weavers, odd ones, and the witness.

use std::ops::{Deref, DerefMut};
use std::path::Path;
use std::time::Duration;

use serde_json::Value;

use super::PATIENCE;
use super::network::Side;
use super::process::Process;
use super::server::Server;

const ORDINARY: &str = "clients.py";

/// What no ordinary pipeline is like, and is healthy all the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Odd {
    /// EARLY has a process that connected before its session; AGAIN has that of an earlier AGAIN.
    OlderProcess,
    /// A process of no session came, and had left before this was ready.
    PassingProcess,
    /// A notebook's session that took its pipeline down again, process and all, and stays open.
    Reverted,
    /// A process runs the only unit of the session TWO, and one of two units of the session ONE.
    SharedProcess,
    /// TERSE has a process that answers every request with an error.
    AnswersWithError,
    /// The process of the unit FED/U, with a subscriber to its INPUT, and of a session that is gone; another
    /// session's publisher came before both.
    FedLeftover,
    /// The client of the session CLOSED hung up while the process of HELD/U, which answers nothing, owed it an
    /// answer: the server's end of it is in CLOSE_WAIT, and its handler waits.
    ClosedInFlight,
    /// Sessions and processes with metadata of every odd kind: the event `odd` tells their ids by kind.
    Metadata,
    /// The process of the session EARS reads a first request and leaves it at that, and answers later ones; that of
    /// DEAF answers none. Both report a setting every 0.2 s: the event `asked` tells the `unit` of each request.
    Deaf,
    /// The pipeline BUSY, whose only unit computes in its event loop: `step` events, one every 2.6 s.
    BusyPipeline,
    /// The pipeline SYSTEM with a backend of its own, which registers no process: `running` and `count`.
    UnregisteredPipeline,
}

impl Odd {
    const fn mode(self) -> &'static str {
        match self {
            Self::OlderProcess => "older-process",
            Self::PassingProcess => "passing-process",
            Self::Reverted => "reverted",
            Self::SharedProcess => "shared-process",
            Self::AnswersWithError => "answers-with-error",
            Self::FedLeftover => "fed-leftover",
            Self::ClosedInFlight => "closed-in-flight",
            Self::Metadata => "odd-metadata",
            Self::Deaf => "deaf",
            Self::BusyPipeline => "busy-pipeline",
            Self::UnregisteredPipeline => "unregistered-pipeline",
        }
    }
}

/// A client in a process of its own; dropping it ends it.
pub struct Client {
    process: Process,
    id: String,
}

impl Client {
    /// A bare `GraphContext`, like a dashboard.
    pub fn observer(server: &Server) -> Self {
        Self::start(server, ORDINARY, &["observe"])
    }

    /// A session that adds the edges `edge:A>B` and registers components with the other keys, and then stays silent,
    /// unless it is told another key: the event `registered` tells when it has registered that too.
    pub fn silent_session(server: &Server, keys: &[&str]) -> Self {
        Self::start(server, ORDINARY, &[&["session"], keys].concat())
    }

    /// A silent session whose process does not end when it gets a SIGTERM, of which the event `asked` tells.
    pub fn stubborn_session(server: &Server, key: &str) -> Self {
        Self::start(server, ORDINARY, &["session", "--stubborn", key])
    }

    /// A low-level publisher on a topic, at 100 messages a second.
    pub fn publisher(server: &Server, topic: &str) -> Self {
        Self::start(server, ORDINARY, &["publish", topic])
    }

    /// A low-level subscriber to a topic: tells `count` events, which also count `runs`, the messages of each run.
    /// With `SYSTEM/PUB/OUTPUT`, a tap.
    pub fn subscriber(server: &Server, topic: &str) -> Self {
        Self::start(server, ORDINARY, &["subscribe", topic])
    }

    /// A session on each of two servers, in one process: `X` on the first, `Y` on the second.
    pub fn on_two_servers(first: &Server, second: &Server) -> Self {
        Self::start(first, ORDINARY, &["session", "X", "--beside", second.address()])
    }

    /// So many sessions with so many edges each, between the same few topics: which, tells the seed. The event
    /// `woven` tells their `ids`.
    pub fn weavers(server: &Server, name: &str, seed: u32, sessions: u32, edges: u32) -> Self {
        let numbers = [seed, sessions, edges].map(|number| number.to_string());
        let [seed, sessions, edges] = numbers.each_ref().map(String::as_str);
        Self::start(server, "weavers.py", &[name, seed, sessions, edges])
    }

    /// One that no ordinary pipeline is like.
    pub fn odd(server: &Server, odd: Odd) -> Self {
        Self::start(server, "odd_clients.py", &[odd.mode()])
    }

    fn start(server: &Server, script: &str, arguments: &[&str]) -> Self {
        let address = format!("--address={}", server.address());
        let arguments: Vec<String> = std::iter::once(&*address)
            .chain(arguments.iter().copied())
            .map(str::to_owned)
            .collect();
        let process = Process::start(server.side(), server.python(), script, &arguments);
        let id = process.wait_event("ready", PATIENCE)["id"].as_str().expect("an id").to_owned();
        Self { process, id }
    }

    /// The id of its session.
    pub fn session_id(&self) -> &str {
        &self.id
    }

    /// Lets it close its session and leave, and waits for that.
    pub fn close(mut self) {
        self.let_go();
        self.wait_exit(PATIENCE);
    }
}

impl Deref for Client {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Client {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// What a server said it holds, by `GraphContext.snapshot()`.
///
/// `{"sessions": {ID: {"components", "edges"}}, "processes": [{"id", "pid", "host", "units"}], "graph"}`,
/// without the session that asked.
#[derive(Clone, Debug, PartialEq)]
pub struct Witness(pub Value);

impl Witness {
    pub(super) fn of(server: &Server) -> Self {
        Self(ask(server.side(), server.python(), server.address(), &["snapshot"]))
    }

    /// What the server at this address of this machine holds, whoever runs it.
    pub fn at(python: &Path, address: &str) -> Self {
        Self(ask(&Side::default(), python, address, &["snapshot"]))
    }

    /// The ids of all sessions.
    pub fn sessions(&self) -> Vec<String> {
        self.0["sessions"].as_object().expect("sessions by id").keys().cloned().collect()
    }

    /// The ids of the sessions with this component.
    pub fn sessions_of(&self, key: &str) -> Vec<String> {
        let sessions = self.0["sessions"].as_object().expect("sessions by id").iter();
        let with_key = sessions.filter(|(_, session)| holds(&session["components"], key));
        with_key.map(|(id, _)| id.clone()).collect()
    }

    /// The pids of the processes that own this unit.
    pub fn owners_of(&self, unit: &str) -> Vec<u32> {
        let processes = self.0["processes"].as_array().expect("a list of processes").iter();
        let owners = processes.filter(|process| holds(&process["units"], unit));
        owners.filter_map(|process| process["pid"].as_u64()?.try_into().ok()).collect()
    }
}

/// What the processes of these units answer to a PING: `ok`, or ezmsg's code of the error.
pub(super) fn pings(server: &Server, units: &[&str], patience: Duration) -> Vec<String> {
    let patience = patience.as_secs_f64().to_string();
    let arguments = [&["ping", &patience], units].concat();
    let answers = ask(server.side(), server.python(), server.address(), &arguments);
    serde_json::from_value(answers).expect("a list of words")
}

/// What a client that asks and leaves came to know.
fn ask(side: &Side, python: &Path, address: &str, arguments: &[&str]) -> Value {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/lab/clients.py");
    let mut command = side.command(python);
    let output = command
        .args(["-B", script, "--address", address])
        .args(arguments)
        .output()
        .expect("the lab's python starts");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{said}");
    serde_json::from_slice(&output.stdout).expect("the witness speaks JSON")
}

fn holds(list: &Value, text: &str) -> bool {
    list.as_array().is_some_and(|list| list.iter().any(|item| item == text))
}
