//! However often one looks: who does not answer is hardly ever asked again, and no server wedges of it.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use graphctl::admin::{Ask, Channel, Row};
use graphctl::wire;
use serde_json::Value;

use crate::lab::{Client, Odd, Options, PATIENCE, Pipeline, Process, Server};
use crate::run::graphctl;
use crate::stage::{assert_full_rate, server};

/// How long who is alive and did not answer is spared, first and then.
const PAUSES: [Duration; 2] = [Duration::from_secs(4), Duration::from_secs(8)];

/// What a look may take on a busy machine.
const SLACK: Duration = Duration::from_secs(2);

/// One graphctl that looks again and again.
struct Watch {
    runtime: tokio::runtime::Runtime,
    channel: Channel,
}

impl Watch {
    fn on(server: &Server) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.expect("a runtime of one thread can be built");
        let address = server.address().parse().expect("an address");
        let session = wire::Session::open(&address, Duration::from_secs(10));
        let channel = Channel::new(runtime.block_on(session).expect("a session"));
        Self { runtime, channel }
    }

    /// How each process took a ping, by the first of its units.
    fn look(&mut self, patience: Duration) -> HashMap<String, String> {
        let mut rows = Vec::new();
        let listing = self.channel.list(Ask::Ping(patience), |row| rows.push(row));
        self.runtime.block_on(listing).expect("a listing");
        let mut units = HashMap::new();
        let mut answers = HashMap::new();
        for row in rows {
            match row {
                Row::Process { connection, units: mut its, .. } => {
                    units.insert(connection.id, its.swap_remove(0));
                }
                Row::Ping { process, answer, .. } => {
                    answers.insert(units[&process].clone(), answer);
                }
                _ => {}
            }
        }
        answers
    }
}

/// When the process of this unit was asked, by its own clock.
fn asked(client: &Process, unit: &str) -> Vec<f64> {
    let events = client.events().into_iter();
    let asked = events.filter(|event| event["event"] == "asked" && event["unit"] == unit);
    asked.map(|event| event["at"].as_f64().expect("a time")).collect()
}

#[track_caller]
fn assert_paused(times: &[f64], pauses: &[Duration]) {
    let pairs = times.windows(2).map(|pair| pair[1] - pair[0]).zip(pauses);
    for (waited, pause) in pairs {
        let pause = pause.as_secs_f64();
        assert!((pause - 0.1..pause + SLACK.as_secs_f64()).contains(&waited), "at {times:?}");
    }
}

#[test]
fn a_stopped_process_is_asked_once_however_often_one_looks() {
    let mut server = server();
    let pipeline = Pipeline::running(&server, &Options::two_processes());
    pipeline.signal_pid("STOP", pipeline.unit_pid("PUB"));
    let mut watch = Watch::on(&server);
    let begun = Instant::now();
    // What it said just before it was stopped may be as young as the ping, by the kernel's ticks.
    while watch.look(Duration::from_millis(50))["SYSTEM/PUB"] == "heard" {
        assert!(begun.elapsed() < PATIENCE, "it is still heard");
    }
    let mut looks = 0;
    while looks < 100 || begun.elapsed() < PAUSES[0] + SLACK {
        let answers = watch.look(Duration::from_millis(50));
        assert_eq!(answers["SYSTEM/PUB"], "timeout");
        server.wait_state("one open request", |state| state["pings"] == 1);
        looks += 1;
    }
    let run = graphctl(server.address(), &["sessions", "list"]);
    assert!(run.stdout.contains("suspect unresponsive"), "{run:#?}");
    server.wait_state("one open request", |state| state["pings"] == 1);

    pipeline.signal_pid("CONT", pipeline.unit_pid("PUB"));
    server.wait_state("its answer", |state| state["pings"] == 0);
    let run = graphctl(server.address(), &["sessions", "list"]);
    assert!(run.stdout.contains("live"), "{run:#?}");
    assert_full_rate(&pipeline);
    assert_eq!(server.log(), "");
}

/// Both go on talking to the server, and so are alive.
#[test]
fn who_reads_and_does_not_answer_is_asked_again_after_ever_longer_pauses() {
    let mut server = server();
    let odd = Client::odd(&server, Odd::Deaf);
    let mut watch = Watch::on(&server);
    let begun = Instant::now();
    let mut ears = Vec::new();
    while begun.elapsed() < PAUSES[0] + PAUSES[1] + SLACK + SLACK {
        let answers = watch.look(Duration::from_millis(300));
        assert_ne!(answers["DEAF/U"], "ok");
        ears.push(answers["EARS/U"] == "ok");
    }
    let deaf = asked(&odd, "DEAF/U");
    assert_eq!(deaf.len(), 3, "it was asked at {deaf:?}");
    assert_paused(&deaf, &PAUSES);
    assert_paused(&asked(&odd, "EARS/U")[..2], &PAUSES);
    assert_eq!((ears.first(), ears.last()), (Some(&false), Some(&true)), "{ears:?}");
    // Those that were left unanswered: one, and three.
    server.wait_state("four open requests", |state: &Value| state["pings"] == 4);

    let run = graphctl(server.address(), &["sessions", "list"]);
    // Neither has publishers or subscribers.
    let stands = |state: &str, keys: &str| {
        run.stdout.lines().any(|line| line.contains(state) && line.ends_with(keys))
    };
    assert!(
        stands(" unknown ", " EARS, EARS/U") && stands(" unknown ", " DEAF, DEAF/U"),
        "{run:#?}"
    );
    assert_eq!(asked(&odd, "DEAF/U").len(), 3);
    assert_eq!(server.log(), "");
}
