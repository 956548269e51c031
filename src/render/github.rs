//! What GitHub Actions is told, in its own forms. Names come from the server, and are told so that they are nothing
//! but names: neither commands of a workflow nor Markdown.

use std::fmt::Write as _;

use super::{Holders, NONE, id_width, printable, short, status, table};
use crate::exit::Exit;
use crate::judge::{Case, Collision};
use crate::look::Look;
use crate::model::Inventory;
use crate::reap::{Outcome, Report};
use crate::words::{self, ago, count, list};

/// How much room the words on rows that are left out take, in bytes.
const LAST_WORDS: usize = 64;

/// What became of a command: what of it is to be noticed, and all of it as a table.
#[derive(Debug)]
pub struct Note<'a> {
    finding: Option<Finding>,
    server: &'a str,
    columns: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// What is to be noticed.
#[derive(Debug)]
struct Finding {
    /// `warning` or `error`.
    level: &'static str,
    title: &'static str,
    text: String,
}

impl Note<'_> {
    /// The workflow command for what is to be noticed, if anything is. Its form is that of `issueCommand` in
    /// packages/core/src/command.ts of actions/toolkit.
    #[must_use]
    pub fn command(&self) -> Option<String> {
        let Finding { level, title, text } = self.finding.as_ref()?;
        let title = format!("graphctl: {title} on {}", printable(self.server));
        Some(format!("::{level} title={}::{}", property(&title), data(text)))
    }

    /// A heading and a table in Markdown, in that many bytes at the most.
    #[must_use]
    pub fn summary(&self, room: usize) -> String {
        let mut text = format!("### graphctl: sessions on {}\n\n", escaped(self.server));
        if self.rows.is_empty() {
            text.push_str("None.\n\n");
        } else {
            let _ = writeln!(
                text,
                "| {} |\n|{}",
                self.columns.join(" | "),
                " --- |".repeat(self.columns.len())
            );
        }
        for (index, row) in self.rows.iter().enumerate() {
            let cells: Vec<_> = row.iter().map(|cell| escaped(cell)).collect();
            let line = format!("| {} |\n", cells.join(" | "));
            if text.len() + line.len() + LAST_WORDS > room {
                let left = count(self.rows.len() - index, "row is", "rows are");
                let _ = write!(text, "\n{left} left out.");
                break;
            }
            text.push_str(&line);
        }
        text.push('\n');
        if text.len() > room { String::new() } else { text }
    }
}

/// What a listing shows.
#[must_use]
pub fn listing<'a>(look: &'a Look, cases: &[&Case]) -> Note<'a> {
    let width = id_width(look.cases.iter().map(|case| case.id));
    let mut text = table::next_steps(look, cases);
    if !look.collisions.is_empty() {
        let collisions = count(look.collisions.len(), "collision", "collisions");
        text.push(format!("{collisions}: graphctl sessions list"));
    }
    let row = |case: &&Case| {
        let keys = list(&case.keys(&look.inventory));
        vec![short(case.id, width), age(case.age), case.verdict.to_string(), keys]
    };
    Note {
        finding: (!text.is_empty()).then(|| Finding {
            level: "warning",
            title: "sessions to look at",
            text: text.join("\n"),
        }),
        server: &look.inventory.server.address,
        columns: &["Id", "Age", "State", "Components"],
        rows: cases.iter().map(row).collect(),
    }
}

/// What became of what was to be dropped.
#[must_use]
pub fn drops(report: &Report) -> Note<'_> {
    let width = id_width(report.targets.iter().map(|target| target.id));
    let row = |target: &crate::reap::Target| {
        let state = target.verdict.map_or_else(|| NONE.to_owned(), |it| it.to_string());
        let outcome = target.outcome.name().to_owned();
        let outcome =
            target.detail.as_ref().map_or(outcome.clone(), |why| format!("{outcome}: {why}"));
        vec![short(target.id, width), age(target.age), state, outcome, list(&target.components)]
    };
    Note {
        finding: dropped(report),
        server: &report.server.address,
        columns: &["Id", "Age", "State", "Outcome", "Components"],
        rows: report.targets.iter().map(row).collect(),
    }
}

fn dropped(report: &Report) -> Option<Finding> {
    let number = |outcome| report.of(&[outcome]).count();
    let went = [(Outcome::Dropped, "dropped"), (Outcome::WouldDrop, "would be dropped")];
    let undone = [
        (Outcome::Refused, "refused"),
        (Outcome::Changed, "left alone, having changed"),
        (Outcome::Failed, "not gone"),
    ];
    let told = went.into_iter().chain(undone).filter(|(outcome, _)| number(*outcome) > 0);
    let mut parts: Vec<_> = told
        .map(|(outcome, word)| format!("{} {word}", words::sessions(number(outcome), 0)))
        .collect();
    let (level, title) = match report.exit() {
        Exit::Success if parts.is_empty() => return None,
        Exit::Success => ("warning", "dead sessions"),
        _ => ("error", "not all is dropped"),
    };
    let why = report.targets.iter().find_map(|target| target.detail.as_deref());
    parts.extend(why.map(printable));
    if report.extent.dry_run && level == "warning" {
        parts.push("without --dry-run they go".into());
    }
    if parts.is_empty() {
        parts.push("what was asked for is not done".into());
    }
    Some(Finding { level, title, text: parts.join("\n") })
}

/// Who holds the keys that are wanted.
#[must_use]
pub fn check<'a>(inventory: &'a Inventory, cases: &[Case], collisions: &[Collision]) -> Note<'a> {
    let holders = Holders::of(inventory, id_width(cases.iter().map(|case| case.id)));
    let lines = status::collisions(inventory, cases, collisions);
    let lines: Vec<_> = lines.lines().collect();
    let row = |it: &Collision| {
        let held_by: Vec<_> = it.held_by.iter().map(|id| holders.name(id)).collect();
        vec![it.kind.name().to_owned(), it.key.clone(), list(&held_by)]
    };
    Note {
        finding: (!collisions.is_empty()).then(|| Finding {
            level: "error",
            title: "component keys are held",
            text: list(&lines),
        }),
        server: &inventory.server.address,
        columns: &["Kind", "Key", "Held by"],
        rows: collisions.iter().map(row).collect(),
    }
}

fn age(age: Option<std::time::Duration>) -> String {
    age.map_or_else(|| NONE.to_owned(), ago)
}

/// The text of a workflow command.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// Text as a cell of a table: what could be Markdown, HTML, a mention or a link is written as entities.
fn escaped(text: &str) -> String {
    let plain = |it: char| it.is_alphanumeric() || !it.is_ascii() || matches!(it, ' ' | '-' | '/');
    printable(text).chars().fold(String::new(), |mut safe, character| {
        if plain(character) {
            safe.push(character);
        } else {
            let _ = write!(safe, "&#{};", u32::from(character));
        }
        safe
    })
}
