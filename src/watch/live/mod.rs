//! The live view, for a person at a terminal.
//!
//! | file | what it does |
//! |---|---|
//! | [`ui`] | keys → what is selected, which pane is open, what is asked for: pure |
//! | [`screen`] | what is known, and the above → a picture: pure |
//! | `listing`, `columns`, `rows` | the table in it, and what is in that: pure |
//! | `panes`, `texts`, `scroll`, `style` | what else is in it: pure |
//! | `terminal` | takes the terminal over, and gives it back |

mod columns;
mod listing;
mod panes;
mod rows;
pub mod screen;
mod scroll;
mod style;
mod terminal;
mod texts;
pub mod ui;

use std::io;
use std::time::{Duration, Instant};

use crossterm::event::{Event, EventStream, KeyEventKind};
use tokio::time::{sleep, sleep_until};
use tokio_stream::StreamExt as _;

pub use self::style::Theme;
pub(crate) use self::terminal::give_back_in_passing;
pub use self::ui::Order;

use self::terminal::Guard;
use self::ui::{Ui, Wish};
use super::state::State;
use crate::error::{Error, Result};

/// How often what is told of time is drawn anew.
const TICK: Duration = Duration::from_secs(1);

/// A question accepts answers after it was shown for this long without a key. Keys that were pressed before, and pasted
/// text that arrives as keys, follow each other faster.
const QUIET: Duration = Duration::from_millis(300);

/// The terminal, as long as it is ours.
#[derive(Debug)]
pub struct Live {
    guard: Guard,
    events: EventStream,
    ui: Ui,
    /// When a question that ignores answers accepts them, unless a key is pressed before.
    quiet_at: Instant,
}

impl Live {
    /// Takes the terminal over until it is dropped.
    ///
    /// # Errors
    /// It cannot be had.
    pub fn open(theme: Theme, address: String) -> Result<Self> {
        let guard = Guard::take(theme.color).map_err(Error::Output)?;
        let ui = Ui::new(theme, address);
        Ok(Self { guard, events: EventStream::new(), ui, quiet_at: Instant::now() })
    }

    /// Draws what is known.
    ///
    /// # Errors
    /// The terminal is gone.
    pub fn draw(&mut self, state: &State) -> Result<()> {
        self.ui.refresh(state);
        let now = Instant::now();
        self.guard
            .draw(|frame| screen::draw(frame, state, &mut self.ui, now))
            .map_err(Error::Output)
    }

    /// Shows a line that should be read.
    pub fn tell(&mut self, text: &str) {
        self.ui.tell(text);
    }

    /// Waits until something is asked for. Cancel-safe.
    ///
    /// # Errors
    /// The terminal is gone.
    pub async fn order(&mut self, state: &State) -> Result<Order> {
        loop {
            let event = tokio::select! {
                // A key that was pressed before must not be taken for one that was pressed afterwards.
                biased;
                event = self.events.next() => event,
                () = sleep_until(self.quiet_at.into()), if self.ui.ignores_answers() => {
                    self.ui.accept_answers();
                    self.draw(state)?;
                    continue;
                }
                () = sleep(TICK) => {
                    self.draw(state)?;
                    continue;
                }
            };
            let event = event.unwrap_or_else(|| Err(io::ErrorKind::UnexpectedEof.into()));
            let wish = match event.map_err(Error::Output)? {
                Event::Key(key) if key.kind == KeyEventKind::Press => self.ui.press(key, state),
                Event::Paste(text) => {
                    self.ui.paste(&text);
                    None
                }
                // A terminal forgets what does not fit, also if it is as large as before by now.
                Event::Resize(..) => Some(Wish::Redraw),
                _ => None,
            };
            match wish {
                Some(Wish::Order(order)) => {
                    self.draw(state)?;
                    return Ok(order);
                }
                Some(Wish::Redraw) => self.guard.clear().map_err(Error::Output)?,
                Some(Wish::Suspend) => self.guard.suspend().map_err(Error::Output)?,
                None => {}
            }
            self.draw(state)?;
            self.quiet_at = Instant::now() + QUIET;
        }
    }
}
