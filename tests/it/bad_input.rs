//! Command lines, environments and outputs that cannot work, and what a person is told then.

use std::fs::{self, File};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Stdio;

use clap::{Arg, CommandFactory as _};
use graphctl::cli::Cli;
use graphctl::exit::Exit;

use crate::fake::{graphctl, watched};
use crate::lab::{self, Client, PATIENCE, Server};
use crate::run::{self, Run, expect, graphctl_with_input};

/// A server that is never asked, because the command line is refused before.
const NOWHERE: &str = "127.0.0.1:1";

const MORE: &str = "\nFor more information, try '--help'.\n";

#[track_caller]
fn fails(run: &Run, code: i32, stderr: &str) {
    expect(run, code, "", stderr);
}

/// Runs graphctl with variables of the environment.
fn with_env(address: &str, variables: &[(&str, &str)], arguments: &[&str]) -> Run {
    let mut command = run::command(address, arguments);
    command.envs(variables.iter().copied());
    watched(command.spawn().expect("graphctl starts"))
}

fn invalid(value: &str, option: &str, why: &str) -> String {
    format!("error: invalid value '{value}' for '{option}': {why}\n{MORE}")
}

#[test]
fn an_address_must_be_a_host_and_a_port() {
    let shape = "expected HOST:PORT, for example ADDRESS";
    let port = |port: &str| format!("'{port}' is not a port: expected a number from 1 to 65535");
    for (address, why) in [
        ("nohost", shape.to_owned()),
        (
            "tcp://ADDRESS",
            "expected HOST:PORT without a scheme, for example ADDRESS:25978".to_owned(),
        ),
        ("http://lab:1/", "expected HOST:PORT without a scheme, for example lab:1".to_owned()),
        (":25978", "expected HOST:PORT, and the host is missing".to_owned()),
        ("host:0", port("0")),
        ("host:99999", port("99999")),
        ("host:", port("")),
    ] {
        let told = invalid(address, "--address <HOST:PORT>", &why);
        fails(&graphctl(NOWHERE, &["--address", address, "sessions", "list"]), 2, &told);
        let told = invalid(address, "EZMSG_GRAPHSERVER_ADDR", &why);
        fails(&graphctl(address, &["sessions", "list"]), 2, &told);
    }
}

#[test]
fn a_duration_has_a_unit_and_is_longer_than_nothing() {
    let example = "write a number and a unit, for example 90s, 5m or 2h";
    let unit = format!("a duration needs a unit: {example}");
    let zero = format!("a duration must be longer than zero: {example}");
    let months = format!("'M' means months; minutes are a small 'm': {example}");
    let unknown = format!("this is not a duration: {example}");
    for (text, why) in [
        ("0", &unit),
        ("5", &unit),
        ("0.5", &unit),
        ("0s", &zero),
        ("5M", &months),
        ("1h 5M", &months),
        ("5 parsecs", &unknown),
    ] {
        for option in ["--timeout", "--start-timeout", "--older-than", "--idle-for"] {
            let run = graphctl(NOWHERE, &["sessions", "list", option, text]).stderr;
            assert_eq!(run, invalid(text, &format!("{option} <DURATION>"), why));
        }
        let variables = [("GRAPHCTL_START_TIMEOUT", text)];
        let run = with_env(NOWHERE, &variables, &["sessions", "list"]);
        fails(&run, 2, &invalid(text, "GRAPHCTL_START_TIMEOUT", why));
    }
}

/// What looks like an option is a value all the same where one is needed.
#[test]
fn a_negative_duration_is_told_as_one() {
    for option in ["--timeout", "--start-timeout", "--older-than", "--idle-for"] {
        let run = graphctl(NOWHERE, &["sessions", "list", option, "-5m"]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""));
        let told = format!("error: invalid value '-5m' for '{option} <DURATION>': ");
        assert!(run.stderr.starts_with(&told), "{run:#?}");
        assert!(run.stderr.contains("for example 90s, 5m or 2h"), "{run:#?}");
    }
}

/// No duration is so long that adding it to a time is a bug.
#[test]
fn a_duration_of_more_than_a_lifetime_is_no_bug() {
    let ages = "500000000000y";
    let server = Server::start(&lab::ezmsg("3.9.0"));
    for option in ["--timeout", "--start-timeout", "--older-than", "--idle-for"] {
        let run = graphctl(server.address(), &["sessions", "list", option, ages]);
        assert!([0, 2].contains(&run.code), "{option}: {run:#?}");
    }
}

/// One would replace or spoil the other.
#[test]
fn outputs_to_the_same_file_are_refused() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let (file, link) = (folder.path().join("file"), folder.path().join("link"));
    fs::write(&file, "keep").expect("our own folder");
    std::os::unix::fs::symlink(&file, &link).expect("a link can be made");
    let (file, link) = (file.to_str().expect("text"), link.to_str().expect("text"));
    for command in [&["sessions", "reap"][..], &["sessions", "watch", "-o", "jsonl"]] {
        let outputs = ["--audit", file, "--prom-file", link];
        let run = graphctl(NOWHERE, &[command, &outputs].concat());
        let same =
            "error: --audit and --prom-file name the same file\nhint: name a file for each\n";
        fails(&run, 2, same);
    }
    assert_eq!(fs::read_to_string(file).expect("it is there"), "keep");
}

#[test]
fn what_is_typed_wrong_is_told_with_what_was_meant() {
    let glob = "invalid range pattern: write for example 'SYSTEM/*' or '*/AMP?'";
    for option in ["--component", "--exclude"] {
        let run = graphctl(NOWHERE, &["sessions", "list", option, "["]);
        fails(&run, 2, &invalid("[", &format!("{option} <GLOB>"), glob));
    }
    let state = "error: invalid value 'stal' for '--state <STATE>'\n  \
                 [possible values: live, starting, observer, stale, suspect, unknown]\n\n  \
                 tip: a similar value exists: 'stale'\n";
    let wrong = graphctl(NOWHERE, &["sessions", "list", "--state", "stal"]);
    fails(&wrong, 2, &format!("{state}{MORE}"));
    let usage = "\nUsage: graphctl sessions [OPTIONS] <COMMAND>\n";
    let unknown = "error: unrecognized subcommand 'raep'\n\n  \
                   tip: a similar subcommand exists: 'reap'\n";
    let wrong = graphctl(NOWHERE, &["sessions", "raep"]);
    fails(&wrong, 2, &format!("{unknown}{usage}{MORE}"));
    for (typed, place, meant) in [
        ("list", "graphctl", "graphctl sessions list"),
        ("ls", "graphctl", "graphctl sessions list"),
        ("reap", "graphctl", "graphctl sessions reap"),
        ("status", "graphctl sessions", "graphctl server status"),
    ] {
        let told = format!(
            "error: unrecognized subcommand '{typed}'\n\n  tip: it is called as '{meant}'\n\n\
             Usage: {place} [OPTIONS] <COMMAND>\n{MORE}"
        );
        let typed = format!("{place} {typed}");
        let words: Vec<_> = typed.split(' ').skip(1).collect();
        fails(&graphctl(NOWHERE, &words), 2, &told);
    }
    let argument = "error: unexpected argument '--older' found\n\n  \
                    tip: a similar argument exists: '--older-than'\n";
    let usage = "\nUsage: graphctl sessions reap --older-than <DURATION>\n";
    let wrong = graphctl(NOWHERE, &["sessions", "reap", "--older", "5m"]);
    fails(&wrong, 2, &format!("{argument}{usage}{MORE}"));
    let number = invalid("many", "--max <N>", "invalid digit found in string");
    fails(&graphctl(NOWHERE, &["sessions", "reap", "--max", "many"]), 2, &number);
}

#[test]
fn without_a_command_there_is_help() {
    let nothing = graphctl(NOWHERE, &[]);
    let help = graphctl(NOWHERE, &["-h"]);
    assert_eq!((nothing.code, nothing.stdout.as_str()), (2, ""));
    assert_eq!((help.code, help.stderr.as_str()), (0, ""));
    assert_eq!(nothing.stderr, help.stdout);
    for group in ["sessions", "server"] {
        let run = graphctl(NOWHERE, &[group]);
        assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{group}");
        assert_eq!(run.stderr, graphctl(NOWHERE, &[group, "-h"]).stdout, "{group}");
    }
}

#[test]
fn check_needs_keys() {
    let absent = "error: cannot read /nonexistent: No such file or directory (os error 2)\n";
    fails(&graphctl(NOWHERE, &["sessions", "check", "--from", "/nonexistent"]), 2, absent);
    let none = "error: no component keys to check\n\
                hint: name keys, or give them with --from, one a line\n";
    fails(&graphctl(NOWHERE, &["sessions", "check"]), 2, none);
    for input in ["", "\n \n# SYSTEM\n"] {
        let run = graphctl_with_input(NOWHERE, &["sessions", "check", "--from", "-"], input);
        fails(&run, 2, none);
    }
}

/// Why an empty value of this is refused.
fn empty(name: &str, hint: &str) -> String {
    format!("error: the value of {name} is empty\nhint: {hint}\n")
}

/// `--exclude "$UNSET"` must not reap everything. Options that are added later are tested too.
#[test]
fn no_option_or_argument_takes_an_empty_value() {
    let mut all = Cli::command().disable_help_subcommand(true);
    all.build();
    let mut paths = Vec::new();
    commands_of(&all, &[], &mut paths);
    let mut tried = 0;
    for (path, _) in paths {
        let command =
            path.iter().fold(&all, |at, name| at.find_subcommand(name).expect("it is there"));
        // What holds for every command is an option of each.
        let takes = |arg: &&Arg| arg.get_action().takes_values() && !command.has_subcommands();
        for arg in command.get_arguments().filter(takes) {
            let name = match arg.get_long() {
                Some(long) => format!("--{long}"),
                None => arg.get_value_names().expect("an argument has one")[0].to_string(),
            };
            for value in ["", " \t"] {
                let words = line_with(&path, command, arg, value);
                let words: Vec<_> = words.iter().map(String::as_str).collect();
                let run = graphctl(NOWHERE, &words);
                fails(
                    &run,
                    2,
                    &empty(&name, "give it a value; perhaps a variable of your script is not set"),
                );
                tried += 1;
            }
        }
    }
    assert!(tried >= 100, "{tried}");
}

/// A line with this value for an argument, and all that the command requires besides.
fn line_with(path: &[String], command: &clap::Command, tested: &Arg, value: &str) -> Vec<String> {
    let mut words = path.to_vec();
    // clap does not tell which options require this one.
    words.extend(command.get_arguments().any(|it| it.get_id() == "reap").then(|| "--reap".into()));
    let required = |arg: &&Arg| arg.is_required_set() && arg.get_id() != tested.get_id();
    for arg in command.get_arguments().filter(required).chain([tested]) {
        let possible = arg.get_possible_values();
        let sound = possible.first().map_or("x", |it| it.get_name());
        words.extend(arg.get_long().map(|long| format!("--{long}")));
        words.extend(arg.is_last_set().then(|| "--".into()));
        words.push(if arg.get_id() == tested.get_id() { value } else { sound }.to_owned());
    }
    // Behind `--` nothing is an option any more.
    if let Some(at) = words.iter().position(|word| word == "--") {
        let behind = words.split_off(at);
        let (command, options) = behind.split_at(2);
        words = [&words, options, command].concat();
    }
    words
}

#[test]
fn an_empty_variable_is_refused_as_ezmsg_does() {
    for variable in ["EZMSG_GRAPHSERVER_ADDR", "GRAPHCTL_START_TIMEOUT"] {
        for value in ["", " "] {
            let run = with_env(NOWHERE, &[(variable, value)], &["sessions", "list"]);
            let hint = format!("give it a value, or `unset {variable}`");
            fails(&run, 2, &empty(variable, &hint));
        }
    }
}

#[test]
#[cfg(unix)]
fn a_variable_that_is_not_text_is_named() {
    use std::os::unix::ffi::OsStrExt as _;
    for variable in ["EZMSG_GRAPHSERVER_ADDR", "GRAPHCTL_START_TIMEOUT", "GRAPHCTL_NO_ADMIN"] {
        let mut command = run::command(NOWHERE, &["sessions", "list"]);
        command.env(variable, std::ffi::OsStr::from_bytes(b"\xff"));
        let told = format!(
            "error: the value of {variable} is not UTF-8 text\n\
             hint: set it to UTF-8 text, or `unset {variable}`\n"
        );
        fails(&watched(command.spawn().expect("graphctl starts")), 2, &told);
    }
}

/// ezmsg takes it with blanks around it: what comes from a file or a Windows editor may have some.
#[test]
fn blanks_around_an_address_are_no_part_of_it() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    for address in [format!("{} ", server.address()), format!("\t{}\r\n", server.address())] {
        expect(&graphctl(&address, &["sessions", "list", "-o", "name"]), 0, "", "");
        let typed = ["--address", &address, "sessions", "list", "-o", "name"];
        expect(&graphctl(NOWHERE, &typed), 0, "", "");
    }
}

/// A variable is not typed: no usage may show it as if it were required.
#[test]
fn usage_does_not_show_what_comes_from_the_environment() {
    let variables = [("GRAPHCTL_START_TIMEOUT", "5m"), ("GRAPHCTL_NO_ADMIN", "1")];
    let missing = "error: the following required arguments were not provided:\n  <ID>...\n\n\
                   Usage: graphctl sessions drop <ID>...\n";
    let run = with_env(NOWHERE, &variables, &["sessions", "drop"]);
    fails(&run, 2, &format!("{missing}{MORE}"));
    let run = with_env("nohost", &variables, &["sessions", "drop"]);
    fails(&run, 2, &format!("{missing}{MORE}"));
    let unknown = with_env(NOWHERE, &variables, &["sessions", "list", "--bogus"]);
    assert!(unknown.stderr.contains("\nUsage: graphctl sessions list [OPTIONS]\n"), "{unknown:#?}");
}

/// Keys that are held are never free for how a file was saved.
#[test]
fn keys_are_read_whatever_the_ends_of_lines_and_invisible_characters_are_refused() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    let _held = Client::silent_session(&server, &["SYSTEM"]);
    let folder = tempfile::tempdir().expect("a temporary folder can be made");
    let file = folder.path().join("keys.txt");
    let path = file.to_str().expect("a path of ours is text");
    let ways = [
        &["sessions", "check", "--from", path][..],
        &["sessions", "wait", "--for", "free", "--wait-timeout", "1ms", "--from", path],
    ];
    for text in ["\u{feff}SYSTEM\n", "SYSTEM\r\n", "OTHER\rSYSTEM\r", "\u{feff}OTHER\r\nSYSTEM"] {
        std::fs::write(&file, text).expect("it can be written");
        for way in ways {
            let run = graphctl(server.address(), way);
            assert_eq!((run.code, run.stdout.lines().count()), (1, 1), "{text:?}: {run:#?}");
        }
    }
    let not_text = "save it as UTF-8 text, one key a line";
    let zero = "the text may be UTF-16: save it as UTF-8, one key a line";
    let remove = "remove it: it is part of no component key";
    for (bytes, why, hint) in [
        (&b"\xff\xfeS\0"[..], " is UTF-16 text", not_text),
        (b"A\nSYSTEM\0\n", ", line 2: 'SYSTEM\\u{0}' contains the character U+0000", zero),
        (b"S\0Y\0", ", line 1: 'S\\u{0}Y\\u{0}' contains the character U+0000", zero),
        (b"A\r\nSYS\x07TEM", ", line 2: 'SYS\\u{7}TEM' contains the character U+0007", remove),
        (b"A\nB\n\xc4", ", line 3: this is not UTF-8", not_text),
    ] {
        std::fs::write(&file, bytes).expect("it can be written");
        for way in ways {
            let told = format!("error: {path}{why}\nhint: {hint}\n");
            fails(&graphctl(server.address(), way), 2, &told);
        }
    }
    for way in [&["SYSTEM\r"][..], &["--root", "SYSTEM\r"]] {
        let run = graphctl(server.address(), &[&["sessions", "check"], way].concat());
        let why = "'SYSTEM\\r' contains the character U+000D";
        fails(&run, 2, &format!("error: {why}\nhint: {remove}\n"));
    }
}

#[test]
fn an_id_must_be_one_of_the_server() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    let _held = Client::silent_session(&server, &["SYSTEM"]);
    let hint = "hint: `graphctl sessions list --all` shows every id\n";
    let gone = "FFFFFFFF-ffff-4fff-8fff-ffffffffffff";
    for id in ["xyz", gone] {
        let none = format!("error: no session has an id that starts with '{id}'\n{hint}");
        fails(&graphctl(server.address(), &["sessions", "show", id]), 2, &none);
        let blind = graphctl(server.address(), &["--no-admin", "sessions", "show", id]);
        fails(&blind, 2, &none);
    }
    let none = format!("error: no session has an id that starts with 'xyz'\n{hint}");
    fails(&graphctl(server.address(), &["sessions", "drop", "xyz"]), 2, &none);
    // An id in full was copied from somewhere: it was there, and is gone.
    let table = "ID  AGE  STATE  OUTCOME  COMPONENTS\nSHORTID  -  -  already-gone  -\n";
    let dropped = graphctl(server.address(), &["sessions", "drop", gone]);
    expect(&dropped, 0, table, "1 session already gone\n0 sessions dropped\n");
    let sly = graphctl(server.address(), &["sessions", "show", "\u{1b}[K\nerror: no"]);
    let told =
        format!("error: no session has an id that starts with '\\u{{1b}}[K\\nerror: no'\n{hint}");
    fails(&sly, 2, &told);
    // Every id starts with nothing; what is drawn from an unset variable must not mean a session.
    for id in ["", "-", "--"] {
        for command in ["show", "drop"] {
            let run = graphctl(server.address(), &["sessions", command, "--", id]);
            assert_eq!((run.code, run.stdout.as_str()), (2, ""), "{id:?}: {run:#?}");
        }
    }
    assert_eq!(server.witness().sessions().len(), 1);
}

#[test]
fn an_id_must_mean_one_session_only() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    // The first digit of new ids is the same for 26 seconds, the fourth for 6 milliseconds.
    let sessions: Vec<_> = (0..17).map(|_| open_session(server.address())).collect();
    let ids: Vec<_> = sessions.iter().map(|(_, id)| id.as_str()).collect();
    let shared = |a: &str, b: &str| a.bytes().zip(b.bytes()).take_while(|(a, b)| a == b).count();
    let pairs = ids.windows(2).map(|pair| (shared(pair[0], pair[1]), pair[0]));
    let (length, id) = pairs.max().expect("there are pairs");
    let prefix = &id[..length];
    let meant: Vec<_> = ids.iter().copied().filter(|id| id.starts_with(prefix)).collect();
    let told = format!(
        "error: '{prefix}' is ambiguous: it starts the ids {}\nhint: type more of the id\n",
        meant.join(", ")
    );
    for command in ["show", "drop"] {
        let run = graphctl(server.address(), &["sessions", command, prefix]);
        assert_eq!(run, Run { code: 2, stdout: String::new(), stderr: told.clone() });
    }
    assert_eq!(server.witness().sessions().len(), 17);
}

/// The session that graphctl opens to look is no answer: it is not listed, and gone when it was told.
#[test]
fn the_session_of_graphctl_itself_is_not_meant() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    let (_stream, id) = open_session(server.address());
    // The first digit of new ids is the same for 26 seconds.
    for arguments in
        [&["sessions", "show", &id[..1]][..], &["--no-admin", "sessions", "show", &id[..1]]]
    {
        let run = graphctl(server.address(), arguments);
        assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{run:#?}");
        assert!(run.stdout.contains(&id), "{run:#?}");
    }
}

/// Opens a session and reads its id; it lasts as long as the stream.
fn open_session(address: &str) -> (TcpStream, String) {
    let mut stream = TcpStream::connect(address).expect("the server accepts");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout can be set");
    let mut greeting = [0; 8 + 5];
    stream.read_exact(&mut greeting).expect("the server greets");
    stream.write_all(b"\x15").expect("the server takes an opcode");
    let mut reply = [0; 8 + 36 + 1];
    stream.read_exact(&mut reply).expect("the server opens a session");
    let id = String::from_utf8(reply[8..44].to_vec()).expect("an id is text");
    (stream, id)
}

#[test]
fn without_the_admin_channel_nothing_is_dropped() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    let held = Client::silent_session(&server, &["SYSTEM"]);
    let at = server.address();
    let off = |command: &str| {
        format!(
            "error: {command} needs the admin channel, which is switched off (--no-admin or \
             GRAPHCTL_NO_ADMIN)\nhint: the server has no drop command of its own; leave --no-admin away, or unset \
             GRAPHCTL_NO_ADMIN\n"
        )
    };
    let drop = ["sessions", "drop", held.session_id()];
    for (command, arguments) in [
        ("drop", &drop[..]),
        ("reap", &["sessions", "reap"]),
        ("reap", &["sessions", "reap", "-n"]),
    ] {
        let told = off(command);
        fails(&graphctl(at, &[&["--no-admin"], arguments].concat()), 77, &told);
        fails(&graphctl(at, &[arguments, &["--no-admin"]].concat()), 77, &told);
        for value in ["1", "true", "yes"] {
            fails(&with_env(at, &[("GRAPHCTL_NO_ADMIN", value)], arguments), 77, &told);
        }
    }
    for value in ["0", "false", "no", ""] {
        let run = with_env(at, &[("GRAPHCTL_NO_ADMIN", value)], &["sessions", "reap"]);
        expect(&run, 0, "", "nothing to drop\n");
    }
    assert_eq!(server.witness().sessions(), [held.session_id()]);
}

/// Every kind of output: generated, from a server, and clap's own.
const WRITING: [&[&str]; 6] = [
    &["completions", "bash"],
    &["sessions", "list"],
    &["sessions", "list", "-o", "json"],
    &["server", "status"],
    &["--help"],
    &["--version"],
];

#[test]
fn a_reader_that_has_read_enough_is_no_error() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    for arguments in WRITING {
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let mut command = run::command(server.address(), arguments);
        let child = command.stdout(writer).spawn().expect("graphctl starts");
        expect(&watched(child), 0, "", "");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn a_full_disk_is_an_error() {
    let server = Server::start(&lab::ezmsg("3.9.0"));
    let full = "error: cannot write to standard output: No space left on device (os error 28)\n";
    for arguments in WRITING {
        let disk = File::options().write(true).open("/dev/full").expect("/dev/full");
        let mut command = run::command(server.address(), arguments);
        let child = command.stdout(Stdio::from(disk)).spawn().expect("graphctl starts");
        let run = watched(child);
        assert_eq!(run.stderr, full, "{arguments:?}: {run:#?}");
        assert_ne!(run.code, 0, "{arguments:?}");
    }
}

#[test]
fn help_and_version_are_data() {
    let version = format!("graphctl {}\n", env!("CARGO_PKG_VERSION"));
    for option in ["--version", "-V"] {
        expect(&graphctl(NOWHERE, &[option]), 0, &version, "");
    }
    let long = graphctl(NOWHERE, &["--help"]);
    assert_eq!((long.code, long.stderr.as_str()), (0, ""));
    for exit in Exit::ALL {
        let line = format!("{:>5}  {}", exit.code(), exit.meaning());
        assert!(long.stdout.lines().any(|it| it == line), "{line:?} is not in {}", long.stdout);
    }
    // Nothing needs a server, or a sound environment, to be explained.
    assert_eq!(graphctl("nohost", &["--help"]).code, 0);
    assert_eq!(with_env("", &[("GRAPHCTL_START_TIMEOUT", "5")], &["--version"]).code, 0);
}

#[test]
fn every_command_explains_itself() {
    let mut paths = Vec::new();
    commands_of(&Cli::command(), &[], &mut paths);
    assert!(paths.len() > 8, "{paths:?}");
    for (path, about) in paths {
        let words: Vec<&str> = path.iter().map(String::as_str).collect();
        for help in ["--help", "-h"] {
            let run = graphctl(NOWHERE, &[&words[..], &[help]].concat());
            assert_eq!((run.code, run.stderr.as_str()), (0, ""), "{path:?}");
            let usage = format!("\nUsage: graphctl {}", path.join(" "));
            assert!(run.stdout.starts_with(&about), "{path:?}: {}", run.stdout);
            assert!(run.stdout.contains(usage.trim_end()), "{path:?}: {}", run.stdout);
        }
    }
}

/// Of a terminal of 24 lines, one is for the prompt.
#[test]
fn short_help_fits_a_screen() {
    let mut paths = Vec::new();
    commands_of(&Cli::command(), &[], &mut paths);
    for (path, _) in paths {
        let words: Vec<_> = path.iter().map(String::as_str).chain(["-h"]).collect();
        let help = with_env(NOWHERE, &[("COLUMNS", "80")], &words).stdout;
        let widest = help.lines().map(str::len).max();
        assert!(help.lines().count() < 24 && widest <= Some(80), "{path:?}:\n{help}");
    }
}

/// Every command with its words and what it says it does.
fn commands_of(command: &clap::Command, at: &[String], found: &mut Vec<(Vec<String>, String)>) {
    found.push((at.to_vec(), command.get_about().expect("it says what it does").to_string()));
    for inner in command.get_subcommands() {
        commands_of(inner, &[at, &[inner.get_name().to_owned()]].concat(), found);
    }
}
