//! What must never be touched: pipelines and clients that are well, in all the ways in which they can be.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::PATIENCE;
use super::clients::{Client, Odd, Witness};
use super::pipeline::{Fail, Opener, Options, Pipeline, Runner, StartMethod};
use super::process::Process;
use super::server::Server;

/// One way to be well.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Healthy {
    /// A run of one process.
    Alone,
    /// A run of two processes.
    Run(StartMethod),
    /// A notebook's pipeline, with a backend for each unit.
    Notebook(StartMethod),
    /// A pipeline of one process, PUB of which takes its time in `initialize`: no owners yet.
    StartingAlone,
    /// A run of two processes, PUB of which takes its time in `initialize`: some owners.
    Starting(StartMethod),
    /// A notebook's pipeline, PUB of which takes its time in `initialize`: some owners.
    StartingNotebook,
    /// A run of two processes that waits for something to happen: no message ever flows.
    Idle,
    /// A unit that computes in its event loop, and misses a PING now and then.
    Busy,
    /// A run of one process on its way out: PUB takes its time in `shutdown`.
    StoppingAlone,
    /// A notebook's pipeline on its way out: PUB takes its time in `shutdown`, and SUB has left.
    StoppingNotebook,
    /// A run of two processes, with an observer, a tap, and low-level clients on a topic of their own.
    WithClients,
    /// A run of two processes with a helper of the user's, which was forked from it and inherited its sockets.
    WithHelper,
    /// A run of two processes that have no control connection, as with a backend of the user's own.
    Unregistered,
    /// Opened by a process that was forked a moment before.
    OpenerForked,
    /// Opened by a process that has left, and served by its grandchild.
    OpenerDaemon,
    /// Opened by a process that was forked a moment before, and turns its event loop by hand.
    OpenerPolled,
    /// Two pipelines in a notebook; the backends of the second inherited the session of the first.
    TwoInNotebook,
    /// As `TwoInNotebook`, and the first was stopped: its session has no components any more, and stays, because
    /// those backends still hold it.
    OneStoppedInNotebook,
    /// A run of two processes, the main one of which serves: ezmsg found no server.
    OwnServer,
}

impl Healthy {
    /// All of them.
    pub const ALL: [Self; 25] = [
        Self::Alone,
        Self::Run(StartMethod::Fork),
        Self::Run(StartMethod::Spawn),
        Self::Run(StartMethod::Forkserver),
        Self::Notebook(StartMethod::Fork),
        Self::Notebook(StartMethod::Spawn),
        Self::Notebook(StartMethod::Forkserver),
        Self::StartingAlone,
        Self::Starting(StartMethod::Fork),
        Self::Starting(StartMethod::Spawn),
        Self::Starting(StartMethod::Forkserver),
        Self::StartingNotebook,
        Self::Idle,
        Self::Busy,
        Self::StoppingAlone,
        Self::StoppingNotebook,
        Self::WithClients,
        Self::WithHelper,
        Self::Unregistered,
        Self::OpenerForked,
        Self::OpenerDaemon,
        Self::OpenerPolled,
        Self::TwoInNotebook,
        Self::OneStoppedInNotebook,
        Self::OwnServer,
    ];

    fn options(self) -> Options {
        let alone = Options::default();
        let two = Options::two_processes();
        let notebook = Options { runner: Runner::Start, ..two.clone() };
        let slow_initialize = Duration::from_secs(3600);
        match self {
            Self::Run(start_method) => Options { start_method, ..two },
            Self::Notebook(start_method) => Options { start_method, ..notebook },
            Self::StartingAlone => Options { slow_initialize, ..alone },
            Self::Starting(start_method) => Options { start_method, slow_initialize, ..two },
            Self::StartingNotebook => Options { slow_initialize, ..notebook },
            Self::Idle => Options { rate: 0.0, ..two },
            Self::StoppingAlone => Options { fail: Fail::SlowShutdown, ..alone },
            Self::StoppingNotebook => Options { fail: Fail::SlowShutdown, ..notebook },
            Self::WithHelper => Options { fail: Fail::ForksHelper, ..two },
            Self::Alone => alone,
            _ => two,
        }
    }
}

/// Healthy programs on a server of their own; dropping it ends them all.
pub struct Scene {
    how: Healthy,
    address: String,
    python: PathBuf,
    server: Option<Server>,
    pipeline: Option<Pipeline>,
    clients: Vec<Client>,
}

impl Scene {
    /// Starts a server and all that belongs to this way of being well, and waits until it is so.
    pub fn start(python: &Path, how: Healthy) -> Self {
        let mut scene = Self {
            how,
            address: String::new(),
            python: python.to_owned(),
            server: None,
            pipeline: None,
            clients: Vec::new(),
        };
        if how == Healthy::OwnServer {
            let pipeline = Pipeline::with_own_server(python, &how.options());
            scene.address = pipeline.own_address();
            pipeline.wait_event("running", PATIENCE);
            scene.pipeline = Some(pipeline);
        } else {
            let server = Server::start(python);
            server.address().clone_into(&mut scene.address);
            scene.populate(&server);
            scene.server = Some(server);
        }
        scene
    }

    fn populate(&mut self, server: &Server) {
        if let Some((odd, event)) = match self.how {
            Healthy::Busy => Some((Odd::BusyPipeline, "step")),
            Healthy::Unregistered => Some((Odd::UnregisteredPipeline, "running")),
            _ => None,
        } {
            let pipeline = Client::odd(server, odd);
            pipeline.wait_event(event, PATIENCE);
            self.clients.push(pipeline);
            return;
        }
        let mut pipeline = match self.how {
            Healthy::OpenerForked => Pipeline::opened(server, Opener::Forked),
            Healthy::OpenerDaemon => Pipeline::opened(server, Opener::Daemon),
            Healthy::OpenerPolled => Pipeline::opened(server, Opener::Polled),
            Healthy::TwoInNotebook | Healthy::OneStoppedInNotebook => {
                Pipeline::opened(server, Opener::Notebook)
            }
            _ => Pipeline::start(server, &self.how.options()),
        };
        settle(self.how, server, &mut pipeline);
        self.pipeline = Some(pipeline);
        if self.how == Healthy::WithClients {
            self.clients = vec![
                Client::observer(server),
                Client::publisher(server, "TOPIC"),
                Client::subscriber(server, "TOPIC"),
                Client::subscriber(server, "SYSTEM/PUB/OUTPUT"),
            ];
        }
    }

    /// `host:port` of its server.
    pub fn address(&self) -> &str {
        &self.address
    }

    /// What its server holds.
    pub fn witness(&self) -> Witness {
        Witness::at(&self.python, &self.address)
    }

    /// Expects all messages that ought to flow to do so, from now on and for this long; of a unit that computes,
    /// another step.
    pub fn expect_flow(&self, span: Duration) {
        let expect = |process: &Process, run, wanted| self.expect_rate(process, run, wanted, span);
        match (self.how, &self.pipeline, &*self.clients) {
            (Healthy::Busy, _, [busy]) => busy.wait_next("step"),
            (Healthy::Unregistered, _, [pipeline]) => expect(pipeline, None, 200.0),
            (Healthy::WithClients, Some(pipeline), [.., subscriber, tap]) => {
                expect(pipeline, None, 200.0);
                expect(subscriber, None, 100.0);
                expect(tap, None, 200.0);
            }
            (Healthy::TwoInNotebook, Some(pipeline), _) => {
                expect(pipeline, Some("FIRST"), 200.0);
                expect(pipeline, Some("SECOND"), 200.0);
            }
            (Healthy::OneStoppedInNotebook, ..) => self.expect_flow_of("SECOND", span),
            (how, Some(pipeline), _) if how.flows() => expect(pipeline, None, 200.0),
            _ => {}
        }
    }

    /// Expects the messages of one of the runs in a notebook to flow for this long.
    pub fn expect_flow_of(&self, run: &str, span: Duration) {
        let pipeline = self.pipeline.as_ref().expect("a notebook is a pipeline");
        self.expect_rate(pipeline, Some(run), 200.0, span);
    }

    /// Lets what takes its time go on, and expects it to end well: a start at full rate, a stop with its end.
    pub fn conclude(&self) {
        let Some(pipeline) = self.pipeline.as_ref().filter(|_| self.how.takes_its_time()) else {
            return;
        };
        pipeline.go_on();
        let end = match self.how {
            Healthy::StoppingAlone => "ended",
            Healthy::StoppingNotebook => "stopped",
            _ => "running",
        };
        pipeline.wait_event(end, PATIENCE);
        if self.how.starts() {
            self.expect_rate(pipeline, None, 200.0, Duration::from_secs(1));
        }
    }

    fn expect_rate(&self, process: &Process, run: Option<&str>, wanted: f64, span: Duration) {
        let rate = run.map_or_else(|| process.rate_over(span), |run| process.rate_of(run, span));
        assert!(rate > 0.8 * wanted, "{:?}: {wanted} a second were to flow: {rate}", self.how);
    }
}

impl Healthy {
    fn starts(self) -> bool {
        matches!(self, Self::StartingAlone | Self::Starting(_) | Self::StartingNotebook)
    }

    fn takes_its_time(self) -> bool {
        self.starts() || matches!(self, Self::StoppingAlone | Self::StoppingNotebook)
    }

    fn flows(self) -> bool {
        !self.takes_its_time() && self != Self::Idle
    }
}

/// Waits until a pipeline is where it is to be.
fn settle(how: Healthy, server: &Server, pipeline: &mut Pipeline) {
    match how {
        Healthy::StartingAlone => {
            pipeline.unit_pid("PUB");
        }
        Healthy::Starting(_) | Healthy::StartingNotebook => {
            pipeline.unit_pid("PUB");
            server.wait_owned("SYSTEM/SUB");
        }
        Healthy::Idle => {
            pipeline.wait_event("count", PATIENCE);
        }
        Healthy::TwoInNotebook | Healthy::OneStoppedInNotebook => {
            for run in ["FIRST", "SECOND"] {
                let flows = |event: &serde_json::Value| {
                    event["run"] == run && event["total"].as_u64() > Some(0)
                };
                pipeline.wait_for(&format!("messages of {run}"), PATIENCE, flows);
            }
            if how == Healthy::OneStoppedInNotebook {
                pipeline.tell("stop()");
                pipeline.wait_event("stopped", PATIENCE);
            }
        }
        Healthy::StoppingAlone => {
            pipeline.wait_event("running", PATIENCE);
            pipeline.interrupt();
            pipeline.wait_event("shutdown-begins", PATIENCE);
        }
        Healthy::StoppingNotebook => {
            pipeline.wait_event("running", PATIENCE);
            pipeline.wait_event("started", PATIENCE);
            pipeline.tell("stop()");
            pipeline.wait_event("shutdown-begins", PATIENCE);
            pipeline.wait_gone(pipeline.unit_pid("SUB"), PATIENCE);
        }
        _ => {
            pipeline.wait_event("running", PATIENCE);
        }
    }
}
