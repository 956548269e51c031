//! What stands around the list. Pure.

use std::time::Instant;

use ratatui::layout::Rect;
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use super::panes::Question;
use super::style::{Theme, cut, width};
use super::ui::{Over, Ui};
use crate::judge::Case;
use crate::render::{COLLIDES, Holders, id_width, lock, number, printable};
use crate::watch::state::State;
use crate::words::ago;

/// Whom all this is about, how many there are, and how old the news is. Where there is no room, what matters
/// least goes first.
pub(super) fn title(
    state: &State,
    ui: &Ui,
    shown: Option<usize>,
    now: Instant,
    columns: usize,
) -> String {
    let since = |then| ago(now.saturating_duration_since(then));
    let look = state.look();
    let version = look.map(|look| format!("ezmsg {}", look.inventory.server.version));
    let number = look.map(|look| {
        let cases: Vec<_> = state.selected();
        let number = number(&look.inventory, &cases);
        match shown.filter(|_| !ui.list.search.is_empty()) {
            Some(shown) => format!("{shown} of {number} /{}", ui.list.search.text()),
            None => stale(number, &cases),
        }
    });
    let news = match (state.lost(), look) {
        (Some((_, then)), _) => Some(format!("LOST {} ago", since(then))),
        (None, Some(look)) => Some(format!("looked {} ago", since(look.taken))),
        (None, None) => Some("connecting".to_owned()),
    };
    let lost = state.lost().is_some();
    // With what matters least as the largest number.
    let mut parts = vec![
        (2, Some(ui.address.clone())),
        (4, version),
        (1, number),
        (if lost { 0 } else { 3 }, news),
    ];
    parts.retain(|(_, part)| part.is_some());
    loop {
        let texts: Vec<_> = parts.iter().filter_map(|(_, part)| part.as_deref()).collect();
        let text = printable(&texts.join(ui.theme.between()));
        if width(&text) <= columns || parts.len() == 1 {
            return cut(&text, columns, ui.theme);
        }
        let least = parts.iter().map(|(rank, _)| *rank).max();
        parts.retain(|(rank, _)| Some(*rank) != least);
    }
}

fn stale(number: String, cases: &[&Case]) -> String {
    match cases.iter().filter(|case| case.verdict.is_stale()).count() {
        0 => number,
        stale => format!("{number}, {stale} stale"),
    }
}

/// Why there is nothing in the list.
pub(super) fn empty(state: &State, ui: &Ui) -> String {
    if state.look().is_none() {
        "nothing was seen yet".to_owned()
    } else if ui.list.search.is_empty() {
        "no sessions".to_owned()
    } else {
        format!("nothing is like {}: Esc shows all", printable(ui.list.search.text()))
    }
}

/// The first of what is to be said below the list, and of how many.
pub(super) fn notes(state: &State, theme: Theme, most: usize) -> (Vec<(String, Style)>, usize) {
    let mut notes = Vec::new();
    if let Some((why, _)) = state.lost() {
        notes.push((format!("LOST: {}", printable(why)), theme.bad()));
    }
    let Some(look) = state.look() else {
        let number = notes.len();
        return (notes, number);
    };
    notes.extend(lock::held(look).map(|held| (held, theme.bad())));
    let number = notes.len() + look.collisions.len();
    let holders = Holders::of(&look.inventory, id_width(look.cases.iter().map(|case| case.id)));
    let room = most.saturating_sub(notes.len());
    notes.extend(look.collisions.iter().take(room).map(|collision| {
        (format!("{COLLIDES} collision: {}", holders.of_collision(collision)), theme.news())
    }));
    (notes, number)
}

/// How much more there would be to say.
pub(super) fn untold(number: usize) -> String {
    format!("and {number} more")
}

/// What is asked, and how its plan is read if that is long.
pub(super) fn question(question: &Question, state: &State, area: Rect) -> String {
    // The title, the question and a warning stand around it.
    let room = usize::from(area.height.saturating_sub(3));
    let scrolls = if question.page.lines.len() > room { " arrows scroll" } else { "" };
    format!("{}{scrolls}", question.text(state))
}

/// The filter that is being typed; of a long one its end.
pub(super) fn typing(ui: &Ui, columns: usize) -> String {
    let text = format!("/{}", printable(ui.list.search.text()));
    let surplus = |start: &usize| width(&text[*start..]) < columns.max(1);
    let start = text.char_indices().map(|(at, _)| at).find(surplus);
    start.map_or_else(String::new, |start| text[start..].to_owned())
}

/// That the details are those of something that is there no more.
pub(super) fn gone(ui: &Ui) -> Vec<String> {
    let gone = ui.details.as_ref().is_some_and(|details| details.gone);
    gone.then(|| "it is gone; this is how it was".to_owned()).into_iter().collect()
}

/// The keys that can be pressed, as many as there is room for; the last two always.
pub(super) fn keys(ui: &Ui, columns: usize) -> Line<'static> {
    let mut keys = match (&ui.over, &ui.details) {
        (Some(Over::Help(_)), _) => vec![("arrows", "scroll"), ("Esc", "back")],
        (_, Some(_)) => vec![("arrows", "scroll"), ("d", "drop"), ("?", "help"), ("Esc", "back")],
        (_, None) => vec![
            ("Enter", "details"),
            ("d", "drop"),
            ("r", "reap"),
            ("/", "filter"),
            ("s", "sort"),
            ("?", "help"),
            ("q", "quit"),
        ],
    };
    let taken = |keys: &[(&str, &str)]| {
        keys.iter().map(|(key, what)| key.len() + what.len() + 3).sum::<usize>().saturating_sub(2)
    };
    while keys.len() > 2 && taken(&keys) > columns {
        keys.remove(keys.len() - 3);
    }
    let bold = Style::new().add_modifier(Modifier::BOLD);
    let spans = keys.into_iter().enumerate().flat_map(|(index, (key, what))| {
        let gap = if index == 0 { "" } else { "  " };
        [Span::raw(gap), Span::styled(key, bold), Span::raw(format!(" {what}"))]
    });
    spans.collect()
}

/// Every key and sign.
pub(super) fn help(columns: u16) -> String {
    let fields = HELP.map(|(key, what)| (key, what.to_owned()));
    crate::render::fields(super::panes::plain(columns), &fields)
}

const HELP: [(&str, &str); 19] = [
    ("up, k", "the one above"),
    ("down, j", "the one below"),
    ("PgUp, PgDn", "a page up or down"),
    ("Home, End", "the first, the last"),
    ("Enter", "everything that is known of it"),
    ("d", "drop it, if it is proven dead; asks first"),
    ("r", "reap: drop all that are proven dead and shown; asks first"),
    ("/", "show those whose id starts so, or with a component key like this or this glob"),
    ("Esc", "show all again; close what is open"),
    ("s", "sort by age, idle time, message rate, state, components"),
    ("Space", "look at once"),
    ("Ctrl-L", "draw the screen anew"),
    ("Ctrl-Z", "suspend"),
    ("q", "leave, or close what is open"),
    ("", ""),
    ("+", "new since a moment ago"),
    ("~", "judged otherwise a moment ago"),
    ("-", "gone since a moment ago"),
    (COLLIDES, "collides with something"),
];
