//! A real GraphServer in a process of its own, on a free port of the loopback or of a network's server side.

use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::ops::{Deref, DerefMut};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde_json::Value;

use super::PATIENCE;
use super::clients::{self, Client, Witness};
use super::network::{Network, Side};
use super::process::Process;

/// Opens a session.
const SESSION: u8 = 0x15;

/// What makes every warning an error, also those that Python leaves out as a rule.
const STRICT: [&str; 5] = ["-W", "error", "-bb", "-X", "warn_default_encoding"];

/// A GraphServer that greets; dropping it ends it.
pub struct Server {
    process: Process,
    side: Side,
    python: PathBuf,
    address: String,
}

impl Server {
    /// Starts one with the ezmsg of this python, and waits until it greets.
    pub fn start(python: &Path) -> Self {
        let server = Self::start_on(&Side::default(), python, &[]);
        greeted(&server.address);
        server
    }

    /// Starts one at an address of this machine, and waits until it greets.
    pub fn start_at(python: &Path, address: &str) -> Self {
        let server = Self::start_with(Side::default(), python, &[], &[address]);
        greeted(&server.address);
        server
    }

    /// Starts one in a Python that raises every warning as an error, and warns of what Python 3.14 warns of.
    pub fn start_strict(python: &Path) -> Self {
        Self::start_with(Side::default(), python, &STRICT, &["127.0.0.1", "strict"])
    }

    /// Starts one in a process whose main thread has something to do every millisecond.
    pub fn start_busy(python: &Path) -> Self {
        Self::start_on(&Side::default(), python, &["busy"])
    }

    /// Starts one on the server side of a network, where this test itself cannot reach it.
    pub fn start_in(network: &Network, python: &Path) -> Self {
        Self::start_on(network.server_side(), python, &[])
    }

    /// Starts one that a launcher runs, as it does all that runs beside it.
    pub fn start_by(launcher: &Side, python: &Path) -> Self {
        Self::start_on(launcher, python, &[])
    }

    fn start_on(side: &Side, python: &Path, how: &[&str]) -> Self {
        let host = side.address().unwrap_or("127.0.0.1");
        Self::start_with(side.clone(), python, &[], &[&[host], how].concat())
    }

    fn start_with(side: Side, python: &Path, options: &[&str], arguments: &[&str]) -> Self {
        let arguments: Vec<_> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let process = Process::start_with(&side, python, options, "serve.py", &arguments);
        let listening = process.wait_event("listening", PATIENCE);
        let address = listening["address"].as_str().expect("the address is text").to_owned();
        Self { process, side, python: python.to_owned(), address }
    }

    /// Where it runs.
    pub fn side(&self) -> &Side {
        &self.side
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// The python it runs with.
    pub fn python(&self) -> &Path {
        &self.python
    }

    /// What it has logged so far, from WARNING up.
    pub fn log(&self) -> String {
        self.process.stderr()
    }

    /// What it has at hand, from within, also while its command lock is held: the number of `clients` by
    /// kind, of their `handlers`, of all `tasks`, of pending `pings`, and of `waiters` for the lock; whether
    /// that is `locked`.
    pub fn state(&mut self) -> Value {
        self.ask("state")
    }

    /// All that it keeps of its clients, from within: lines of text by kind.
    pub fn dump(&mut self) -> Value {
        self.ask("dump")
    }

    /// Ends the handlers of clients without their clean-up, as a hasty cancellation would.
    pub fn orphan(&mut self, ids: &[&str]) {
        self.ask(&format!("orphan {}", ids.join(" ")));
    }

    /// A client asks for a session and hangs up before it reads the id: the server keeps a ghost of it for ever.
    pub fn ghost(&mut self) {
        self.ask("ghost");
    }

    /// A session with these component keys that is proven dead: its client is gone, and the server never noticed.
    pub fn ghost_of(&mut self, keys: &[&str]) -> String {
        let client = Client::silent_session(self, keys);
        let id = client.session_id().to_owned();
        self.orphan(&[&id]);
        drop(client);
        id
    }

    /// Closes the connections of every graphctl, as a network does that breaks.
    pub fn hang_up_on_graphctl(&mut self) {
        self.ask("hang-up");
    }

    /// Closes the connections of the publishers on a topic, and waits until they are gone.
    pub fn cut_publishers(&mut self, topic: &str) {
        self.ask(&format!("cut {topic}"));
        let deadline = Instant::now() + PATIENCE;
        while self.dump()["publishers"].as_array().is_some_and(|all| all.contains(&topic.into())) {
            assert!(Instant::now() < deadline, "the publisher on {topic} stays");
        }
    }

    /// Makes its graph one of another ezmsg: it works as before, and removes edges in another way.
    pub fn make_strange(&mut self) {
        self.ask("strange");
    }

    /// Makes it tell graphctl what is not so from now on: of the `clients` with these ids another peer, or nothing
    /// at all; and of processes, and of itself, one of these `pids` after the other. What it does stays as it is.
    pub fn lie(&mut self, lies: &Value) {
        self.ask(&format!("lie {lies}"));
    }

    /// Connects the units of each session, one after the other.
    pub fn chain(&mut self) {
        self.ask("chain");
    }

    /// The longest time for which a busy server's main thread was kept from its work since this was last asked.
    pub fn longest_pause(&mut self) -> Duration {
        Duration::from_secs_f64(self.ask("pause")["pause"].as_f64().expect("seconds"))
    }

    fn ask(&mut self, order: &str) -> Value {
        let before = self.events().len();
        self.tell(order);
        let mut seen = 0;
        let mut state = self.wait_for("its state", PATIENCE, |event| {
            seen += 1;
            seen > before && event["event"] == "state"
        });
        state.as_object_mut().expect("an event is an object").remove("event");
        state
    }

    /// Waits until its state is as wanted.
    pub fn wait_state(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let state = self.state();
            if wanted(&state) {
                return state;
            }
            assert!(Instant::now() < deadline, "waited in vain for {what}: {state:#}");
            // It tells when it is asked, not when something changes.
            std::thread::sleep(Duration::from_millis(5));
        }
    }

    /// Waits until a process owns this unit.
    pub fn wait_owned(&self, unit: &str) {
        let deadline = Instant::now() + PATIENCE;
        while self.witness().owners_of(unit).is_empty() {
            assert!(Instant::now() < deadline, "waited in vain for an owner of {unit}");
        }
    }

    /// What the server holds, by ezmsg's own API: a witness independent of graphctl.
    pub fn witness(&self) -> Witness {
        Witness::of(self)
    }

    /// What the processes of these units answer to a PING within this time: `ok`, or ezmsg's code of the error.
    pub fn pings(&self, units: &[&str], patience: Duration) -> Vec<String> {
        clients::pings(self, units, patience)
    }
}

impl Deref for Server {
    type Target = Process;

    fn deref(&self) -> &Process {
        &self.process
    }
}

impl DerefMut for Server {
    fn deref_mut(&mut self) -> &mut Process {
        &mut self.process
    }
}

/// An address of this machine where nobody listens, and whose port the system gives to nobody who does not
/// ask for it.
pub fn free_address() -> String {
    let first = 10_000 + std::process::id() % 10_000;
    let mut addresses = (first..32_768).map(|port| format!("127.0.0.1:{port}"));
    addresses.find(|address| TcpListener::bind(address).is_ok()).expect("a port is free")
}

/// Connects and reads the greeting, a length-prefixed version; the stream is ready for an opcode.
pub fn greeted(address: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    skip_text(&mut stream);
    stream
}

/// Connects and opens a session; the stream is ready for its first request.
pub fn session(address: &str) -> TcpStream {
    let mut stream = greeted(address);
    stream.write_all(&[SESSION]).expect("the server takes an opcode");
    skip_text(&mut stream);
    stream.read_exact(&mut [0]).expect("the server has opened the session");
    stream
}

fn skip_text(stream: &mut TcpStream) {
    let mut length = [0; 8];
    stream.read_exact(&mut length).expect("the server says how much it will say");
    let length = usize::try_from(u64::from_le_bytes(length)).expect("a short text");
    stream.read_exact(&mut vec![0; length]).expect("the server says it");
}
