//! The list as a table: as many columns as there is room for, and only the rows in view. Pure.

use std::collections::HashSet;

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use uuid::Uuid;

use super::columns::Column;
use super::rows::{List, Row, Sort};
use super::style::{FAINT, Theme, cut, visible, width};
use crate::judge::Verdict;
use crate::render::table;
use crate::render::{COLLIDES, NONE, id_width, printable, short};
use crate::watch::state::{Change, State};
use crate::words::ago;

/// Between columns.
const GAP: usize = 2;

/// The cursor, what is new, and a blank.
const MARKS: usize = 3;

/// Below this many columns for component keys, other columns go.
const LEAST_KEYS: usize = 16;

/// Draws the list; tells how many rows it has.
pub(super) fn draw(
    buffer: &mut Buffer,
    area: Rect,
    list: &mut List,
    state: &State,
    theme: Theme,
) -> usize {
    let rows = list.rows(state);
    list.settle(&rows);
    let height = usize::from(area.height).saturating_sub(1);
    list.scroll.fit(height, rows.len());
    list.scroll.show(list.index);
    if area.is_empty() {
        return rows.len();
    }
    let top = list.scroll.top;
    let in_view = &rows[top.min(rows.len())..rows.len().min(top + height)];
    let table = Table::of(in_view, list, state, theme, area.width.into());
    let head = Rect { height: 1, ..area };
    buffer.set_line(area.x, area.y, &table.header(list.sort), area.width);
    buffer.set_style(head, Style::new().add_modifier(Modifier::BOLD));
    for (line, (y, row)) in (area.y + 1..area.bottom()).zip(in_view).enumerate() {
        let chosen = top + line == list.index;
        buffer.set_line(area.x, y, &table.row(line, row, chosen), area.width);
        if chosen {
            let area = Rect { y, height: 1, ..area };
            buffer.set_style(area, Style::new().add_modifier(Modifier::REVERSED));
        }
    }
    rows.len()
}

struct Table<'a> {
    state: &'a State,
    theme: Theme,
    columns: Vec<(Column, usize)>,
    /// By row in view, and by column.
    cells: Vec<Vec<Span<'a>>>,
    /// How many columns are left for component keys.
    room: usize,
}

impl<'a> Table<'a> {
    fn of(rows: &[Row<'_>], list: &List, state: &'a State, theme: Theme, width: usize) -> Self {
        let ids = state.look().into_iter().flat_map(|look| &look.cases).map(|case| case.id);
        let id_width = id_width(ids);
        let colliding = state.look().map(table::colliding).unwrap_or_default();
        let cell = |column: Column, row: &Row<'_>| match column {
            Column::Id => Span::raw(short(row.id(), id_width)),
            Column::Age => Span::raw(row.age().map_or_else(none, ago)),
            Column::Idle => Span::raw(row.idle().map_or_else(none, ago)),
            Column::Rate => Span::raw(row.rate().map_or_else(none, rate)),
            Column::State => verdict(row, &colliding, theme),
            Column::Lasted => Span::raw(state.lasted(row.id()).map_or_else(none, ago)),
            Column::Change => Span::styled(change(state, row), theme.news()),
        };
        let mut cells: Vec<Vec<_>> = Column::ALL
            .iter()
            .map(|column| rows.iter().map(|row| cell(*column, row)).collect())
            .collect();
        let widths = Column::ALL.iter().zip(&cells).map(|(column, cells)| {
            let sorted = usize::from(column.sorts() == Some(list.sort));
            let widest = cells.iter().map(Span::width).max().unwrap_or_default();
            (*column, widest.max(column.least()).max(column.name().len() + sorted))
        });
        let mut columns: Vec<_> = widths.collect();
        for goes in Column::GO {
            if taken(&columns) + LEAST_KEYS <= width {
                break;
            }
            let at = columns.iter().position(|(column, _)| *column == goes);
            if let Some(at) = at {
                columns.remove(at);
                cells.remove(at);
            }
        }
        let room = width.saturating_sub(taken(&columns));
        Self { state, theme, columns, cells, room }
    }

    fn header(&self, sort: Sort) -> Line<'static> {
        let mut text = " ".repeat(MARKS);
        for (column, width) in &self.columns {
            let sorted = if column.sorts() == Some(sort) { self.theme.sorted() } else { "" };
            let name = format!("{}{sorted}", column.name());
            text += &padded(&name, *width, *column == Column::Rate);
        }
        let sorted = if sort == Sort::Components { self.theme.sorted() } else { "" };
        let width = taken(&self.columns) + self.room;
        Line::raw(cut(&format!("{text}COMPONENTS{sorted}"), width, self.theme))
    }

    /// What is chosen is turned dark on light: colours would be light on light there.
    fn row(&self, line: usize, row: &Row<'_>, chosen: bool) -> Line<'a> {
        let cursor = if chosen { self.theme.cursor() } else { " " };
        let mut spans = vec![
            Span::raw(cursor),
            Span::styled(sign(self.state, row), self.theme.news()),
            Span::raw(" "),
        ];
        for ((column, width), cells) in self.columns.iter().zip(&self.cells) {
            let cell = &cells[line];
            let text = padded(&cell.content, *width, *column == Column::Rate);
            spans.push(Span::styled(text, cell.style));
        }
        spans.push(Span::raw(self.keys(row)));
        let style = match row {
            Row::Gone(_) => FAINT,
            Row::Here(..) => Style::new(),
        };
        if chosen {
            for span in &mut spans {
                span.style = Style::new();
            }
        }
        Line::from(spans).style(style)
    }

    /// As many component keys as there is room for.
    fn keys(&self, row: &Row<'_>) -> String {
        let mut text = String::new();
        for key in row.keys() {
            if width(&text) > self.room {
                break;
            }
            if !text.is_empty() {
                text += ", ";
            }
            text += &printable(visible(key));
        }
        if text.is_empty() {
            text += NONE;
        }
        cut(&text, self.room, self.theme)
    }
}

/// What the marks and these columns take.
fn taken(columns: &[(Column, usize)]) -> usize {
    MARKS + columns.iter().map(|(_, width)| width + GAP).sum::<usize>()
}

fn padded(text: &str, columns: usize, right: bool) -> String {
    let blanks = " ".repeat(columns.saturating_sub(width(text)));
    let gap = " ".repeat(GAP);
    if right { format!("{blanks}{text}{gap}") } else { format!("{text}{blanks}{gap}") }
}

fn none() -> String {
    NONE.to_owned()
}

fn rate(rate: f64) -> String {
    if rate > 0.0 && rate < 0.5 { "<1".to_owned() } else { format!("{rate:.0}") }
}

fn verdict(row: &Row<'_>, colliding: &HashSet<Uuid>, theme: Theme) -> Span<'static> {
    match row {
        Row::Gone(left) if left.dropped => Span::raw("dropped"),
        Row::Gone(_) => Span::raw("gone"),
        Row::Here(_, case) => {
            let mark = if colliding.contains(&case.id) { COLLIDES } else { "" };
            let text = format!("{} {mark}", case.verdict);
            Span::styled(text.trim_end().to_owned(), theme.verdict(case.verdict))
        }
    }
}

/// What is new, in one sign.
fn sign(state: &State, row: &Row<'_>) -> &'static str {
    match (row, state.change(row.id())) {
        (Row::Gone(_), _) => "-",
        (Row::Here(..), Some(Change::New)) => "+",
        (Row::Here(..), Some(Change::Was(_))) => "~",
        (Row::Here(..), None) => " ",
    }
}

/// The same in words.
fn change(state: &State, row: &Row<'_>) -> String {
    let was = |was: Verdict| {
        let other = was.reason().filter(|_| was.state() == row.verdict().state());
        format!("was {}", other.unwrap_or(was.state()))
    };
    match (row, state.change(row.id())) {
        (Row::Gone(left), _) => was(left.about.verdict),
        (Row::Here(..), Some(Change::New)) => "new".to_owned(),
        (Row::Here(..), Some(Change::Was(verdict))) => was(verdict),
        (Row::Here(..), None) => String::new(),
    }
}
