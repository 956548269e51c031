//! Takes the terminal over, and gives it back as it was whatever happens.

use std::io::{self, BufWriter, Stdout};
use std::mem::ManuallyDrop;
use std::panic;
use std::sync::Once;
use std::sync::atomic::{AtomicBool, Ordering};

use crossterm::cursor::Show;
use crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use crossterm::execute;
use crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};
use ratatui::backend::CrosstermBackend;
use ratatui::layout::Rect;
use ratatui::{Frame, Terminal, TerminalOptions, Viewport};

use crate::console;

/// A picture is written at once, as far as it changed: half of one would flicker. In bytes.
const BUFFER: usize = 64 * 1024;

/// Whether a terminal is taken over: there is one.
static TAKEN: AtomicBool = AtomicBool::new(false);

/// A terminal that is ours: without echo and line editing, and with a screen of its own. Dropped, or in a
/// panic, it is as it was before. What ratatui would do at the end is done already, and where the terminal is
/// gone it would panic.
#[derive(Debug)]
pub(super) struct Guard {
    terminal: ManuallyDrop<Terminal<CrosstermBackend<BufWriter<Stdout>>>>,
    /// What is drawn on. ratatui would take the size that the terminal reports, which may be none.
    area: Rect,
}

impl Guard {
    /// Takes the terminal on standard output over, with colours or without.
    pub(super) fn take(color: bool) -> io::Result<Self> {
        give_back_in_panics();
        // What the environment says of that was heard already, and what was typed goes before it.
        crossterm::style::force_color_output(color);
        take_over()?;
        let backend = CrosstermBackend::new(BufWriter::with_capacity(BUFFER, io::stdout()));
        let area = whole_area();
        let options = TerminalOptions { viewport: Viewport::Fixed(area) };
        let terminal = Terminal::with_options(backend, options).inspect_err(|_| give_back())?;
        Ok(Self { terminal: ManuallyDrop::new(terminal), area })
    }

    /// Gives the terminal back and stops, as Ctrl-Z does; takes it again when we go on.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        give_back();
        stop()?;
        take_over()?;
        self.clear()
    }

    /// Draws a picture.
    pub(super) fn draw(&mut self, picture: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        if self.area != whole_area() {
            self.clear()?;
        }
        self.terminal.draw(picture).map(|_| ())
    }

    /// Draws all of the next picture, also what seems to be there.
    pub(super) fn clear(&mut self) -> io::Result<()> {
        // To clear it by that name, ratatui would ask the terminal where its cursor is, and not all answer.
        self.area = whole_area();
        self.terminal.resize(self.area)
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        give_back();
    }
}

fn whole_area() -> Rect {
    let (columns, rows) = console::size();
    Rect::new(0, 0, columns, rows)
}

fn take_over() -> io::Result<()> {
    TAKEN.store(true, Ordering::Relaxed);
    let taken = enable_raw_mode()
        .and_then(|()| execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste));
    taken.inspect_err(|_| give_back())
}

/// Until a shell lets us go on.
#[cfg(target_os = "linux")]
fn stop() -> io::Result<()> {
    use rustix::process::{Signal, kill_current_process_group};
    Ok(kill_current_process_group(Signal::TSTP)?)
}

#[cfg(not(target_os = "linux"))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn stop() -> io::Result<()> {
    Ok(())
}

fn give_back() {
    if TAKEN.swap(false, Ordering::Relaxed) {
        // If this fails the terminal is gone. The modes come first, because a write may block.
        let _ = disable_raw_mode();
        let _ = execute!(io::stdout(), DisableBracketedPaste, LeaveAlternateScreen, Show);
    }
}

/// Gives the terminal back. It does not wait long for a terminal that accepts no output.
pub(crate) fn give_back_in_passing() {
    console::wait_briefly(give_back);
}

/// A report of a panic is to be read where it stays.
fn give_back_in_panics() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let report = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            give_back();
            report(panic);
        }));
    });
}
