//! A request is data: whatever is in it, CPython reads one call of `exec`, of the constant program.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::Duration;

use graphctl::admin::{Ask, DropTarget, PARTS, PROGRAM, Request, Taken};
use graphctl::model::{LockHolder, WaitsFor};
use graphctl::wire::codec::SESSION_REGISTER;
use graphctl::wire::pickle::exec_then_metadata;
use serde_json::{Value, json};
use uuid::Uuid;

pub(crate) fn holds(bytes: &[u8]) {
    let mut any = Any(bytes);
    let session = any.uuid();
    let (within, apart) = (any.duration(), any.duration());
    let processes = any.uuids();
    let target = any.target();
    let holder = any.holder();
    let (ping_seconds, apart_seconds) = (within.as_secs_f64(), apart.as_secs_f64());
    let asked_to_list = json!({ "ping_seconds": ping_seconds, "traffic": true });
    let asked_to_measure = json!({ "processes": processes, "ping_seconds": ping_seconds, "apart_seconds": apart_seconds });
    let asked_of_targets = json!({ "targets": [{
        "id": target.id,
        "processes": target.taken.processes,
        "publishers": target.taken.publishers,
        "subscribers": target.taken.subscribers,
        "channels": target.taken.channels,
        "keys": target.keys,
        "owners": target.owners,
        "known": target.known,
        "silent": target.silent,
        "may_cut": target.may_cut,
    }] });
    let asked_to_free = json!({
        "target": { "waits_for": "publisher", "client": holder.client, "peer": holder.peer }
    });
    let targets = std::slice::from_ref(&target);
    for (request, operation, mut asked) in [
        (Request::List(Ask::Traffic(within)), "list", asked_to_list),
        (
            Request::Measure { processes: &processes, within, apart: Some(apart) },
            "measure",
            asked_to_measure,
        ),
        (Request::Check(targets), "check", asked_of_targets.clone()),
        (Request::Drop(targets), "drop", asked_of_targets),
        (Request::Free(&holder), "free", asked_to_free),
    ] {
        asked["operation"] = operation.into();
        asked["session"] = json!(session);
        is_data(&request.message(session), &asked);
    }
    let (program, text) = (any.text(), any.text());
    let pickle = exec_then_metadata(&program, &[("request", &text)]);
    assert_eq!(read_by_python(&pickle), calls(&json!(program), &json!({ "request": text })));
}

/// The server runs the constant program with the constant parts, and reads `asked`.
fn is_data(message: &[u8], asked: &Value) {
    let (head, pickle) = message.split_at(9);
    let length = pickle.len() as u64;
    assert_eq!(head, [&[SESSION_REGISTER][..], &length.to_le_bytes()].concat());
    let mut read = read_by_python(pickle);
    let request = read[0][2]["request"].take();
    let mut variables = json!({ "request": null });
    for (place, (name, _)) in PARTS.iter().enumerate() {
        variables[*name] = json!({ "known": place + 1 });
    }
    assert_eq!(read, calls(&json!({ "known": 0 }), &variables));
    assert_eq!(request, asked.to_string());
}

fn calls(program: &Value, variables: &Value) -> Value {
    json!([
        ["builtins.exec", program, variables],
        ["ezmsg.core.graphmeta.GraphMetadata", 1, "graphctl", {}],
    ])
}

/// The calls that loading this makes, as `unpickle.py` tells them.
fn read_by_python(pickle: &[u8]) -> Value {
    PYTHON.lock().unwrap_or_else(PoisonError::into_inner).read(pickle)
}

static PYTHON: LazyLock<Mutex<Python>> = LazyLock::new(|| Mutex::new(Python::start()));

struct Python {
    _process: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Python {
    fn start() -> Self {
        let python = std::env::var("GRAPHCTL_TEST_PYTHON").unwrap_or_else(|_| "python3".into());
        let mut command = Command::new(python);
        command.args(["-c", include_str!("unpickle.py")]);
        let process = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        let mut process = process.expect("python3 starts");
        let mut input = process.stdin.take().expect("it is a pipe");
        let output = BufReader::new(process.stdout.take().expect("it is a pipe"));
        let known: Vec<_> = [PROGRAM].into_iter().chain(PARTS.map(|(_, part)| part)).collect();
        writeln!(input, "{}", json!(known)).expect("python3 reads");
        Self { _process: process, input, output }
    }

    fn read(&mut self, pickle: &[u8]) -> Value {
        let message = [&(pickle.len() as u64).to_le_bytes(), pickle].concat();
        self.input.write_all(&message).and_then(|()| self.input.flush()).expect("python3 reads");
        let mut line = String::new();
        self.output.read_line(&mut line).expect("python3 answers");
        serde_json::from_str(&line).expect("python3 loads it")
    }
}

/// Values made of bytes; zeros once these are used up.
struct Any<'a>(&'a [u8]);

impl Any<'_> {
    fn bytes<const LENGTH: usize>(&mut self) -> [u8; LENGTH] {
        let (taken, rest) = self.0.split_at(LENGTH.min(self.0.len()));
        self.0 = rest;
        let mut bytes = [0; LENGTH];
        bytes[..taken.len()].copy_from_slice(taken);
        bytes
    }

    fn byte(&mut self) -> u8 {
        self.bytes::<1>()[0]
    }

    fn uuid(&mut self) -> Uuid {
        Uuid::from_bytes(self.bytes())
    }

    fn uuids(&mut self) -> Vec<Uuid> {
        (0..self.byte() % 4).map(|_| self.uuid()).collect()
    }

    fn duration(&mut self) -> Duration {
        Duration::from_millis(u32::from_le_bytes(self.bytes()).into())
    }

    /// What is no UTF-8 is replaced, as it is before it could come to a request.
    fn text(&mut self) -> String {
        let length = usize::from(u16::from_le_bytes(self.bytes())).min(self.0.len());
        let (text, rest) = self.0.split_at(length);
        self.0 = rest;
        String::from_utf8_lossy(text).into_owned()
    }

    fn target(&mut self) -> DropTarget {
        let taken = Taken {
            session: Some(self.uuid()),
            processes: self.uuids(),
            publishers: self.uuids(),
            subscribers: self.uuids(),
            channels: self.uuids(),
        };
        let id = self.uuid();
        let keys = graphctl::admin::digest(id, vec![&self.text(), &self.text()]);
        let (owners, known) = (self.uuids(), self.uuids());
        let silent = self.uuids().into_iter().map(|it| (it, it.as_u64_pair().0)).collect();
        let may_cut = self.byte() % 2 == 1;
        DropTarget { id, taken, keys, owners, known, silent, may_cut }
    }

    fn holder(&mut self) -> LockHolder {
        LockHolder {
            request: self.text(),
            by: Some(self.uuid()),
            by_peer: None,
            asked_ms: None,
            waits_for: WaitsFor::Publisher,
            client: Some(self.uuid()),
            peer: Some((self.text(), self.byte().into())),
            gone: false,
            topic: Some(self.text()),
        }
    }
}
