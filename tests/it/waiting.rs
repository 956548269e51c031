//! `wait` and `check --wait`: for keys that become free or live, and for servers that come and go.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, ChildStderr};

use serde_json::Value;

use crate::fake::Step::{Block, Expect, Gone, Send};
use crate::fake::{self, Fake, block, session_reply};
use crate::lab::{
    self, Client, Options, PATIENCE, Phantom, Pipeline, Server, Wedge, free_address, phantom,
};
use crate::run::{Run, command, expect, finish, graphctl, graphctl_with_input};
use crate::stage::{server, starting, wait_until_judged};
use crate::wiretap::Wiretap;

/// A server that is never there.
const NOWHERE: &str = "127.0.0.1:1";

const ABSENT: &str = "no GraphServer at ADDRESS: Connection refused (os error 111)";
const START: &str = "hint: start one with `python -m ezmsg.core serve --address ADDRESS`, or name another with \
                     --address or EZMSG_GRAPHSERVER_ADDR\n";
const WITHOUT_HELP: &str = "\nFor more information, try '--help'.\n";

/// A graphctl that waits.
struct Waiter {
    child: Child,
    stderr: BufReader<ChildStderr>,
    told: String,
}

impl Waiter {
    fn start(address: &str, arguments: &[&str]) -> Self {
        let mut child = command(address, &[&["sessions"], arguments].concat())
            .spawn()
            .expect("graphctl starts");
        let stderr = BufReader::new(child.stderr.take().expect("stderr is piped"));
        Self { child, stderr, told: String::new() }
    }

    /// Waits until it says one line more.
    fn line(&mut self) {
        self.stderr.read_line(&mut self.told).expect("graphctl writes UTF-8");
    }

    #[track_caller]
    fn still_waits(&mut self) {
        let end = self.child.try_wait().expect("our own child can be waited for");
        assert_eq!(end, None, "it does not wait");
    }

    fn finish(mut self) -> Run {
        self.stderr.read_to_string(&mut self.told).expect("graphctl writes UTF-8");
        Run { stderr: self.told, ..finish(self.child) }
    }
}

/// Waits until so many sessions are open.
fn wait_connected(server: &mut Server, sessions: u64) {
    server.wait_state("the sessions", |it| it["clients"]["SessionInfo"] == sessions);
}

fn wait(address: &str, arguments: &[&str]) -> Run {
    graphctl(address, &[&["sessions", "wait"], arguments].concat())
}

#[test]
fn keys_are_free_when_their_pipeline_has_left() {
    let mut server = server();
    let mut pipeline = Pipeline::running(&server, &Options::two_processes());
    let at = server.address().to_owned();
    let ways: [&[&str]; 4] = [
        &["wait", "--for", "free", "--root", "SYSTEM"],
        &["wait", "--for", "free", "SYSTEM/PUB", "--no-admin"],
        &["wait", "--for=free", "SYSTEM", "--wait-timeout", "1h", "-q"],
        &["check", "--wait", "60s", "OTHER", "SYSTEM/SUB"],
    ];
    let mut waiters = ways.map(|way| Waiter::start(&at, way));
    wait_connected(&mut server, 1 + 4);
    waiters.iter_mut().for_each(Waiter::still_waits);
    pipeline.interrupt();
    pipeline.wait_exit(PATIENCE);
    for (way, waiter) in ways.iter().zip(waiters) {
        let told = if way.contains(&"-q") { "" } else { "free\n" };
        expect(&waiter.finish(), 0, "", told);
    }
    expect(&wait(&at, &["--for", "free", "SYSTEM", "--wait-timeout", "1ms"]), 0, "", "free\n");
    assert_eq!(server.log(), "");
}

#[test]
fn keys_are_live_when_every_unit_has_its_process_and_that_answers() {
    let mut server = server();
    let pipeline = starting(&server, Options::two_processes());
    server.wait_owned("SYSTEM/SUB");
    let at = server.address().to_owned();
    let brief = |key: &str| wait(&at, &["--for", "live", key, "--wait-timeout", "1ms"]);
    let unowned = "SYSTEM/PUB is registered, and nobody owns it\n";
    expect(&brief("SYSTEM"), 1, unowned, "1 key is not live\n");
    expect(&brief("SYSTEM/SUB"), 0, "", "live\n");

    let ways: [&[&str]; 3] = [
        &["wait", "--for", "live", "SYSTEM"],
        &["wait", "--for", "live", "SYSTEM/PUB", "SYSTEM/SUB", "--no-admin"],
        &["wait", "--for", "live", "--root", "SYSTEM"],
    ];
    let mut waiters = ways.map(|way| Waiter::start(&at, way));
    wait_connected(&mut server, 1 + 3);
    waiters.iter_mut().for_each(Waiter::still_waits);
    pipeline.finish_initialize();
    for waiter in waiters {
        expect(&waiter.finish(), 0, "", "live\n");
    }

    pipeline.signal_pid("STOP", pipeline.unit_pid("PUB"));
    let silent = "SYSTEM/PUB is registered, and pid N on HOST which owns it, does not answer\n";
    expect(&brief("SYSTEM"), 1, silent, "1 key is not live\n");
    let blind = ["--no-admin", "--for=live", "SYSTEM/PUB", "--wait-timeout=1ms"];
    expect(&wait(&at, &blind), 1, silent, "1 key is not live\n");
    expect(&brief("SYSTEM/SUB"), 0, "", "live\n");
}

#[test]
fn who_gives_up_says_who_is_in_the_way() {
    let mut server = server();
    let _held = Client::silent_session(&server, &["SYSTEM", "SYSTEM/PUB"]);
    let at = &server.address().to_owned();
    let told = "component SYSTEM/PUB is held by SHORTID (starting)\n";
    let next = "1 collision: graphctl sessions list --colliding-with 'SYSTEM/PUB'\n";
    let free = ["--for", "free", "SYSTEM/PUB", "OTHER", "--wait-timeout", "1ms"];
    expect(&wait(at, &free), 1, told, next);
    let check = ["sessions", "check", "SYSTEM/PUB", "OTHER"];
    expect(&graphctl(at, &[&check[..], &["--wait", "700ms"]].concat()), 1, told, next);
    expect(&wait(at, &[&free[..], &["--no-admin"]].concat()), 1, told, next);
    let checked = graphctl(at, &[&check[..], &["-o", "json"]].concat()).json();
    let run = wait(at, &[&free[..], &["-o", "json"]].concat()).json();
    assert_eq!(run["collisions"], checked["collisions"]);
    let asked = [&run["for"], &run["keys"], &run["roots"], &run["reached"], &run["missing"]];
    let keys = Value::from(vec!["SYSTEM/PUB", "OTHER"]);
    assert_eq!(asked, [&"free".into(), &keys, &Value::Array(vec![]), &false.into(), &Value::Null]);

    let live = ["--for", "live", "--wait-timeout", "1ms", "--from", "-", "--root", "LAB"];
    let live = [&["sessions", "wait"], &live[..]].concat();
    let keys = "OTHER\nSYSTEM/PUB\n";
    let told = "nothing at or below LAB is registered\n\
                OTHER is not registered\n\
                SYSTEM/PUB is registered, and nobody owns it\n";
    let run = graphctl_with_input(at, &live, keys);
    expect(&run, 1, told, "3 keys are not live\n");
    let run = graphctl_with_input(at, &[&live[..], &["-o", "json"]].concat(), keys).json();
    let asked = [&run["for"], &run["keys"], &run["roots"], &run["reached"], &run["collisions"]];
    let (keys, roots) = (Value::from(vec!["OTHER", "SYSTEM/PUB"]), Value::from(vec!["LAB"]));
    assert_eq!(asked, [&"live".into(), &keys, &roots, &false.into(), &Value::Null]);
    let unregistered =
        |key| serde_json::json!({"key": key, "reason": "unregistered", "holder": null});
    let unowned = serde_json::json!({"key": "SYSTEM/PUB", "reason": "unowned", "holder": null});
    let missing = [unregistered("LAB"), unregistered("OTHER"), unowned];
    assert_eq!(run["missing"], Value::from(missing.to_vec()));

    server.ghost_of(&["DEAD"]);
    let dead = ["--for", "live", "DEAD", "--wait-timeout=1ms"];
    let told = "DEAD is held by SHORTID (stale ghost)\n";
    expect(&wait(at, &dead), 1, told, "1 key is not live\n");
}

/// Rates take half a second, and nothing that is printed depends on them.
#[test]
fn no_message_rates_are_measured_for_keys() {
    let server = server();
    let _phantom = phantom(&server, Phantom::MainKilledFlowing, "SYSTEM");
    wait_until_judged(&server, "stale headless");
    let tap = Wiretap::before(server.address());
    let told = "component SYSTEM is held by SHORTID (stale headless)\n";
    let next = "1 collision: graphctl sessions list --colliding-with 'SYSTEM'\n";
    let check = graphctl(tap.address(), &["sessions", "check", "SYSTEM"]);
    expect(&check, 1, told, next);
    let free = ["--for", "free", "SYSTEM", "--wait-timeout", "1ms"];
    expect(&wait(tap.address(), &free), 1, told, next);
    let live = ["--for", "live", "SYSTEM", "--wait-timeout", "1ms"];
    assert_eq!(wait(tap.address(), &live).code, 1);
    let heard = tap.heard();
    assert_eq!(heard.matches("\"apart_seconds\":null").count(), 3, "messages are counted once");
    assert_eq!(heard.matches("\"apart_seconds\":").count(), 3, "and no rates are measured");
}

#[test]
fn a_held_lock_is_no_hindrance_and_nothing_is_left_waiting_for_it() {
    let mut server = server();
    let _held = Client::silent_session(&server, &["SYSTEM"]);
    let mut wedge = Wedge::of(&mut server);
    let wedged = server.state();
    let told = "component SYSTEM is held by SHORTID (starting)\n";
    let next = "1 collision: graphctl sessions list --colliding-with 'SYSTEM'\n";
    let free = ["--for", "free", "SYSTEM", "--wait-timeout", "1200ms"];
    expect(&wait(server.address(), &free), 1, told, next);
    expect(&wait(server.address(), &["--for=free", "OTHER"]), 0, "", "free\n");
    server.wait_state("the end of graphctl", |it| {
        it["waiters"] == wedged["waiters"] && it["clients"] == wedged["clients"]
    });
    wedge.end(&mut server);
}

#[test]
fn a_server_that_is_started_later_is_waited_for() {
    let at = free_address();
    let mut free = Waiter::start(&at, &["wait", "--for", "free", "SYSTEM"]);
    let mut live = Waiter::start(&at, &["wait", "--for", "live", "SYSTEM", "--no-admin"]);
    free.line();
    live.line();
    let server = Server::start_at(&lab::ezmsg("3.9.0"), &at);
    let waiting = format!("{ABSENT}; waiting for it\n");
    expect(&free.finish(), 0, "", &format!("{waiting}free\n"));
    let _pipeline = Pipeline::running(&server, &Options::default());
    expect(&live.finish(), 0, "", &format!("{waiting}live\n"));
}

#[test]
fn a_server_that_goes_away_is_waited_for_until_it_is_back() {
    let mut first = server();
    let at = first.address().to_owned();
    let held = Client::silent_session(&first, &["SYSTEM"]);
    let mut waiter = Waiter::start(&at, &["wait", "--for", "free", "SYSTEM"]);
    wait_connected(&mut first, 2);
    waiter.still_waits();
    drop(first);
    waiter.line();
    let _second = Server::start_at(&lab::ezmsg("3.9.0"), &at);
    let lost = "the server at ADDRESS closed the connection while listing its sessions";
    expect(&waiter.finish(), 0, "", &format!("{lost}; waiting for it\nfree\n"));
    drop(held);
}

#[test]
fn a_server_that_never_comes_is_the_end_of_it() {
    for way in [&["wait", "--for", "free"][..], &["wait", "--for", "live"]] {
        let run = |timeout| [way, &["A", "--wait-timeout", timeout]].concat();
        let error = format!("error: {ABSENT}\n{START}");
        expect(&Waiter::start(NOWHERE, &run("1ns")).finish(), 69, "", &error);
        let told = format!("{ABSENT}; waiting for it\n{error}");
        expect(&Waiter::start(NOWHERE, &run("600ms")).finish(), 69, "", &told);
    }
    let silent = Fake::start(vec![Gone]);
    let run = silent.run(&["sessions", "check", "A", "--wait", "1s"]).redacted();
    let told = "error: ADDRESS accepts connections but does not greet (waited AGE)\n";
    assert!(run.code == 69 && run.stderr.starts_with(told), "{run:#?}");
}

/// However long one exchange with the server may take.
#[test]
fn a_server_that_falls_silent_holds_nobody_up() {
    let greeting = [block(b"3.9.0")].map(Send);
    let opening = [Expect(b"\x15"), Send(session_reply()), Expect(b"\x19"), Block, Gone];
    let script = greeting.into_iter().chain(opening).collect();
    let way = ["sessions", "check", "A", "--wait", "1ms", "--timeout", "1h"];
    let told = "error: the server at ADDRESS did not answer within AGE while listing its sessions\n\
                hint: it may be busy or wedged; try again, or wait longer with --timeout\n";
    expect(&Fake::start(script).run(&way), 75, "", told);
}

#[test]
fn what_waiting_cannot_mend_ends_it_at_once() {
    let told = "error: what listens at ADDRESS does not greet like a GraphServer\n\
                hint: check --address or EZMSG_GRAPHSERVER_ADDR: another program may be listening on that port\n";
    for way in [&["wait", "--for", "live", "--wait-timeout", "1h"][..], &["check", "--wait", "1h"]]
    {
        let other = Fake::start(vec![Send(block(b"hello, world")), Gone]);
        expect(&other.run(&[&["sessions"], way, &["A"]].concat()), 76, "", told);
    }
}

#[test]
fn a_wait_can_be_interrupted() {
    for (signal, code, last) in [("INT", 130, "interrupted"), ("TERM", 143, "terminated")] {
        let mut waiter = Waiter::start(NOWHERE, &["wait", "--for", "live", "A"]);
        waiter.line();
        fake::signal(signal, &waiter.child);
        let told = format!("{ABSENT}; waiting for it\nerror: {last}\n");
        expect(&waiter.finish(), code, "", &told);
    }
}

#[test]
fn a_wait_needs_keys_and_a_state() {
    let ways: [(&str, &[&str]); 2] =
        [("check", &["check", "--wait", "1s"]), ("wait for", &["wait", "--for", "free"])];
    for (purpose, way) in ways {
        let run = |keys: &[&str]| graphctl(NOWHERE, &[&["sessions"], way, keys].concat());
        let none = format!(
            "error: no component keys to {purpose}\n\
             hint: name keys, or give them with --from, one a line\n"
        );
        expect(&run(&[]), 2, "", &none);
        for (keys, name) in [(&[""][..], "KEY"), (&["A", "--root", ""], "--root")] {
            let empty = format!(
                "error: the value of {name} is empty\n\
                 hint: give it a value; perhaps a variable of your script is not set\n"
            );
            expect(&run(keys), 2, "", &empty);
        }
        let slash = "error: 'A/' is no component key\n\
                     hint: a key does not end in '/'; --root KEY means KEY and all below it\n";
        expect(&run(&["A/"]), 2, "", slash);
        let parts =
            "hint: write the names of the components with one '/' between them, as in SYSTEM/PUB\n";
        let blanks = "hint: remove the blanks before and behind it\n";
        for (key, hint) in [("/A", parts), ("A//B", parts), (" A", blanks), ("A ", blanks)] {
            let refused = format!("error: '{key}' is no component key\n{hint}");
            expect(&run(&[key]), 2, "", &refused);
            expect(&run(&["--root", key]), 2, "", &refused);
        }
        expect(&run(&["--root", "A/"]), 2, "", slash);
        let absent = "error: cannot read /nonexistent: No such file or directory (os error 2)\n";
        expect(&run(&["--from", "/nonexistent"]), 2, "", absent);
    }
    let state = "error: invalid value 'dead' for '--for <STATE>'\n  \
                 [possible values: free, live]\n";
    expect(&wait(NOWHERE, &["--for", "dead", "A"]), 2, "", &format!("{state}{WITHOUT_HELP}"));
    let missing = "error: the following required arguments were not provided:\n  --for <STATE>\n\n\
                   Usage: graphctl sessions wait --for <STATE> <KEY>...\n";
    expect(&wait(NOWHERE, &["A"]), 2, "", &format!("{missing}{WITHOUT_HELP}"));
}

#[test]
fn a_wait_has_a_unit_and_is_longer_than_nothing() {
    let example = "write a number and a unit, for example 90s, 5m or 2h";
    let ways: [(&str, &[&str]); 2] =
        [("--wait", &["check"]), ("--wait-timeout", &["wait", "--for", "free"])];
    for (option, way) in ways {
        for (text, why) in [
            ("5", "a duration needs a unit"),
            ("0", "a duration needs a unit"),
            ("0s", "a duration must be longer than zero"),
            ("-5m", "a duration cannot be negative"),
        ] {
            let run = graphctl(NOWHERE, &[&["sessions"], way, &["A", option, text]].concat());
            let told = format!(
                "error: invalid value '{text}' for '{option} <DURATION>': {why}: {example}\n{WITHOUT_HELP}"
            );
            assert_eq!(run, Run { code: 2, stdout: String::new(), stderr: told });
        }
    }
}
