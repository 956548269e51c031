//! The table of the live view: as many columns as there is room for, and only the rows that are seen.

use std::collections::HashSet;
use std::time::Duration;

use ratatui::layout::Constraint;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Text;
use ratatui::widgets::{Cell, Row, Table};
use uuid::Uuid;

use super::entries::Entry;
use super::ui::Theme;
use crate::judge::{Case, Verdict};
use crate::look::Look;
use crate::render::{COLLIDES, NONE, id_width, printable, short, table};
use crate::watch::event::About;
use crate::watch::state::{Change, State};
use crate::words::ago;

/// A column: its name, its width, and how wide a screen must be to show it. What is told last falls away last.
struct Column(Kind, &'static str, u16, u16);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Id,
    Age,
    Idle,
    Rate,
    State,
    Lasted,
    Components,
}

/// How wide a state is: `stale never-started !`.
const STATE_WIDTH: u16 = 21;

/// How wide `12h 34m` is.
const AGO_WIDTH: u16 = 7;

const COLUMNS: [Column; 7] = [
    Column(Kind::Id, "ID", 0, 0),
    Column(Kind::Age, "AGE", AGO_WIDTH, 52),
    Column(Kind::Idle, "IDLE", AGO_WIDTH, 72),
    Column(Kind::Rate, "MSG/S", 6, 64),
    Column(Kind::State, "STATE", STATE_WIDTH, 0),
    Column(Kind::Lasted, "FOR", AGO_WIDTH, 96),
    Column(Kind::Components, "COMPONENTS", 0, 30),
];

/// The table of these rows, of which one is selected, on a screen of that width.
pub(super) fn table<'a>(
    theme: Theme,
    state: &State,
    rows: &[Entry<'_>],
    selected: Option<Uuid>,
    width: u16,
) -> Table<'a> {
    let ids = state.look().map_or(0, |look| id_width(look.cases.iter().map(|case| case.id)));
    let ids = u16::try_from(ids).unwrap_or(u16::MAX).max(8);
    let columns: Vec<_> = COLUMNS.into_iter().filter(|it| it.3 <= width).collect();
    let widths: Vec<_> = std::iter::once(Constraint::Length(1))
        .chain(columns.iter().map(|column| match column.0 {
            Kind::Id => Constraint::Length(ids),
            Kind::Components => Constraint::Min(1),
            _ => Constraint::Length(column.2),
        }))
        .collect();
    let names = std::iter::once("").chain(columns.iter().map(|column| column.1));
    let header = Row::new(names.map(Text::from)).style(Modifier::BOLD);
    let colliding = state.look().map(table::colliding).unwrap_or_default();
    let picture = Picture { theme, state, colliding, ids: ids.into() };
    let rows: Vec<_> = rows
        .iter()
        .map(|entry| {
            let row = picture.row(*entry, &columns, Some(entry.id()) == selected);
            let chosen = Some(entry.id()) == selected;
            if chosen { row.style(Modifier::REVERSED) } else { row }
        })
        .collect();
    Table::new(rows, widths).header(header).column_spacing(1)
}

struct Picture<'a> {
    theme: Theme,
    state: &'a State,
    colliding: HashSet<Uuid>,
    ids: usize,
}

impl Picture<'_> {
    fn row<'a>(&self, entry: Entry<'_>, columns: &[Column], selected: bool) -> Row<'a> {
        let mark = match entry {
            _ if selected => ">",
            Entry::Left(_) => "-",
            Entry::Case(_, case) => match self.state.change(case.id) {
                Some(Change::New) => "+",
                Some(Change::Was(_)) => "*",
                None => "",
            },
        };
        let cells = columns.iter().map(|column| match entry {
            Entry::Case(look, case) => self.cell(look, case, column.0),
            Entry::Left(left) => self.cell_of_left(&left.about, left.dropped, column.0),
        });
        Row::new(std::iter::once(Cell::from(mark)).chain(cells))
    }

    fn cell<'a>(&self, look: &Look, case: &Case, column: Kind) -> Cell<'a> {
        let text = match column {
            Kind::Id => short(case.id, self.ids),
            Kind::Age => duration(case.age),
            Kind::Idle => duration(case.idle(&look.inventory)),
            Kind::Rate => case.rate.map_or_else(none, |rate| format!("{rate:.0}")),
            Kind::State => {
                let mark = if self.colliding.contains(&case.id) { COLLIDES } else { "" };
                let text = format!("{} {mark}", case.verdict);
                return Cell::from(text.trim_end().to_owned()).style(self.style(case.verdict));
            }
            Kind::Lasted => duration(self.state.lasted(case.id)),
            Kind::Components => self.keys(&case.keys(&look.inventory)),
        };
        Cell::from(text)
    }

    fn cell_of_left<'a>(&self, about: &About, dropped: bool, column: Kind) -> Cell<'a> {
        let text = match column {
            Kind::Id => short(about.id, self.ids),
            Kind::State if dropped => "dropped".into(),
            Kind::State => "gone".into(),
            Kind::Components => {
                let keys: Vec<_> = about.components.iter().map(String::as_str).collect();
                self.keys(&keys)
            }
            Kind::Age | Kind::Idle | Kind::Rate | Kind::Lasted => none(),
        };
        Cell::from(text).style(Modifier::DIM)
    }

    fn keys(&self, keys: &[&str]) -> String {
        if keys.is_empty() { none() } else { self.theme.text(&printable(&keys.join(", "))) }
    }

    fn style(&self, verdict: Verdict) -> Style {
        let (color, bold) = match verdict {
            Verdict::Live => (Color::Green, Modifier::empty()),
            Verdict::Stale(_) => (Color::Red, Modifier::BOLD),
            Verdict::Suspect(_) => (Color::Yellow, Modifier::empty()),
            Verdict::Starting | Verdict::Observer | Verdict::Unknown => return Style::new(),
        };
        let style = Style::new().add_modifier(bold);
        if self.theme.color { style.fg(color) } else { style }
    }
}

fn duration(duration: Option<Duration>) -> String {
    duration.map_or_else(none, ago)
}

fn none() -> String {
    NONE.to_owned()
}
