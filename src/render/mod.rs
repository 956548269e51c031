//! Everything → text. Renderers return strings, or write to what they are given; they print nothing and
//! ask nothing.

pub mod events;
pub mod explain;
pub mod github;
pub mod json;
pub mod lock;
mod printable;
pub mod prometheus;
pub mod report;
mod stacks;
pub mod status;
pub mod table;

use std::collections::HashMap;
use std::fmt;
use std::time::Duration;

use comfy_table::{Attribute, Cell, Color, ContentArrangement, Row, Table, TableStyle};
use uuid::Uuid;

pub use self::printable::{is_invisible, printable};
use crate::judge::{Case, Collision, Verdict};
use crate::model::{Inventory, Process};
use crate::options::Terminal;
use crate::words::{self, ago, list};

/// How many lines a row may take on a screen before its component keys are cut.
const MOST_LINES: usize = 3;

/// What marks a session that collides with something, and the lines that say with what.
pub const COLLIDES: &str = "!";

/// What stands for "not known" or "none" in a column.
pub const NONE: &str = "-";

/// How many characters an id has in full.
pub const FULL_ID: usize = 36;

/// The fewest characters of an id that are shown.
const SHORTEST_ID: usize = 8;

/// A word of a command line that people may type or paste: a shell takes it as it is, whatever is in it.
#[must_use]
pub fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// How many characters of the ids must be shown so that each stands for one thing only.
#[must_use]
pub fn id_width(ids: impl Iterator<Item = Uuid>) -> usize {
    let mut ids: Vec<_> = ids.map(|id| id.to_string()).collect();
    ids.sort();
    let shared = |pair: &[String]| {
        let same = |(a, b): &(u8, u8)| a == b;
        pair[0].bytes().zip(pair[1].bytes()).take_while(same).count()
    };
    let needed = ids.windows(2).map(|pair| shared(pair) + 1).max().unwrap_or_default();
    needed.max(SHORTEST_ID)
}

/// An id in that many characters.
#[must_use]
pub fn short(id: Uuid, width: usize) -> String {
    let mut id = id.to_string();
    id.truncate(width);
    id
}

/// How many cases, told apart: `1 session and 2 leftovers`.
#[must_use]
pub fn number(inventory: &Inventory, cases: &[&Case]) -> String {
    let leftovers = cases.iter().filter(|case| case.session(inventory).is_none()).count();
    words::sessions(cases.len() - leftovers, leftovers)
}

/// `-o name`: one id a line.
#[must_use]
pub fn names(ids: impl Iterator<Item = Uuid>) -> String {
    ids.fold(String::new(), |names, id| names + &id.to_string() + "\n")
}

/// How the holders of collisions are called: sessions by their ids, processes by their pids.
pub struct Holders<'a> {
    processes: HashMap<Uuid, &'a Process>,
    width: usize,
}

impl<'a> Holders<'a> {
    /// With ids of that many characters.
    #[must_use]
    pub fn of(inventory: &'a Inventory, width: usize) -> Self {
        let processes = inventory.processes.iter().map(|process| (process.id, process));
        Self { processes: processes.collect(), width }
    }

    /// How one of them is called.
    #[must_use]
    pub fn name(&self, id: &Uuid) -> String {
        match self.processes.get(id) {
            Some(process) => process.name(),
            None => short(*id, self.width),
        }
    }

    /// One line for a collision.
    #[must_use]
    pub fn of_collision(&self, collision: &Collision) -> String {
        let Collision { kind, key, held_by } = collision;
        let holders: Vec<_> = held_by.iter().map(|id| self.name(id)).collect();
        printable(&format!("{} {key} is held by {}", kind.name(), list(&holders)))
    }
}

/// A row of a table: its cells but the last, and the text of that.
type Line = (Vec<Cell>, String);

/// The names of columns.
fn header(names: &[&str], last: &str) -> Line {
    (names.iter().map(Cell::new).collect(), last.to_owned())
}

/// A table without lines, which reads as well in a pipe as on a screen: of each line all but the last column,
/// and that.
///
/// In a pipe nothing stands behind the last column: its cells are as long as they like, and are not padded.
#[derive(Debug)]
pub struct BareTable(Vec<(String, String)>);

impl fmt::Display for BareTable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Padding would only end lines in blanks.
        self.0.iter().try_for_each(|(line, last)| match last.trim_end() {
            "" => writeln!(formatter, "{}", line.trim_end()),
            last => writeln!(formatter, "{line}{last}"),
        })
    }
}

/// On a screen a row takes that many lines at the most.
fn bare_table(terminal: Terminal, most: Option<usize>, lines: Vec<Line>) -> BareTable {
    if terminal.width.is_some() {
        let rows = lines.into_iter().map(|(mut cells, last)| {
            cells.push(Cell::new_owned(last));
            let mut row = Row::from(cells);
            if let Some(most) = most {
                row.max_height(most);
            }
            row
        });
        let lines = aligned(terminal, rows.collect()).into_iter();
        return BareTable(lines.map(|line| (line, String::new())).collect());
    }
    let (rows, last): (Vec<_>, Vec<_>) =
        lines.into_iter().map(|(cells, last)| (Row::from(cells), last)).unzip();
    BareTable(aligned(terminal, rows).into_iter().zip(last).collect())
}

/// The lines of a table.
fn aligned(terminal: Terminal, rows: Vec<Row>) -> Vec<String> {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).add_rows(rows);
    match terminal.width {
        Some(width) => table.set_width(width).set_content_arrangement(ContentArrangement::Dynamic),
        None => table.set_content_arrangement(ContentArrangement::Disabled),
    };
    if terminal.color {
        table.enforce_styling()
    } else {
        table.force_no_tty()
    };
    for column in table.column_iter_mut() {
        column.set_padding((0, 2));
    }
    table.lines().collect()
}

/// Component keys, or the sign that there are none.
fn keys<T: AsRef<str>>(keys: &[T]) -> String {
    let keys: Vec<_> = keys.iter().map(AsRef::as_ref).collect();
    if keys.is_empty() { NONE.to_owned() } else { printable(&keys.join(", ")) }
}

/// Names and values, one a line; values too long for the screen go on below themselves.
#[must_use]
pub fn fields(terminal: Terminal, fields: &[(&str, String)]) -> String {
    let line = |(name, value): &(&str, String)| (vec![Cell::new(name)], printable(value));
    bare_table(terminal, None, fields.iter().map(line).collect()).to_string()
}

/// A verdict, which stands out where there is colour, and at what rate messages flow all the same;
/// marked if it collides with something.
fn state(verdict: Verdict, rate: Option<f64>, collides: bool) -> Cell {
    let rate = rate.filter(|rate| *rate > 0.0);
    let flow = rate.map_or_else(String::new, |rate| format!(", {}", words::rate(rate)));
    let mark = if collides { format!(" {COLLIDES}") } else { String::new() };
    let cell = Cell::new(format!("{verdict}{flow}{mark}"));
    match verdict {
        Verdict::Live => cell.fg(Color::Green),
        Verdict::Stale(_) => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        Verdict::Suspect(_) => cell.fg(Color::Yellow),
        Verdict::Starting | Verdict::Observer | Verdict::Unknown => cell,
    }
}

/// A duration, if it is known.
fn duration(duration: Option<Duration>) -> Cell {
    Cell::new(duration.map_or_else(|| NONE.to_owned(), ago))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(width: Option<u16>, keys_of: &[&str]) -> String {
        let terminal = Terminal { width, color: false, prompt_width: None, screen: None };
        let cells =
            vec![Cell::new("ebd734a8"), Cell::new("4m 12s"), state(Verdict::Live, None, false)];
        let lines = vec![header(&["ID", "AGE", "STATE"], "KEYS"), (cells, keys(keys_of))];
        bare_table(terminal, Some(MOST_LINES), lines).to_string()
    }

    #[test]
    fn a_table_fits_the_screen_and_is_cut_after_a_few_lines() {
        let long =
            ["LABORATORY", "LABORATORY/AMPLIFIER", "LABORATORY/SPECTRUM", "LABORATORY/RECORDER"];
        assert_eq!(
            table(Some(60), &long),
            "ID        AGE     STATE  KEYS\n\
             ebd734a8  4m 12s  live   LABORATORY, LABORATORY/AMPLIFIER,\n\
             \x20                        LABORATORY/SPECTRUM,\n\
             \x20                        LABORATORY/RECORDER\n"
        );
        let longer = [long, long].concat();
        let cut = table(Some(60), &longer);
        assert_eq!(cut.lines().count(), 1 + MOST_LINES);
        assert!(cut.ends_with("…\n"), "{cut}");
        assert!(cut.lines().all(|line| line.chars().count() <= 60), "{cut}");
    }

    #[test]
    fn in_a_pipe_a_row_is_a_line_and_nothing_is_cut() {
        let keys: Vec<_> = (0..100).map(|number| format!("SYSTEM/UNIT_{number}")).collect();
        let keys: Vec<_> = keys.iter().map(String::as_str).collect();
        let whole = table(None, &keys);
        assert_eq!(whole.lines().count(), 2);
        assert!(whole.contains("SYSTEM/UNIT_0, ") && whole.ends_with("SYSTEM/UNIT_99\n"));
        assert_eq!(table(None, &[]), "ID        AGE     STATE  KEYS\nebd734a8  4m 12s  live   -\n");
    }

    #[test]
    fn ids_are_shown_as_long_as_it_takes_to_tell_them_apart() {
        let ids = |ids: &[u128]| id_width(ids.iter().map(|id| Uuid::from_u128(*id)));
        assert_eq!(ids(&[]), 8);
        assert_eq!(ids(&[1 << 96, 2 << 96]), 8);
        assert_eq!(ids(&[1 << 80, 2 << 80]), 13);
    }
}
