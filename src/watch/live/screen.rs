//! What is known, and what is selected of it → a picture. Pure: it knows no terminal and no clock.

use std::time::Instant;

use ratatui::Frame;
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::Modifier;
use ratatui::text::Line;
use ratatui::widgets::{Paragraph, Wrap};
use uuid::Uuid;

use super::listing;
use super::ui::{Pane, Theme, Ui};
use crate::cli::Sort;
use crate::options::Terminal;
use crate::reap::Planner;
use crate::render::{Holders, explain, id_width, lock, number, printable};
use crate::watch::state::State;
use crate::words::{ago, count};

/// The share of the screen's lines that what is below the list may take.
const NOTES_SHARE: u16 = 3;

const HELP: &str = "\
Up Down j k      select; also PgUp PgDn Home End g G
Enter            tell everything of it, and who holds it
d                drop it, if it is proven dead: asks first
r                drop all that are shown and proven dead: asks first
/                filter by id or component key; Esc shows all
s                sort by age, idle time, state, component
Ctrl-L           draw everything anew
q                leave

+ is new, * has changed, - is gone, ! collides with something";

impl Theme {
    /// Text that this terminal can show.
    pub(super) fn text(self, text: &str) -> String {
        if self.unicode {
            return text.to_owned();
        }
        let plain = text.replace('…', "...").replace('→', "->");
        plain.chars().map(|it| if it.is_ascii() { it } else { '?' }).collect()
    }
}

/// Draws what is known at that time.
pub fn draw(frame: &mut Frame<'_>, state: &State, ui: &mut Ui, now: Instant) {
    let footer = footer(ui);
    let areas =
        Layout::vertical([Constraint::Length(1), Constraint::Min(1), Constraint::Length(1)]);
    let [title_area, body, footer_area] = areas.areas(frame.area());
    frame.render_widget(title(state, ui, now), title_area);
    frame.render_widget(Line::from(footer), footer_area);
    match &ui.pane {
        Pane::List => draw_list(frame, body, state, ui),
        Pane::Details { .. } => draw_details(frame, body, state, ui),
        Pane::Question { plan, .. } => {
            let text = Paragraph::new(ui.theme.text(plan)).wrap(Wrap { trim: false });
            frame.render_widget(text, body);
        }
        Pane::Help => frame.render_widget(Paragraph::new(HELP).wrap(Wrap { trim: false }), body),
    }
}

/// Where one looks, and what is there; or why nothing is known.
fn title(state: &State, ui: &Ui, now: Instant) -> Line<'static> {
    let known = match (state.look(), state.lost()) {
        (_, Some((why, since))) => {
            let lost_for = ago(now.saturating_duration_since(since));
            format!("LOST {lost_for}: {}", printable(why))
        }
        (None, None) => "connecting …".to_owned(),
        (Some(look), None) => {
            let cases: Vec<_> = state.selected();
            let version = printable(&look.inventory.server.version);
            format!("ezmsg {version}  {}", number(&look.inventory, &cases))
        }
    };
    let filter = match ui.filter.text.as_str() {
        "" => String::new(),
        text => format!("  /{}", printable(text)),
    };
    let sort = match ui.sort {
        Sort::Age => "age",
        Sort::Idle => "idle",
        Sort::State => "state",
        Sort::Component => "component",
    };
    let title = format!("{}  {known}{filter}  by {sort}", printable(&ui.address));
    Line::from(ui.theme.text(&title)).style(Modifier::REVERSED)
}

fn footer(ui: &Ui) -> String {
    let keys = match &ui.pane {
        Pane::List if ui.filter.typing => {
            return ui.theme.text(&format!("/{}", printable(&ui.filter.text)));
        }
        Pane::List => "Enter details  d drop  r reap  / filter  s sort  ? help  q quit",
        Pane::Details { .. } => "q back  Up Down scroll  d drop",
        Pane::Question { .. } => "y drop  any other key: no",
        Pane::Help => "any key: back",
    };
    let told = ui.told.last().map(|it| ui.theme.text(&printable(it)));
    told.unwrap_or_else(|| keys.to_owned())
}

fn draw_list(frame: &mut Frame<'_>, area: Rect, state: &State, ui: &mut Ui) {
    let notes = notes(state, ui);
    let most = area.height / NOTES_SHARE;
    let height = u16::try_from(notes.len()).unwrap_or(u16::MAX).min(most);
    let [list, below] =
        Layout::vertical([Constraint::Min(1), Constraint::Length(height)]).areas(area);
    let entries = ui.entries(state);
    let place = ui.place(&entries);
    ui.visible = usize::from(list.height.saturating_sub(1)).max(1);
    ui.top = ui.top.clamp((place + 1).saturating_sub(ui.visible), place);
    let end = entries.len().min(ui.top + ui.visible);
    let rows = entries.get(ui.top..end).unwrap_or_default();
    let selected = entries.get(place).map(|entry| entry.id());
    frame.render_widget(listing::table(ui.theme, state, rows, selected, list.width), list);
    let notes: Vec<_> = notes.iter().map(|note| Line::from(ui.theme.text(note))).collect();
    frame.render_widget(Paragraph::new(notes), below);
}

/// What is in each other's way, and who keeps the server from its work.
fn notes(state: &State, ui: &Ui) -> Vec<String> {
    let Some(look) = state.look() else { return Vec::new() };
    let width = id_width(look.cases.iter().map(|case| case.id));
    let holders = Holders::of(&look.inventory, width);
    let mut notes: Vec<_> = lock::held(look).into_iter().collect();
    notes.extend(look.collisions.iter().map(|it| format!("! {}", holders.of_collision(it))));
    let told = ui.told.len().saturating_sub(1);
    notes.extend(ui.told.iter().take(told).map(|it| printable(it)));
    notes
}

fn draw_details(frame: &mut Frame<'_>, area: Rect, state: &State, ui: &mut Ui) {
    let Pane::Details { id, text, scroll } = &mut ui.pane else { return };
    let gone = explained(state, *id, area.width).map(|it| *text = Some(it)).is_none();
    let mut lines: Vec<_> = text.iter().flat_map(|it| it.lines()).collect();
    if gone {
        lines.insert(0, "it is gone; this is how it was");
    }
    let height = usize::from(area.height).max(1);
    *scroll = (*scroll).min(lines.len().saturating_sub(height));
    let seen = lines.iter().skip(*scroll).take(height);
    let seen: Vec<_> = seen.map(|line| Line::from(ui.theme.text(line))).collect();
    ui.visible = height;
    frame.render_widget(Paragraph::new(seen), area);
}

/// What `show` says of it, and for how long it has been so; `None` if it is gone.
fn explained(state: &State, id: Uuid, width: u16) -> Option<String> {
    let (look, case) = state.case(id)?;
    let taken = Planner::new(&look.inventory).would_take(case);
    let width = Some(width);
    let terminal = Terminal { width, color: false, screen: None, interactive: false };
    let text = explain::case(look, case, taken.as_ref(), terminal);
    let lasted = state.lasted(id).map_or_else(String::new, |it| format!(" for {}", ago(it)));
    let messages = case.messages.filter(|_| !case.owners.is_empty());
    let messages = messages.and_then(|it| usize::try_from(it).ok());
    let messages = messages.map_or_else(String::new, |it| {
        format!(", {} published and received", count(it, "message", "messages"))
    });
    Some(format!("{}{lasted}{messages}\n{text}", case.verdict))
}
