//! What a terminal has, and how things look there. Pure.

use ratatui::buffer::Buffer;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Span;

use crate::judge::Verdict;

/// What is past, or less important.
pub(super) const FAINT: Style = Style::new().add_modifier(Modifier::DIM);

/// What a terminal has.
#[derive(Clone, Copy, Debug)]
pub struct Theme {
    /// Colours.
    pub color: bool,
    /// Characters beyond ASCII.
    pub unicode: bool,
}

impl Theme {
    /// Marks the row that is chosen.
    pub(super) const fn cursor(self) -> &'static str {
        if self.unicode { "▸" } else { ">" }
    }

    /// Marks the column that rows are sorted by.
    pub(super) const fn sorted(self) -> &'static str {
        if self.unicode { "▾" } else { "^" }
    }

    /// Between things that stand in one line.
    pub(super) const fn between(self) -> &'static str {
        if self.unicode { " · " } else { " | " }
    }

    /// Stands for what there was no room for.
    pub(super) const fn more(self) -> &'static str {
        if self.unicode { "…" } else { ".." }
    }

    fn colored(self, color: Color) -> Style {
        if self.color { Style::new().fg(color) } else { Style::new() }
    }

    /// As `list` shows verdicts.
    pub(super) fn verdict(self, verdict: Verdict) -> Style {
        match verdict {
            Verdict::Live => self.colored(Color::Green),
            Verdict::Stale(_) => self.bad(),
            Verdict::Suspect(_) => self.news(),
            Verdict::Starting | Verdict::Observer | Verdict::Unknown => Style::new(),
        }
    }

    /// What went wrong, or is about to be destroyed.
    pub(super) fn bad(self) -> Style {
        self.colored(Color::Red).add_modifier(Modifier::BOLD)
    }

    /// What is new, or may be wrong.
    pub(super) fn news(self) -> Style {
        self.colored(Color::Yellow)
    }

    /// Writes what the terminal cannot show as signs that it can. Their places stay.
    pub(super) fn keep_to(self, buffer: &mut Buffer) {
        if self.unicode {
            return;
        }
        for cell in &mut buffer.content {
            if cell.symbol() == "…" {
                cell.set_symbol(".");
            } else if !cell.symbol().is_ascii() {
                cell.set_symbol("?");
            }
        }
    }
}

/// The columns that a text takes.
pub(super) fn width(text: &str) -> usize {
    Span::raw(text).width()
}

/// A text that ends early, and says so, where there are too few columns.
pub(super) fn cut(text: &str, columns: usize, theme: Theme) -> String {
    if width(text) <= columns {
        return text.to_owned();
    }
    let room = columns.saturating_sub(width(theme.more()));
    let mut used = 0;
    let fits = |character: &char| {
        used += width(character.encode_utf8(&mut [0; 4]));
        used <= room
    };
    let start: String = text.chars().take_while(fits).collect();
    if columns < width(theme.more()) { start } else { start + theme.more() }
}

/// A text in lines that are no wider than that, broken between words where there are any.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let mut word = word;
        loop {
            let line = lines.last_mut().expect("there is one from the start");
            let used = width(line) + usize::from(!line.is_empty());
            if used + width(word) <= columns {
                if !line.is_empty() {
                    line.push(' ');
                }
                line.push_str(word);
                break;
            }
            if !line.is_empty() {
                lines.push(String::new());
                continue;
            }
            let Some((start, rest)) = word
                .char_indices()
                .skip(1)
                .map(|(at, _)| word.split_at(at))
                .take_while(|(start, _)| width(start) <= columns.max(1))
                .last()
            else {
                line.push_str(word);
                break;
            };
            line.push_str(start);
            lines.push(String::new());
            word = rest;
        }
    }
    lines
}
