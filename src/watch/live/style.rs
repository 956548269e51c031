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
    let more = if width(theme.more()) <= columns { theme.more() } else { "" };
    let (start, _) = split(text, columns - width(more));
    start.to_owned() + more
}

/// The most of a text that is looked at, in characters: more is on no screen, and names from a server may be as
/// long as their clients like.
const LONGEST: usize = 4096;

/// As much of a text as may be on a screen.
pub(super) fn visible(text: &str) -> &str {
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

/// A text in lines that are no wider than that, broken between words where there are any.
pub(super) fn wrapped(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for mut word in visible(text).split(' ') {
        while let Some(line) = lines.last_mut().filter(|_| !word.is_empty()) {
            let gap = if line.is_empty() { "" } else { " " };
            if width(line) + gap.len() + width(word) <= columns {
                line.push_str(gap);
                line.push_str(word);
                break;
            }
            if line.is_empty() {
                // A wide character in a single column must go somewhere.
                let one = word.chars().next().map_or(0, char::len_utf8);
                let at = split(word, columns).0.len().max(one);
                line.push_str(&word[..at]);
                word = &word[at..];
            }
            if !word.is_empty() {
                lines.push(String::new());
            }
        }
    }
    lines
}

/// As much of a text as fits, and the rest.
fn split(text: &str, columns: usize) -> (&str, &str) {
    let mut used = 0;
    let surplus = |character: char| {
        used += width(character.encode_utf8(&mut [0; 4]));
        used > columns
    };
    text.split_at(text.find(surplus).unwrap_or(text.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_only_too_long_ones_within() {
        let text = "sessions drop 27a3d034-e6d3 of it";
        assert_eq!(wrapped(text, 13), ["sessions drop", "27a3d034-e6d3", "of it"]);
        assert_eq!(wrapped(text, 9), ["sessions", "drop", "27a3d034-", "e6d3 of", "it"]);
        assert_eq!(wrapped("日本", 1), ["日", "本"], "it cannot be narrower");
        assert_eq!(wrapped("", 9), [""]);
    }

    #[test]
    fn what_is_cut_says_so_in_as_many_columns() {
        let cut = |text, columns, unicode| cut(text, columns, Theme { color: false, unicode });
        assert_eq!(cut("COMPONENTS", 10, true), "COMPONENTS");
        assert_eq!(cut("COMPONENTS", 7, true), "COMPON…");
        assert_eq!(cut("COMPONENTS", 7, false), "COMPO..");
        assert_eq!(cut("日本語", 4, true), "日…");
        assert_eq!(cut("COMPONENTS", 0, true), "");
    }
}
