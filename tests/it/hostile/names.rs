//! Names from a server, and of processes, that would steer a terminal, hide, or never end: in every place where a
//! server says a name, and in everything that graphctl writes.

use std::collections::BTreeSet;
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use super::pickled;
use crate::dialogue::{REGISTER, SESSION, SNAPSHOT, SOON};
use crate::fake::Step::{self, Block, Expect, Hold, Send};
use crate::fake::{Fake, block, each, frame, session_reply, signal, watched};
use crate::lab;
use crate::run::{self, Run};

/// Sequences with an effect, by their 7 bit names and by their 8 bit ones; what turns the writing direction, has no
/// width or is not seen; a tower of marks; line breaks of every kind.
const EVIL: &str = "<\u{1b}[2J\u{1b}[31m\u{1b}]0;t\u{7}\u{1b}]8;;http://x\u{1b}\\\u{1b}]52;c;aGk=\u{7}\u{1b}P$q\u{1b}\\\
    \u{9b}31m\u{9d}0;t\u{9c}\u{90}q\u{9c}\u{202e}\u{202d}\u{202a}\u{2066}\u{2067}\u{2069}\u{200e}\u{200f}\u{61c}\
    \u{200b}\u{200d}\u{feff}\u{ad}\u{2060}\u{e0041}\u{3164}a\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\
    \r\n\t\u{b}\u{c}\u{8}\u{7f}\0\u{85}\u{2028}\u{2029}>";

/// As much of it as a greeting takes.
const VERSION: &str = "3.9.0\u{1b}[31m\u{9b}\u{9d}\u{202e}\u{200b}\r\n\u{7f}\0";

const STALE: &str = "00000001-4e5f-11f0-8000-0123456789ab";
pub(crate) const OTHER: &str = "00000002-4e5f-11f0-8000-0123456789ab";
const PROCESS: &str = "00000003-4e5f-11f0-8000-0123456789ab";
const PUBLISHER: &str = "00000004-4e5f-11f0-8000-0123456789ab";

/// An evil name that tells where it stands.
fn evil(place: &str) -> String {
    format!("{place}{EVIL}")
}

/// Everything that a server may be full of.
fn answer() -> Vec<u8> {
    let here = |id: &str| json!([id, null, null, null, false, true]);
    let left = json!([STALE, null, null, null, true, false]);
    let (key, topics) = (evil("ROOT/KEY"), json!([[0, [evil("INPUT")], [evil("OUTPUT")]]]));
    let python = evil("PYTHON");
    let rows = json!([
        {"hello": [1.9e9]},
        {"server": [1, python, evil("SERVER"), null, "1/1/1", true, 1, true]},
        {"lock_holder": [evil("REQUEST"), OTHER, [evil("BY"), 1], 20000, "publisher", PUBLISHER,
            [evil("PEER"), 2], false, evil("TOPIC")]},
        {"session": [left, evil("STALE"), 1]},
        {"components": [[key], [], topics]},
        {"session": [here(OTHER), evil("OTHER"), 1]},
        {"components": [[key, evil("ALONE")], [], topics]},
        {"process": [here(PROCESS), 1, evil("HOST"), [key]]},
        {"publisher": [here(PUBLISHER), evil("OUTPUT"), 1]},
        {"history": [true]},
        {"ping": [PROCESS, evil("ANSWER"), null, null]},
    ]);
    let end = frame(r#"[{"end":[null]}]"#);
    [frame(&rows.to_string()), vec![0], end].concat()
}

fn greeted(version: &str, steps: impl IntoIterator<Item = Step>) -> Vec<Step> {
    let opening = [Send(block(version.as_bytes())), Expect(SESSION), Send(session_reply())];
    opening.into_iter().chain(steps).collect()
}

/// A server that answers so many requests.
pub(crate) fn server(looks: usize) -> Vec<Step> {
    greeted(VERSION, vec![[Expect(REGISTER), Block, Send(answer())]; looks].concat())
}

/// What reaches a terminal raw and must not.
fn steers(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{e0000}'..='\u{e0fff}')
}

#[track_caller]
pub(crate) fn assert_harmless(text: &str) {
    let raw: String = text.chars().filter(|character| steers(*character)).collect();
    assert!(raw.is_empty(), "{raw:?} in {text:?}");
}

/// All texts in a document.
fn texts(document: &Value) -> BTreeSet<&str> {
    match document {
        Value::String(text) => BTreeSet::from([text.as_str()]),
        Value::Array(values) => values.iter().flat_map(texts).collect(),
        Value::Object(values) => values.values().flat_map(texts).collect(),
        _ => BTreeSet::new(),
    }
}

/// What is said of them: how often it looks, the command, and the places it tells of.
type Telling = (usize, &'static [&'static str], &'static [&'static str]);

const TABLES: [Telling; 8] = [
    (
        1,
        &["-v", "sessions", "list", "--all"],
        &["ROOT/KEY", "ALONE", "OUTPUT", "TOPIC", "PEER", "BY"],
    ),
    (1, &["sessions", "list", "-o", "wide"], &["ROOT/KEY", "ALONE", "HOST", "REQUEST"]),
    (
        1,
        &["sessions", "show", STALE, OTHER],
        &["STALE", "OTHER", "ROOT/KEY", "ALONE", "HOST", "ANSWER", "OUTPUT"],
    ),
    (1, &["sessions", "check", "--root", "ROOT"], &["ROOT/KEY", "HOST"]),
    (2, &["server", "status"], &["PYTHON", "SERVER", "REQUEST", "BY", "PEER", "TOPIC"]),
    (3, &["sessions", "reap", "--dry-run"], &["ROOT/KEY", "REQUEST", "TOPIC"]),
    (3, &["sessions", "drop", "--dry-run", STALE], &["ROOT/KEY"]),
    (
        1,
        &["sessions", "wait", "--for", "live", "--root", "ROOT", "--wait-timeout", "1ms"],
        &["ROOT/KEY"],
    ),
];

#[test]
fn no_table_and_no_talk_steers_a_terminal() {
    each(&TABLES, |(looks, arguments, places)| {
        let run = Fake::start(server(*looks)).run(arguments);
        let said = run.stdout.clone() + &run.stderr;
        assert!(matches!(run.code, 0 | 1), "{run:#?}");
        assert_harmless(&said);
        assert!(!said.contains(&"\u{301}".repeat(5)), "a tower of marks in {said}");
        for place in *places {
            assert!(said.contains(&format!("{place}<\\u{{1b}}[2J")), "{place} is not in {said}");
        }
    });
}

const DOCUMENTS: [Telling; 6] = [
    (
        1,
        &["sessions", "list", "-o", "json"],
        &["ROOT/KEY", "ALONE", "STALE", "OTHER", "HOST", "ANSWER"],
    ),
    (
        1,
        &["sessions", "list", "-o", "jsonl"],
        &["ROOT/KEY", "ALONE", "STALE", "OTHER", "HOST", "ANSWER"],
    ),
    (1, &["sessions", "show", OTHER, "-o", "json"], &["ROOT/KEY", "OTHER", "HOST", "ANSWER"]),
    (1, &["sessions", "check", "--root", "ROOT", "-o", "json"], &["ROOT/KEY"]),
    (2, &["server", "status", "-o", "json"], &["PYTHON", "SERVER", "REQUEST", "TOPIC"]),
    (3, &["sessions", "reap", "--dry-run", "-o", "jsonl"], &["ROOT/KEY"]),
];

#[test]
fn json_tells_each_name_as_it_is_and_steers_no_terminal() {
    each(&DOCUMENTS, |(looks, arguments, places)| {
        let run = Fake::start(server(*looks)).run(arguments);
        assert_harmless(&(run.stdout.clone() + &run.stderr));
        let whole = Value::Array(run.documents());
        let texts = texts(&whole);
        for place in *places {
            assert!(texts.contains(&*evil(place)), "{place} is not in {run:#?}");
        }
    });
}

#[test]
fn a_list_of_names_is_one_id_a_line() {
    let run = Fake::start(server(1)).run(&["sessions", "list", "-o", "name"]);
    assert_eq!((run.code, run.stdout), (0, format!("{STALE}\n{OTHER}\n")));
    let run = Fake::start(server(3)).run(&["sessions", "reap", "--dry-run", "-o", "name"]);
    assert_eq!((run.code, run.stdout), (0, format!("{STALE}\n")));
}

#[test]
fn a_watch_in_a_pipe_tells_each_name_as_it_is() {
    let script = [server(1), vec![Expect(REGISTER), Hold]].concat();
    let fake = Fake::start(script);
    let arguments = ["sessions", "watch", "-o", "jsonl", "--interval", "200ms"];
    let child = run::command(fake.address(), &arguments).spawn().expect("graphctl starts");
    fake.held();
    signal("TERM", &child);
    let run = watched(child);
    fake.release();
    fake.finish();
    assert_harmless(&(run.stdout.clone() + &run.stderr));
    assert_eq!((run.code, run.stdout.lines().count()), (0, 2), "{run:#?}");
    for event in run.documents() {
        assert_eq!(event["components"][0], evil("ROOT/KEY"));
    }
}

#[test]
fn an_error_is_one_line_whatever_a_server_puts_in_it() {
    let failed = frame(&json!([{"hello": [1.0]}, {"end": [evil("FAILED")]}]).to_string());
    let from_before = Send(block(VERSION.replace("3.9", "3.8").as_bytes()));
    for (script, code) in [
        (greeted(VERSION, [Expect(REGISTER), Block, Send(failed)]), 77),
        (greeted(VERSION, [Expect(REGISTER), Block, Send(frame(&evil("")))]), 76),
        (vec![from_before, Expect(SESSION)], 76),
    ] {
        let run = Fake::start(script).run(&["sessions", "list"]);
        assert_eq!((run.code, run.stdout.as_str()), (code, ""), "{run:#?}");
        let [error, hint] = run.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{run:#?}") };
        assert!(error.starts_with("error: ") && hint.starts_with("hint: "), "{run:#?}");
        assert_harmless(&run.stderr);
    }
}

/// A snapshot with this session, as bytes of UTF-8 or none.
fn blind(root: &[u8], key: &[u8], arguments: &[&str]) -> Run {
    let session = pickled::session(pickled::text(root), pickled::dict(&[(key, b"N".to_vec())]));
    let reply = pickled::snapshot(pickled::dict(&[(OTHER, session)]), pickled::dict::<&str>(&[]));
    let script = greeted(VERSION, [Expect(SNAPSHOT), Send(reply)]);
    Fake::start(script).run(&[&["--no-admin", "sessions"], arguments].concat())
}

#[test]
fn a_snapshot_is_told_as_harmlessly() {
    for arguments in [&["list"][..], &["list", "-o", "wide"], &["show", OTHER]] {
        let run = blind(evil("ROOT").as_bytes(), evil("KEY").as_bytes(), arguments);
        assert_eq!(run.code, 0, "{run:#?}");
        assert!(run.stdout.contains("KEY<\\u{1b}[2J"), "{run:#?}");
        assert_harmless(&(run.stdout + &run.stderr));
    }
    let run = blind(evil("ROOT").as_bytes(), evil("KEY").as_bytes(), &["list", "-o", "json"]);
    assert_harmless(&(run.stdout.clone() + &run.stderr));
    let session = &run.json()["sessions"][0];
    assert_eq!(
        (&session["root"], &session["components"][0]),
        (&json!(evil("ROOT")), &json!(evil("KEY")))
    );
}

/// Python pickles lone surrogates, and nothing else that is no UTF-8; JSON with either is none.
#[test]
fn what_is_no_text_is_replaced_or_refused() {
    let run = blind(b"N", b"K\xed\xa0\x80", &["list", "-o", "json"]);
    assert_eq!(run.json()["sessions"][0]["components"], json!(["K\u{fffd}"]), "{run:#?}");
    let run = blind(b"N", b"K\xff", &["list"]);
    assert_eq!((run.code, run.stdout.as_str()), (76, ""), "{run:#?}");
    for bytes in
        [&br#"[{"end":["\ud800"]}]"#[..], b"[{\"end\":[\"\xff\"]}]", b"[{\"end\":[\"\0\"]}]"]
    {
        let frame = [&[0xe5], &block(bytes)[..]].concat();
        let script = greeted(VERSION, [Expect(REGISTER), Block, Send(frame)]);
        let run = Fake::start(script).run(&["sessions", "list"]);
        assert_eq!((run.code, run.stdout.as_str()), (76, ""), "{run:#?}");
        assert_harmless(&run.stderr);
    }
}

#[test]
fn a_name_of_a_megabyte_is_cut_in_tables_and_whole_in_json() {
    let long = "K".repeat(1 << 20);
    for arguments in [&["list"][..], &["list", "-o", "wide"], &["show", OTHER]] {
        let run = blind(long.as_bytes(), long.as_bytes(), arguments);
        assert_eq!(run.code, 0);
        assert!(run.stdout.contains("KKKK…") && run.stdout.len() < 16_384, "{}", run.stdout.len());
    }
    let run = blind(long.as_bytes(), long.as_bytes(), &["list", "-o", "json"]);
    assert_eq!(run.json()["sessions"][0]["components"], json!([long]));
}

/// Who holds a port is told by its command line.
#[test]
#[cfg(target_os = "linux")]
fn a_command_line_is_a_name_too() {
    use std::os::unix::process::CommandExt as _;

    let listen = "import socket, sys; s = socket.create_server(('127.0.0.1', 0)); \
                  print(*s.getsockname(), sep=':', flush=True); sys.stdin.read()";
    let mut holder = Command::new(lab::ezmsg("3.9.0"))
        .arg0(EVIL.replace('\0', ""))
        .args(["-c", listen])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .expect("python starts");
    let mut address = String::new();
    let stdout = holder.stdout.take().expect("it is piped");
    BufReader::new(stdout).read_line(&mut address).expect("it listens");
    let run = run::graphctl(address.trim(), &[SOON, "sessions", "list"]);
    drop(holder.stdin.take());
    holder.wait().expect("it ends with its input");
    let [_, hint] = run.stderr.lines().collect::<Vec<_>>()[..] else { panic!("{run:#?}") };
    assert!(hint.contains(&format!("pid {} (<\\u{{1b}}[2J", holder.id())), "{run:#?}");
    assert_harmless(&run.stderr);
}
