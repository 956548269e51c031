//! Two programs whose sessions are interwoven: the victim, which is to end, and the others, which are to stay.

use serde_json::Value;

use super::PATIENCE;
use super::process::Process;
use super::server::Server;

/// Both programs, on one server; dropping it ends them.
pub struct Fleet {
    victim: Process,
    others: Process,
    keeper: u32,
    ids: Vec<(String, String)>,
}

impl Fleet {
    /// Starts them; when this returns everything is registered, connected and flows, and the session ASKER
    /// waits for an answer of the victim's process.
    pub fn start(server: &Server) -> Self {
        let start = |program: &str| {
            let arguments = [format!("--address={}", server.address()), program.to_owned()];
            let process = Process::start(server.side(), server.python(), "fleet.py", &arguments);
            let ready = process.wait_event("ready", PATIENCE);
            (process, ready)
        };
        let (victim, first) = start("victim");
        let (others, second) = start("others");
        victim.wait_event("held", PATIENCE);
        let keeper = u32::try_from(first["keeper"].as_u64().expect("a pid")).expect("a small one");
        let named = |ready: &Value| {
            let ids = ready["ids"].as_object().expect("ids by name").clone();
            ids.into_iter().map(|(name, id)| (id.as_str().expect("an id").to_owned(), name))
        };
        let ids = named(&first).chain(named(&second)).collect();
        Self { victim, others, keeper, ids }
    }

    /// The id of a session, or of a process, by its name.
    pub fn id(&self, name: &str) -> &str {
        let found = self.ids.iter().find(|(_, it)| it == name);
        &found.expect("a name of the fleet").0
    }

    /// This text with names in place of ids.
    pub fn named(&self, text: &str) -> String {
        self.ids.iter().fold(text.to_owned(), |text, (id, name)| text.replace(id, name))
    }

    /// Stops the victim.
    pub fn stop_victim(&self) {
        self.victim.signal("STOP");
    }

    /// Kills the victim, with all its connections; that of its session is the last to close.
    pub fn kill_victim(&self, server: &mut Server) {
        self.victim.signal("KILL");
        server.wait_state("one process", |state| state["clients"]["ProcessInfo"] == 1);
        self.victim.signal_pid("KILL", self.keeper);
        self.victim.wait_gone(self.keeper, PATIENCE);
    }

    /// Kills what is left of a victim, in whatever order its connections close.
    pub fn kill_unnoticed_victim(&self) {
        for pid in self.victim.family() {
            self.victim.signal_pid("KILL", pid);
            self.victim.wait_gone(pid, PATIENCE);
        }
    }

    /// Has the victim's session wait for an answer of the other process.
    pub fn ask(&mut self) {
        self.victim.tell("ask");
        self.others.wait_event("held", PATIENCE);
    }

    /// Has the other process give that answer.
    pub fn answer(&mut self) {
        self.others.tell("answer");
    }

    /// What the other sessions came to know by now.
    pub fn told(&mut self) -> Value {
        let is_told = |event: &&Value| event["event"] == "told";
        let before = self.others.events().iter().filter(is_told).count();
        self.others.tell("tell");
        let mut seen = 0;
        let mut told = self.others.wait_for("what it knows", PATIENCE, |event| {
            seen += usize::from(event["event"] == "told");
            seen > before
        });
        told.as_object_mut().expect("an event is an object").remove("at");
        told
    }
}
