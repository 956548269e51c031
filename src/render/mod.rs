//! Everything → text. Renderers return strings; they print nothing and ask nothing.

pub mod explain;
pub mod json;
pub mod report;
pub mod status;
pub mod table;

use comfy_table::{Color, TableStyle};
use comfy_table::{ContentArrangement, Table};
use uuid::Uuid;

use crate::judge::{Collision, Verdict};
use crate::options::Terminal;
use crate::words::list;

/// The fewest characters of an id that are shown.
const SHORTEST_ID: usize = 8;

/// Text from the server, harmless to a terminal: control characters and those that turn the writing
/// direction are escaped.
#[must_use]
pub fn printable(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for character in text.chars() {
        let turns = matches!(character,
            '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}');
        if character.is_control() || turns {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
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

/// `-o name`: one id a line.
#[must_use]
pub fn names(ids: impl Iterator<Item = Uuid>) -> String {
    ids.fold(String::new(), |names, id| names + &id.to_string() + "\n")
}

/// One line for a collision.
#[must_use]
pub fn collision(collision: &Collision, width: usize) -> String {
    let holders: Vec<_> = collision.held_by.iter().map(|id| short(*id, width)).collect();
    printable(&format!("{} {} is held by {}", collision.kind.name(), collision.key, list(&holders)))
}

/// A table without lines, which reads as well in a pipe as on a screen.
fn bare_table(terminal: Terminal, header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(TableStyle::new()).set_header(header.to_vec());
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
    table
}

/// The text of a table, without the blanks that pad its last column.
fn lines(table: &Table) -> String {
    table.lines().fold(String::new(), |text, line| text + line.trim_end() + "\n")
}

/// How a verdict stands out where there is colour.
fn color_of(verdict: Verdict) -> Option<Color> {
    match verdict {
        Verdict::Live => Some(Color::Green),
        Verdict::Stale(_) => Some(Color::Red),
        Verdict::Suspect(_) => Some(Color::Yellow),
        Verdict::Starting | Verdict::Observer | Verdict::Unknown => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped() {
        assert_eq!(printable("SYSTEM/Größe µV"), "SYSTEM/Größe µV");
        assert_eq!(printable("a\x1b[2Jb\n\u{9b}c"), "a\\u{1b}[2Jb\\n\\u{9b}c");
        assert_eq!(printable("\u{202e}evil\u{200b}"), "\\u{202e}evil\\u{200b}");
    }

    #[test]
    fn ids_are_shown_as_long_as_it_takes_to_tell_them_apart() {
        let ids = |ids: &[u128]| id_width(ids.iter().map(|id| Uuid::from_u128(*id)));
        assert_eq!(ids(&[]), 8);
        assert_eq!(ids(&[1 << 96, 2 << 96]), 8);
        assert_eq!(ids(&[1 << 80, 2 << 80]), 13);
    }
}
