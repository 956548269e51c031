//! Tab in real shells: words, and what the server has.

use std::fs;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::json;

use crate::dialogue::opening;
use crate::fake::Step::{Gone, Send};
use crate::fake::{Fake, session_reply, watched};
use crate::lab::{Client, Options, Pipeline, free_address};
use crate::run::{GRAPHCTL, Run, graphctl};
use crate::shells::{INSTALLED, SHELLS, type_anew};
use crate::stage::{server, wait_until_judged};

/// A second is what it may take; ten are what graphctl waits for a server where nobody waits at a Tab.
const WATCHDOG: Duration = Duration::from_secs(5);

/// What `GRAPHCTL_COMPLETE` is answered for a line that ends in its last word.
fn answer(shell: &str, address: &str, words: &[&str]) -> Run {
    let mut command = Command::new(GRAPHCTL);
    command.arg("--").arg("graphctl").args(words);
    command.env("GRAPHCTL_COMPLETE", shell).env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command.env("EZMSG_GRAPHSERVER_ADDR", address);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    watched(command.spawn().expect("graphctl starts"))
}

/// Of an answer, one a line.
#[track_caller]
fn told(run: &Run) -> Vec<String> {
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run:#?}");
    run.stdout.lines().map(str::to_owned).collect()
}

#[track_caller]
fn candidates(address: &str, words: &[&str]) -> Vec<String> {
    told(&answer("bash", address, words))
}

#[test]
fn tab_completes_words_ids_and_component_keys_in_every_shell() {
    let server = server();
    let session = Client::silent_session(&server, &["LAB", "LAB/AMPLIFIER"]);
    for shell in SHELLS {
        let Some(screen) = shell.start(server.address()) else { continue };
        type_anew(&screen, "graphctl sess\t");
        screen.wait_for("graphctl sessions");
        type_anew(&screen, "graphctl sessions show \t");
        screen.wait_for(&format!("graphctl sessions show {}", session.session_id()));
        type_anew(&screen, "graphctl sessions check LAB/A\t");
        screen.wait_for("graphctl sessions check LAB/AMPLIFIER");
        type_anew(&screen, "graphctl sessions list --component=LAB/\t");
        screen.wait_for("--component=LAB/AMPLIFIER");
    }
}

#[test]
fn what_is_shipped_answers_the_first_tab() {
    let server = server();
    let session = Client::silent_session(&server, &["LAB"]);
    for shell in INSTALLED {
        let Some(screen) = shell.start(server.address()) else { continue };
        screen.press("graphctl sessions show \t");
        screen.wait_for(&format!("graphctl sessions show {}", session.session_id()));
    }
}

#[test]
fn tab_asks_the_server_that_is_typed_however_a_shell_breaks_it_up() {
    let server = server();
    let session = Client::silent_session(&server, &["LAB"]);
    for shell in SHELLS {
        let Some(screen) = shell.start(&free_address()) else { continue };
        for option in ["--address=", "--address "] {
            let typed = format!("graphctl {option}{} sessions show ", server.address());
            type_anew(&screen, &format!("{typed}\t"));
            screen.wait_for(&format!("{typed}{}", session.session_id()));
        }
    }
}

#[test]
fn without_a_server_tab_says_nothing() {
    for shell in SHELLS {
        let Some(screen) = shell.start(&free_address()) else { continue };
        screen.press("graphctl sessions show 4\t");
        screen.press("2");
        let shown = screen.wait_for("graphctl sessions show 42");
        // That is what Elvish has to say.
        let lines = shown.lines().filter(|line| *line != "error: no candidates");
        assert_eq!(lines.count(), 2, "{}: {shown}", shell.name);
    }
}

/// Elvish quotes what it takes for nothing else, and so do zsh and fish; bash takes it as it comes.
#[test]
fn a_file_whose_name_is_a_command_is_completed_and_not_run() {
    let server = server();
    for shell in SHELLS {
        let Some(screen) = shell.start(server.address()) else { continue };
        let folder = tempfile::tempdir().expect("a temporary folder can be made");
        fs::write(folder.path().join("a$(touch run).py"), "untouched").expect("it is written");
        screen.press(&format!("cd '{}'\r", folder.path().display()));
        // Elvish takes an Enter to choose the only one.
        screen.press("graphctl run -- cat a\t\r\r");
        screen.wait_for("untouched");
        assert!(!folder.path().join("run").exists(), "{}: {}", shell.name, screen.text());
    }
}

#[test]
fn the_server_that_is_typed_is_the_one_that_is_asked_whatever_else_is() {
    let mut server = server();
    let session = Client::silent_session(&server, &["LAB"]);
    let (nobody, address) = (free_address(), server.address().to_owned());
    let with = format!("--address={address}");
    for words in [
        &["--address", &address, "sessions", "show", ""][..],
        &["sessions", "show", "--address", &address, ""],
        &["sessions", "show", &with, "--nonsense", ""],
        &["sessions", "show", "--nonsense", &with, ""],
        &["--timeout", "soon", "--color=mauve", "sessions", "show", &with, ""],
        &["--no-admin", "sessions", "show", "--address", &address, ""],
    ] {
        assert_eq!(candidates(&nobody, words), [session.session_id()], "{words:?}");
    }
    for other in [&nobody, "nonsense"] {
        let without = ["sessions", "show", "--address", other, "0"];
        assert!(candidates(&address, &without).is_empty(), "{other}");
    }
    let with_the_command = ["run", "--", "cat", &with, "0"];
    assert!(candidates(&nobody, &with_the_command).is_empty());
    server.wait_state("nothing left behind", |it| it["clients"] == json!({"SessionInfo": 1}));
}

#[test]
fn an_id_says_what_it_is_of_and_whether_that_is_proven_dead() {
    let mut server = server();
    server.ghost_of(&["SYSTEM", "SYSTEM/PUB"]);
    wait_until_judged(&server, "stale ghost");
    let _healthy =
        Pipeline::running(&server, &Options { name: "EEG".into(), ..Options::default() });
    for (shell, sign) in [("zsh", ':'), ("fish", '\t')] {
        let run = answer(shell, server.address(), &["sessions", "show", ""]);
        let help: Vec<_> = told(&run).iter().map(|it| it[36..].to_owned()).collect();
        assert_eq!(help, [format!("{sign}SYSTEM, stale ghost"), format!("{sign}EEG")]);
    }
}

/// A completed id is not typed in full.
#[test]
fn only_ids_of_what_is_proven_dead_are_offered_for_a_drop() {
    let mut server = server();
    let ghost = server.ghost_of(&["SYSTEM"]);
    let _healthy =
        Pipeline::running(&server, &Options { name: "EEG".into(), ..Options::default() });
    for words in [&["sessions", "drop", ""][..], &["sessions", "drop", "--force", ""]] {
        assert_eq!(candidates(server.address(), words), std::slice::from_ref(&ghost), "{words:?}");
    }
    let other = server.witness().sessions_of("EEG").remove(0);
    let typed = ["sessions", "drop", "--force", &other[..8]];
    assert!(candidates(server.address(), &typed).is_empty());
}

#[test]
fn pids_and_hosts_are_those_of_the_processes() {
    let server = server();
    let pipeline = Pipeline::running(&server, &Options::default());
    let mut pids =
        [pipeline.unit_pid("PUB"), pipeline.unit_pid("SUB")].map(|it| it.to_string()).to_vec();
    pids.sort();
    pids.dedup();
    assert_eq!(candidates(server.address(), &["sessions", "list", "--pid", ""]), pids);
    let listed = graphctl(server.address(), &["sessions", "list", "-o", "json"]).json();
    let host = listed["sessions"][0]["processes"][0]["host"].as_str().expect("a host");
    assert_eq!(candidates(server.address(), &["sessions", "list", "--host", ""]), [host]);
}

#[test]
fn no_key_is_offered_that_a_shell_would_not_take_for_a_word() {
    let server = server();
    let evil = [
        "$(touch /tmp/x)",
        "`id`",
        "A;id",
        "A B",
        "A\nB",
        "A\tB",
        "\u{1b}[2J",
        "A'B",
        "A\"B",
        "A|B",
        "A>B",
        "~",
        "A*",
        "A\\B",
        "{A,B}",
        "A:B",
        "#A",
        "!A",
        "A&",
        "\u{202e}A",
        "A\u{3164}B",
        "",
    ];
    let keys = [&evil[..], &["PLAIN", "GRÖSSE/α_1-2.0"]].concat();
    let _session = Client::silent_session(&server, &keys);
    let told = candidates(server.address(), &["sessions", "check", "--", ""]);
    assert_eq!(told, ["GRÖSSE/α_1-2.0", "PLAIN"]);
}

/// It is set where a shell calls us, and may be left set.
#[test]
fn a_command_that_no_shell_completes_is_carried_out() {
    let server = server();
    let _session = Client::silent_session(&server, &["LAB"]);
    let mut check = crate::run::command(server.address(), &["sessions", "check", "--", "LAB"]);
    check.env("GRAPHCTL_COMPLETE", "bash");
    assert_eq!(watched(check.spawn().expect("graphctl starts")).code, 1);
}

#[test]
fn a_server_that_does_not_answer_holds_nobody_up() {
    for script in [vec![Gone], opening([Send(session_reply()), Gone])] {
        for admin in [&[][..], &["--no-admin"]] {
            let fake = Fake::start(script.clone());
            let begun = Instant::now();
            let words = [admin, &["sessions", "show", "0"]].concat();
            assert!(candidates(fake.address(), &words).is_empty());
            assert!(begun.elapsed() < WATCHDOG, "{words:?}: {:?}", begun.elapsed());
            fake.finish();
        }
    }
}
