//! The man pages: what clap knows of each command, its examples, and what holds for all of them.

use std::fs;
use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_mangen::Man;
use clap_mangen::roff::{Inline, Roff, bold, italic, roman};
use graphctl::cli::{Cli, examples};
use graphctl::exit::Exit;

/// A variable or a file, the option or argument that it takes, if it takes any, and what it is.
type Item = (&'static str, Option<&'static str>, &'static str);

/// Variables that graphctl heeds.
const ENVIRONMENT: [Item; 7] = [
    (
        "EZMSG_GRAPHSERVER_ADDR",
        None,
        "The server, HOST:PORT, as for ezmsg itself; --address outranks it.",
    ),
    ("GRAPHCTL_NO_ADMIN", None, "Set to anything but 0, false, no or off: as --no-admin."),
    ("GRAPHCTL_START_TIMEOUT", None, "As --start-timeout."),
    ("NO_COLOR", None, "Set to anything: no colour, unless --color says otherwise."),
    ("TERM", None, "If it is dumb: no colour, and nothing that moves the cursor."),
    ("GITHUB_STEP_SUMMARY", Some("github"), "The file to which --github appends a table."),
    (
        "GRAPHCTL_COMPLETE",
        Some("shell"),
        "Set by the scripts of graphctl-completions(1): the shell that asks.",
    ),
];

/// Files that it reads or writes.
const FILES: [Item; 4] = [
    ("/proc", None, "Who holds which connection on this machine (Linux). It is only read."),
    ("--from FILE", Some("from"), "Component keys, one a line, in UTF-8."),
    (
        "--audit FILE",
        Some("audit"),
        "A line of JSON is appended for each target of a drop. It may be rotated at any time.",
    ),
    (
        "--prom-file FILE",
        Some("prom_file"),
        "Metrics, replaced in one piece. The file keeps its owner and mode, and a link to it stays a link.",
    ),
];

/// Writes a page for each command.
pub(crate) fn generate(folder: &Path) {
    let mut command = Cli::command().disable_help_subcommand(true);
    command.build();
    let command = in_full(command);
    for (name, with, _) in ENVIRONMENT.iter().chain(&FILES) {
        assert!(with.is_none_or(|it| takes(&command, it)), "nothing takes what {name} is for");
    }
    let names = names(&command);
    pages(&command, &names, folder);
}

/// What `-h` leaves out would else be left without a word.
fn in_full(command: Command) -> Command {
    command.mut_args(|arg| arg.hide_short_help(false)).mut_subcommands(in_full)
}

/// The pages there are.
fn names(command: &Command) -> Vec<String> {
    let below = command.get_subcommands().flat_map(names);
    std::iter::once(page(command)).chain(below).collect()
}

fn page(command: &Command) -> String {
    command.get_display_name().unwrap_or_else(|| command.get_name()).to_owned()
}

fn pages(command: &Command, names: &[String], folder: &Path) {
    let path = folder.join(format!("{}.1", page(command)));
    fs::write(path, written(command, names)).expect("a page can be written");
    for below in command.get_subcommands() {
        pages(below, names, folder);
    }
}

fn written(command: &Command, names: &[String]) -> Vec<u8> {
    let version = Cli::command().render_version();
    let man = Man::new(command.clone()).source(version.trim_end()).manual("graphctl");
    let mut page = Vec::new();
    man.render_title(&mut page).expect("memory can be written");
    unbroken().to_writer(&mut page).expect("memory can be written");
    man.render_name_section(&mut page).expect("memory can be written");
    synopsis(command).to_writer(&mut page).expect("memory can be written");
    man.render_description_section(&mut page).expect("memory can be written");
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page).expect("memory can be written");
    }
    man.render_options_section(&mut page).expect("memory can be written");
    for section in [
        examples(command),
        exit_status(command),
        list("ENVIRONMENT", items(command, ENVIRONMENT)),
        list("FILES", items(command, FILES)),
        see_also(command, names),
    ] {
        section.to_writer(&mut page).expect("memory can be written");
    }
    page
}

/// Names are typed as they stand: none is hyphenated.
fn unbroken() -> Roff {
    let mut setting = Roff::new();
    setting.control("nh", []).control("ad", ["l"]);
    setting
}

/// Whether it, or one of its own commands, has that option or argument.
fn takes(command: &Command, argument: &str) -> bool {
    command.get_arguments().any(|it| it.get_id() == argument)
        || command.get_subcommands().any(|below| takes(below, argument))
}

/// Those that concern a command.
fn items(
    command: &Command,
    all: impl IntoIterator<Item = Item>,
) -> impl Iterator<Item = (&'static str, &'static str)> {
    let concern = move |(_, with, _): &Item| with.is_none_or(|it| takes(command, it));
    all.into_iter().filter(concern).map(|(name, _, meaning)| (name, meaning))
}

fn exit_status(command: &Command) -> Roff {
    let runs = takes(command, "command");
    let concerns = |exit: &Exit| runs || !matches!(exit, Exit::NotExecutable | Exit::NotFound);
    let codes = Exit::ALL.into_iter().filter(concerns);
    let mut section =
        list("EXIT STATUS", codes.map(|it| (it.code().to_string(), it.meaning().to_owned())));
    if runs {
        section.control("PP", []).text([roman(Exit::OF_A_COMMAND)]);
    }
    section
}

fn synopsis(command: &Command) -> Roff {
    let usage = command.clone().render_usage().to_string();
    let usage = usage.trim_start_matches("Usage: ").to_owned();
    let mut section = Roff::new();
    section.control("SH", ["SYNOPSIS"]).text([roman(usage)]);
    section
}

fn examples(command: &Command) -> Roff {
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());
    let mut section = Roff::new();
    for (number, (line, purpose)) in examples::of(name).iter().enumerate() {
        if number == 0 {
            section.control("SH", ["EXAMPLES"]);
        }
        section.control("PP", []).text([roman(format!("{purpose}:"))]);
        section.control("RS", ["4"]).control("nf", []);
        section.text([bold(*line)]);
        section.control("fi", []).control("RE", []);
    }
    section
}

/// Names, and what they mean.
fn list<T: Into<Inline>>(title: &str, items: impl IntoIterator<Item = (T, T)>) -> Roff {
    let mut section = Roff::new();
    section.control("SH", [title]);
    for (name, meaning) in items {
        section.control("TP", []).text([name.into()]).text([meaning.into()]);
    }
    section
}

fn see_also(command: &Command, names: &[String]) -> Roff {
    let own = page(command);
    let others: Vec<_> =
        names.iter().filter(|it| **it != own).map(|it| format!("{it}(1)")).collect();
    let mut section = Roff::new();
    section.control("SH", ["SEE ALSO"]).text([italic(others.join(", "))]);
    section
}
