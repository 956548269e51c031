//! Moving through what is longer than the screen. Pure.

use std::time::Instant;

use crossterm::event::{KeyCode, KeyEvent};

/// A move that a key asks for.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Up,
    Down,
    PageUp,
    PageDown,
    First,
    Last,
}

impl Step {
    pub(super) const fn of(key: KeyEvent) -> Option<Self> {
        Some(match key.code {
            KeyCode::Up | KeyCode::Char('k') => Self::Up,
            KeyCode::Down | KeyCode::Char('j') => Self::Down,
            KeyCode::PageUp => Self::PageUp,
            KeyCode::PageDown => Self::PageDown,
            KeyCode::Home | KeyCode::Char('g') => Self::First,
            KeyCode::End | KeyCode::Char('G') => Self::Last,
            _ => return None,
        })
    }

    /// Where it leads to from there, where so many can be reached.
    pub(super) fn from(self, index: usize, page: usize, number: usize) -> usize {
        let last = number.saturating_sub(1);
        let page = page.max(1);
        match self {
            Self::Up => index.saturating_sub(1),
            Self::Down => index.saturating_add(1).min(last),
            Self::PageUp => index.saturating_sub(page),
            Self::PageDown => index.saturating_add(page).min(last),
            Self::First => 0,
            Self::Last => last,
        }
    }
}

/// Which lines are in view.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Scroll {
    /// The first.
    pub(super) top: usize,
    /// How many there is room for.
    pub(super) height: usize,
}

impl Scroll {
    /// There is room for so many of so many.
    pub(super) fn fit(&mut self, height: usize, number: usize) {
        self.height = height;
        self.top = self.top.min(number.saturating_sub(height));
    }

    /// Has that line in view.
    pub(super) fn show(&mut self, line: usize) {
        let lowest = (line + 1).saturating_sub(self.height);
        self.top = self.top.clamp(lowest, line.max(lowest));
    }

    pub(super) fn step(&mut self, step: Step, number: usize) {
        self.top = step.from(self.top, self.height, number.saturating_sub(self.height) + 1);
    }
}

/// A text that is made anew only when what it tells has changed.
#[derive(Debug, Default)]
pub(super) struct Page {
    pub(super) lines: Vec<String>,
    pub(super) scroll: Scroll,
    made_of: Option<Made>,
}

/// What a text was made of: a look, a width, and how many things it is about.
pub(super) type Made = (Option<Instant>, u16, usize);

impl Page {
    pub(super) fn make(&mut self, of: Made, text: impl FnOnce() -> String) {
        if self.made_of.replace(of) != Some(of) {
            self.lines = text().lines().map(str::to_owned).collect();
        }
    }

    pub(super) fn step(&mut self, step: Step) {
        self.scroll.step(step, self.lines.len());
    }
}
