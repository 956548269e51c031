//! Many silent sessions in one program, of pipelines as large as real ones.

use std::time::Duration;

use super::process::Process;
use super::server::Server;

/// How long thousands of sessions take to register: the server compares each with all before it.
const LONG_PATIENCE: Duration = Duration::from_secs(300);

/// The sessions of one program, each of a collection and its units; dropping it ends them.
pub struct Crowd {
    process: Process,
    ids: Vec<String>,
}

impl Crowd {
    /// Sessions without processes, whose units are connected one after the other.
    pub fn start(server: &mut Server, sessions: usize, components: usize) -> Self {
        let crowd = Self::start_with(server, sessions, components, &[]);
        server.chain();
        crowd
    }

    /// Sessions of 10 components, each with a process that owns its units and never answers.
    pub fn unanswering(server: &Server, sessions: usize) -> Self {
        Self::start_with(server, sessions, 10, &["--processes"])
    }

    fn start_with(server: &Server, sessions: usize, components: usize, how: &[&str]) -> Self {
        let arguments = [
            format!("--address={}", server.address()),
            format!("--sessions={sessions}"),
            format!("--components={components}"),
        ];
        let how = how.iter().map(|it| (*it).to_owned());
        let arguments: Vec<_> = arguments.into_iter().chain(how).collect();
        let process = Process::start(server.side(), server.python(), "crowd.py", &arguments);
        let ready = process.wait_event("ready", LONG_PATIENCE);
        let ids = serde_json::from_value(ready["ids"].clone()).expect("ids are text");
        Self { process, ids }
    }

    /// The ids of all sessions, in the order in which they were opened.
    pub fn ids(&self) -> &[String] {
        &self.ids
    }

    /// Closes the connections of the first sessions, at once.
    pub fn close(&mut self, sessions: usize) {
        self.process.tell(&format!("close {sessions}"));
    }

    /// Has the first process report so many settings of 1000 floats, change as often what it owns, and leave.
    pub fn report(&mut self, events: usize) {
        self.process.tell(&format!("events {events}"));
        self.process.wait_event("reported", LONG_PATIENCE);
    }

    /// Has so many more sessions with a process each come and leave.
    pub fn visitors(&mut self, sessions: usize) {
        self.process.tell(&format!("visitors {sessions}"));
        self.process.wait_event("visited", LONG_PATIENCE);
    }
}
