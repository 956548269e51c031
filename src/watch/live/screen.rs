//! What is known and what is chosen → a frame. Pure: it knows no terminal.

use std::time::Instant;

use ratatui::Frame;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::Line;

use super::listing;
use super::scroll::Page;
use super::style::{FAINT, Theme, cut, width, wrapped};
use super::texts;
use super::ui::{Over, Ui};
use crate::watch::state::State;

/// Draws what is known at that time.
pub fn draw(frame: &mut Frame<'_>, state: &State, ui: &mut Ui, now: Instant) {
    let area = frame.area();
    ui.make(state, area.width);
    let footer = footer(state, ui, area);
    let title = u16::from(usize::from(area.height) >= footer.len() + 3);
    let below = u16::try_from(footer.len()).unwrap_or(area.height).min(area.height);
    let body = Rect { y: area.y + title, height: area.height - title - below, ..area };
    let shown = draw_body(frame.buffer_mut(), body, state, ui);
    if title > 0 {
        let line = Line::raw(texts::title(state, ui, shown, now, area.width.into()));
        let area = Rect { height: 1, ..area };
        frame.buffer_mut().set_line(area.x, area.y, &line, area.width);
        frame.buffer_mut().set_style(area, Style::new().add_modifier(Modifier::REVERSED));
    }
    draw_lines(frame.buffer_mut(), Rect { y: body.bottom(), height: below, ..area }, &footer);
    if let (Some(Over::Typing), Some(typed)) = (&ui.over, footer.last()) {
        let typed = u16::try_from(typed.width()).unwrap_or(area.width);
        let (right, last) = (area.right().saturating_sub(1), area.bottom().saturating_sub(1));
        frame.set_cursor_position((right.min(area.x + typed), last));
    }
    ui.theme.keep_to(frame.buffer_mut());
}

/// Draws what is open; tells how many rows the list shows, if it does.
fn draw_body(buffer: &mut Buffer, area: Rect, state: &State, ui: &mut Ui) -> Option<usize> {
    match &mut ui.over {
        Some(Over::Help(page)) => draw_page(buffer, area, page),
        Some(Over::Question(question)) => draw_page(buffer, area, &mut question.page),
        Some(Over::Typing) | None => match &mut ui.details {
            Some(details) => draw_page(buffer, area, &mut details.page),
            None => return Some(draw_list(buffer, area, state, ui)),
        },
    }
    None
}

fn draw_list(buffer: &mut Buffer, area: Rect, state: &State, ui: &mut Ui) -> usize {
    // The header and a row come first; of the rest, what is in the way gets a third.
    let most = area.height.saturating_sub(2) / 3 + u16::from(area.height > 3);
    let notes = notes(state, ui, area.width.into(), most.into());
    let height = u16::try_from(notes.len()).unwrap_or(area.height).min(area.height);
    let list = Rect { height: area.height - height, ..area };
    let shown = listing::draw(buffer, list, &mut ui.list, state, ui.theme);
    if shown == 0 && list.height > 1 {
        let why = texts::empty(state, ui);
        let columns = usize::from(list.width).saturating_sub(3);
        let why = cut(&why, columns, ui.theme);
        buffer.set_string(list.x + list.width.min(3), list.y + 1, why, FAINT);
    }
    draw_lines(buffer, Rect { y: list.bottom(), height, ..area }, &notes);
    shown
}

/// What stands below the table, in so many lines at the most.
fn notes(state: &State, ui: &Ui, columns: usize, most: usize) -> Vec<Line<'static>> {
    let (notes, number) = texts::notes(state, ui.theme, most);
    let mut lines = Vec::new();
    let mut told = 0;
    for (text, style) in notes {
        let note = wrapped(&text, columns);
        let more = usize::from(told + 1 < number);
        if told > 0 && lines.len() + note.len() + more > most {
            break;
        }
        lines.extend(note.into_iter().map(|line| Line::styled(line, style)));
        told += 1;
    }
    let untold = number - told;
    if untold > 0 && most > 1 {
        lines.truncate(most - 1);
        lines.push(Line::styled(texts::untold(untold), FAINT));
    }
    shortened(lines, columns, most, ui.theme)
}

/// The keys, below what was told; or the question, below what must not be overlooked before it is answered.
fn footer(state: &State, ui: &Ui, area: Rect) -> Vec<Line<'static>> {
    let columns = usize::from(area.width);
    let room = (usize::from(area.height) / 2).max(1) - 1;
    let (warnings, last) = match &ui.over {
        Some(Over::Question(question)) => {
            let asked = texts::question(question, state, area);
            let asked = cut(&asked, columns, ui.theme);
            let asked = Line::styled(asked, Style::new().add_modifier(Modifier::BOLD));
            (question.warnings(state), asked)
        }
        Some(Over::Typing) => (Vec::new(), Line::raw(texts::typing(ui, columns))),
        Some(Over::Help(_)) | None => (texts::gone(ui), texts::keys(ui, columns)),
    };
    let warnings = warnings.iter().flat_map(|it| styled(it, ui.theme.bad(), columns));
    let mut lines = shortened(warnings.collect(), columns, room, ui.theme);
    lines.extend(told(ui, columns, room - lines.len()));
    lines.push(last);
    lines
}

/// What was told, the newest for sure.
fn told(ui: &Ui, columns: usize, room: usize) -> Vec<Line<'static>> {
    let mut lines = Vec::new();
    for told in ui.told.iter().rev() {
        let told: Vec<_> = styled(told, Style::new(), columns).collect();
        if !lines.is_empty() && lines.len() + told.len() > room {
            break;
        }
        lines.splice(..0, told);
    }
    shortened(lines, columns, room, ui.theme)
}

fn styled(text: &str, style: Style, columns: usize) -> impl Iterator<Item = Line<'static>> {
    wrapped(text, columns).into_iter().map(move |line| Line::styled(line, style))
}

/// As many lines; the last says that there were more.
fn shortened(
    mut lines: Vec<Line<'static>>,
    columns: usize,
    most: usize,
    theme: Theme,
) -> Vec<Line<'static>> {
    if lines.len() > most {
        lines.truncate(most);
        if let Some(last) = lines.last_mut() {
            let room = columns.saturating_sub(width(theme.more()));
            let text = cut(&last.to_string(), room, theme);
            let more = if text.ends_with(theme.more()) { "" } else { theme.more() };
            *last = Line::styled(text + more, last.style);
        }
    }
    lines
}

fn draw_lines(buffer: &mut Buffer, area: Rect, lines: &[Line<'_>]) {
    for (y, line) in (area.y..area.bottom()).zip(lines) {
        buffer.set_line(area.x, y, line, area.width);
    }
}

fn draw_page(buffer: &mut Buffer, area: Rect, page: &mut Page) {
    page.scroll.fit(area.height.into(), page.lines.len());
    let in_view = page.lines.iter().skip(page.scroll.top);
    for (y, line) in (area.y..area.bottom()).zip(in_view) {
        buffer.set_stringn(area.x, y, line, area.width.into(), Style::new());
    }
}
