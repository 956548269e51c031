//! One look at a server: inventory, verdicts and collisions, taken at one time.

mod details;

use std::collections::HashMap;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use uuid::Uuid;

use crate::address::Address;
use crate::admin::{self, Ask};
use crate::console;
use crate::error::{Error, PortHolder, Result};
use crate::host::{
    Connection, Held, Host, Own, Sockets, Ties, Unseen, Written, clock, connections, here,
    holders_of_all,
};
use crate::inventory::{self, Listing};
use crate::judge::{self, Case, Collision, Thresholds};
use crate::memory::Memory;
use crate::model::{Holder, Inventory};
use crate::options::{Options, Talk};
use crate::pings::Pings;
use crate::render::printable;
use crate::runtime::spawn_blocking;
use crate::wire::Session;
use details::{Messages, Sources};

/// How long a process may take to answer a ping. One that misses it is suspect, not dead.
const PING_TIMEOUT: Duration = Duration::from_secs(1);

/// How many further looks are taken if one missed something.
const FURTHER_LOOKS: usize = 2;

/// The pause before each further look.
const PAUSE: Duration = Duration::from_millis(200);

/// What one look saw.
#[derive(Debug)]
pub struct Look {
    /// The facts.
    pub inventory: Inventory,
    /// The verdicts.
    pub cases: Vec<Case>,
    /// Keys that are in each other's way.
    pub collisions: Vec<Collision>,
    /// By client: which processes hold its connection; empty if no verdict depends on that.
    pub held: Held,
    /// When it was taken: at the end of the wait for answers.
    pub taken: Instant,
    /// The same, by the clock that also advances while the machine sleeps.
    pub clock: Duration,
    /// How long it took.
    pub took: Duration,
}

/// Where looks come from: an open session on a server.
#[derive(Debug)]
pub struct Observer {
    source: Source,
    address: Address,
    timeout: Duration,
    start_timeout: Duration,
    host: Box<dyn Host>,
    memory: Option<Memory>,
}

#[derive(Debug)]
enum Source {
    Admin(admin::Channel),
    Snapshot(Session, Pings),
}

impl Observer {
    /// Opens a session to look through.
    ///
    /// # Errors
    /// No server, or one without sessions.
    pub async fn open(options: &Options) -> Result<Self> {
        let session = Session::open(&options.address, options.timeout).await;
        let session = session.map_err(add_port_holders)?;
        let channel = if options.admin { "the admin channel" } else { "documented commands" };
        let connected = format!(
            "connected to ezmsg {} at {} through {channel}, session {}",
            session.version, options.address, session.id
        );
        console::say(options.talk, Talk::Verbose, &printable(&connected));
        let source = if options.admin {
            Source::Admin(admin::Channel::new(session))
        } else {
            Source::Snapshot(session, Pings::default())
        };
        let Options { address, timeout, start_timeout, .. } = options;
        let (address, timeout, start_timeout) = (address.clone(), *timeout, *start_timeout);
        let host = Box::new(here());
        Ok(Self { source, address, timeout, start_timeout, host, memory: None })
    }

    /// From now on each look knows of all earlier ones, and of those in `memory`. As a rule it is one request to the
    /// server, also where the verdict depends on messages: these are told by each process with its sign of
    /// life, so all have a rate from the second look on.
    #[must_use]
    pub fn remembering(self, memory: Memory) -> Self {
        Self { memory: Some(memory), ..self }
    }

    /// What it remembers, for another that takes its place.
    #[must_use]
    pub fn into_memory(self) -> Option<Memory> {
        self.memory
    }

    /// Takes a look.
    ///
    /// # Errors
    /// The server did not answer, or refused the admin channel.
    pub async fn look(&mut self) -> Result<Look> {
        self.look_until_clear(false, Messages::Rates).await
    }

    /// Takes a look that gives the same verdicts, and measures no message rates: that would take half a second.
    ///
    /// # Errors
    /// As [`look`](Self::look).
    pub async fn look_for_verdicts(&mut self) -> Result<Look> {
        self.look_until_clear(false, Messages::Counts).await
    }

    /// Takes a look that tells who holds each session, also where no verdict depends on it: that takes
    /// this machine's time, for all its processes have to be gone through.
    ///
    /// # Errors
    /// As [`look`](Self::look).
    pub async fn look_at_all(&mut self) -> Result<Look> {
        self.look_until_clear(true, Messages::Rates).await
    }

    /// Looks again if a look has missed something. With a memory another look follows anyway, so this one is repeated only
    /// where it misses the proof that the look before had.
    async fn look_until_clear(&mut self, all: bool, messages: Messages) -> Result<Look> {
        let proven_dead = self.memory.as_ref().map(|it| it.proven_dead().clone());
        let misses = |case: &Case| {
            let matters = proven_dead.as_ref().is_none_or(|it| it.contains(&case.id));
            case.may_need_another_look && matters
        };
        let earlier = self.last();
        let mut look = Box::pin(self.look_since(earlier, all, messages)).await?;
        for _ in 0..FURTHER_LOOKS {
            if !look.cases.iter().any(misses) {
                break;
            }
            tokio::time::sleep(PAUSE).await;
            look = Box::pin(self.look_since(earlier, all, messages)).await?;
        }
        Ok(look)
    }

    /// Takes a look that knows of an earlier one: what spoke since then is alive.
    ///
    /// # Errors
    /// As [`look`](Self::look).
    pub async fn look_again(&mut self, first: Instant) -> Result<Look> {
        Box::pin(self.look_since(Some(first), false, Messages::Rates)).await
    }

    /// When the last look was taken: what was heard since then is a sign of life. Without the kernel's word on every
    /// connection, time passed says nothing.
    fn last(&self) -> Option<Instant> {
        let memory = self.memory.as_ref().filter(|_| matches!(self.source, Source::Admin(_)));
        memory.and_then(Memory::last)
    }

    async fn look_since(
        &mut self,
        earlier: Option<Instant>,
        all: bool,
        messages: Messages,
    ) -> Result<Look> {
        let began = Instant::now();
        let heard_within = earlier.map_or(Duration::ZERO, |it| began.duration_since(it));
        let thresholds = Thresholds { start_timeout: self.start_timeout, heard_within };
        let mut inventory = match &mut self.source {
            Source::Admin(channel) => {
                let ask = match self.memory {
                    Some(_) => Ask::Traffic(PING_TIMEOUT),
                    None => Ask::Ping(PING_TIMEOUT),
                };
                list(channel, &self.address, ask).await?
            }
            Source::Snapshot(session, pings) => {
                let mut inventory = snapshot(session, &self.address).await?;
                pings.ask(&mut inventory, &self.address, self.timeout, PING_TIMEOUT).await?;
                inventory
            }
        };
        if let Some(memory) = &mut self.memory {
            memory.recall(&mut inventory);
        }
        let (taken, clock) = (Instant::now(), clock());
        let own = self.own();
        let channel = match &mut self.source {
            Source::Admin(channel) => Some(channel),
            Source::Snapshot(..) => None,
        };
        let messages = if self.memory.is_some() { Messages::Known } else { messages };
        let sources = Sources { channel, own, host: self.host.as_ref(), all, messages };
        let (cases, held) = details::judge(sources, &mut inventory, &thresholds).await?;
        let collisions = judge::collisions::among(&inventory, &cases);
        if let Some(memory) = &mut self.memory {
            memory.keep(&inventory, &cases, taken);
        }
        Ok(Look { inventory, cases, collisions, held, taken, clock, took: began.elapsed() })
    }

    /// What the server holds, without asking any process for a sign of life.
    ///
    /// # Errors
    /// As [`look`](Self::look).
    pub async fn inventory(&mut self) -> Result<Inventory> {
        match &mut self.source {
            Source::Admin(channel) => list(channel, &self.address, Ask::Nothing).await,
            Source::Snapshot(session, _) => snapshot(session, &self.address).await,
        }
    }

    /// By client of `inventory`, which was listed last: who holds its end of the connection on this
    /// machine.
    #[must_use]
    pub fn holders(&self, inventory: &Inventory) -> Held {
        let own = self.own();
        own.map_or_else(Held::new, |own| holders_of_all(inventory, own, self.host.as_ref()))
    }

    /// By client of `inventory`, which was listed last: its connection, where that means the same to this
    /// machine.
    #[must_use]
    pub fn connections(&self, inventory: &Inventory) -> HashMap<Uuid, Connection> {
        let own = self.own();
        own.map_or_else(HashMap::new, |own| connections(inventory, own, self.host.as_ref()))
    }

    /// Whether the server sees our own connection as we do: else no address that it tells means anything
    /// here.
    #[must_use]
    pub fn is_transparent(&self, inventory: &Inventory) -> bool {
        let own = self.own();
        own.is_some_and(|own| self.connections(inventory).contains_key(&own.session))
    }

    /// The TCP sockets of a process of this machine.
    ///
    /// # Errors
    /// Why they cannot be told.
    pub fn sockets(&self, holder: &Holder) -> Result<Sockets, Unseen> {
        self.host.sockets(holder)
    }

    /// What each of these processes of this machine shares with other processes beside TCP connections, in
    /// their order.
    ///
    /// # Errors
    /// Why that is not known.
    #[must_use]
    pub fn ties(&self, processes: &[Holder]) -> Vec<Result<Ties, Unseen>> {
        self.host.ties(processes)
    }

    /// What a process of this machine has written.
    ///
    /// # Errors
    /// Why that is not known.
    pub fn written(&self, process: &Holder) -> Result<Written, Unseen> {
        self.host.written(process)
    }

    /// Our own connection; `None` without the admin channel, through which alone it is told as the
    /// server sees it.
    #[must_use]
    pub fn own(&self) -> Option<Own> {
        let Source::Admin(channel) = &self.source else { return None };
        let session = channel.session();
        let (client, server) = session.ends().ok()?;
        Some(Own { session: session.id, client, server, listed: channel.answered() })
    }

    /// The admin channel, for what cannot be done without it.
    ///
    /// # Errors
    /// It is switched off; `command` is who needs it.
    pub fn admin(&mut self, command: &'static str) -> Result<&mut admin::Channel> {
        match &mut self.source {
            Source::Admin(channel) => Ok(channel),
            Source::Snapshot(..) => Err(Error::AdminOff { command }),
        }
    }
}

/// Adds what this machine shows of a port that does not accept or does not greet.
fn add_port_holders(mut error: Error) -> Error {
    match &mut error {
        Error::NoGreeting { here: Some(at), holders, .. } => *holders = port_holders(*at),
        Error::NotAccepted { here, queue_full, holders, .. } => {
            *queue_full = here.iter().any(|at| self::here().queue_is_full(*at) == Some(true));
            *holders = here.iter().flat_map(|at| port_holders(*at)).collect();
        }
        _ => {}
    }
    error
}

fn port_holders(at: SocketAddr) -> Vec<PortHolder> {
    let holder = |it: Holder| PortHolder { pid: it.pid, name: it.name(), state: it.state };
    here().listeners(at).into_iter().map(holder).collect()
}

async fn list(channel: &mut admin::Channel, address: &Address, ask: Ask) -> Result<Inventory> {
    let mut listing = Listing::default();
    channel.list(ask, |row| listing.add(row)).await?;
    let session = channel.session();
    Ok(listing.into_inventory(session.id, address.to_string(), session.version.clone()))
}

async fn snapshot(session: &mut Session, address: &Address) -> Result<Inventory> {
    let bytes = session.snapshot().await?;
    let (own, at, version) = (session.id, address.to_string(), session.version.clone());
    // A large one takes its time, in which Ctrl-C is heard.
    spawn_blocking(move || inventory::from_pickle(bytes, own, at, version))
        .await
        .map_err(Error::Exhausted)?
        .map_err(|detail| Error::Protocol { address: address.clone(), detail })
}
