//! Tab in real shells: words, and what the server has.

use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::fake::watched;
use crate::lab::{Client, free_address};
use crate::run::{GRAPHCTL, Run};
use crate::screen::Screen;
use crate::stage::server;

/// How a shell is started without anybody's habits, and made to complete.
struct Shell {
    name: &'static str,
    arguments: &'static [&'static str],
    set_up: &'static str,
}

const SHELLS: [Shell; 3] = [
    Shell {
        name: "bash",
        arguments: &["--noprofile", "--norc"],
        set_up: "PS1='> '; source <(graphctl completions bash)",
    },
    Shell {
        name: "zsh",
        arguments: &["-f"],
        set_up: "PS1='> '; autoload -U compinit; compinit -D; source <(graphctl completions zsh)",
    },
    Shell {
        name: "fish",
        arguments: &["--no-config"],
        set_up: "function fish_prompt; echo -n '> '; end; graphctl completions fish | source",
    },
];

impl Shell {
    /// A terminal with it, of which the screen is empty but for a prompt; none where it is not installed.
    #[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
    fn start(&self, address: &str) -> Option<Screen> {
        let mut command = Command::new(self.name);
        if command.arg("--version").output().is_err() {
            eprintln!("skipped: there is no {} here", self.name);
            return None;
        }
        let mut command = Command::new(self.name);
        command.args(self.arguments).env("EZMSG_GRAPHSERVER_ADDR", address);
        let program = Path::new(GRAPHCTL).parent().expect("it is in a folder").display();
        let path = std::env::var("PATH").expect("there is one");
        command.env("PATH", format!("{program}:{path}")).env("HISTFILE", "/dev/null");
        let screen = Screen::of(&command, 120, 24);
        screen.press(&format!("{}; clear; echo re''ady\r", self.set_up));
        screen.wait_for("\n> ");
        screen.wait("a clear screen", |shown| shown.starts_with("ready\n"));
        Some(screen)
    }
}

/// What `GRAPHCTL_COMPLETE` is answered for a line that ends in its last word.
fn answer(address: &str, words: &[&str]) -> Run {
    let mut command = Command::new(GRAPHCTL);
    command.arg("--").arg("graphctl").args(words);
    command.env("GRAPHCTL_COMPLETE", "bash").env("_CLAP_IFS", "\n");
    command.env("_CLAP_COMPLETE_INDEX", words.len().to_string());
    command.env("EZMSG_GRAPHSERVER_ADDR", address);
    command.stdout(Stdio::piped()).stderr(Stdio::piped());
    watched(command.spawn().expect("graphctl starts"))
}

fn candidates(address: &str, words: &[&str]) -> Vec<String> {
    let run = answer(address, words);
    assert_eq!((run.code, &*run.stderr), (0, ""), "{run:#?}");
    run.stdout.lines().map(str::to_owned).collect()
}

#[test]
fn tab_completes_words_ids_and_component_keys_in_every_shell() {
    let server = server();
    let session = Client::silent_session(&server, &["LAB", "LAB/AMPLIFIER"]);
    for shell in SHELLS {
        let Some(screen) = shell.start(server.address()) else { continue };
        screen.press("graphctl sess\t");
        screen.wait_for("graphctl sessions ");
        screen.press("show \t");
        screen.wait_for(&format!("graphctl sessions show {}", session.session_id()));
        screen.press("\x15graphctl sessions check LAB/A\t");
        screen.wait_for("graphctl sessions check LAB/AMPLIFIER");
        screen.press("\x15graphctl sessions list --component=LAB/\t");
        screen.wait_for("graphctl sessions list --component=LAB/AMPLIFIER");
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
            screen.press(&format!("\x15{typed}\t"));
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
        assert_eq!(shown.lines().count(), 2, "{}: {shown}", shell.name);
    }
}

#[test]
fn the_server_that_is_typed_is_the_one_that_is_asked() {
    let server = server();
    let session = Client::silent_session(&server, &["LAB"]);
    let (nobody, address) = (free_address(), server.address());
    let with = format!("--address={address}");
    for words in [
        &["--address", address, "sessions", "show", ""][..],
        &["sessions", "show", "--address", address, ""],
        &["sessions", "drop", &with, "--nonsense", ""],
        &["--no-admin", "sessions", "show", "--address", address, ""],
    ] {
        assert_eq!(candidates(&nobody, words), [session.session_id()], "{words:?}");
    }
    let without = format!("--address={nobody}");
    assert!(candidates(address, &["sessions", "show", &without, "0"]).is_empty());
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
    let silent = TcpListener::bind("127.0.0.1:0").expect("there are ports");
    let address = silent.local_addr().expect("it has one").to_string();
    assert!(candidates(&address, &["sessions", "show", "0"]).is_empty());
}
