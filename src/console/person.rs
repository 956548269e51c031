//! The person at the controlling terminal, who is asked there, whatever is redirected.

use std::fs::{File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write as _};
#[cfg(unix)]
use std::time::Duration;

use super::size;
use crate::runtime::spawn_blocking;

/// What is read and written there.
#[cfg(unix)]
const TERMINAL: [&str; 2] = ["/dev/tty", "/dev/tty"];
#[cfg(windows)]
const TERMINAL: [&str; 2] = ["CONIN$", "CONOUT$"];

/// How long no input must arrive before an answer counts.
#[cfg(unix)]
const QUIET: Duration = Duration::from_millis(300);

/// The width in columns of the terminal at which a person can be asked. `None` without a controlling terminal, and if
/// none of the standard streams is a terminal: then the command runs in a script.
pub(super) fn prompt_width() -> Option<u16> {
    let streams =
        [io::stdin().is_terminal(), io::stdout().is_terminal(), io::stderr().is_terminal()];
    let is_there = streams.contains(&true) && TERMINAL.iter().all(|it| open(it).is_ok());
    is_there.then(|| size().0)
}

fn open(path: &str) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).open(path)
}

/// Shows `plan` and asks a question, which a line with `y` or `yes` answers with yes. Every other line, and the end of
/// the input, mean no.
pub async fn confirm(plan: String, question: String) -> bool {
    // On another thread, because a person takes time and Ctrl-C must still be received.
    let answer = spawn_blocking(move || ask(&plan, &question)).await;
    let answer = answer.and_then(|line| line).unwrap_or_default();
    matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes")
}

fn ask(plan: &str, question: &str) -> io::Result<String> {
    let [input, output] = TERMINAL;
    let (input, mut output) = (open(input)?, open(output)?);
    let end = if plan.is_empty() { "" } else { "\n" };
    write!(output, "{plan}{end}{question}")?;
    discard_input(&input)?;
    write!(output, " [y/N] ")?;
    let mut line = String::new();
    BufReader::new(input).read_line(&mut line)?;
    Ok(line)
}

/// Discards what was typed or pasted before the question was shown: it cannot be meant as an answer. A long text arrives
/// in pieces, so this ends when nothing has arrived for [`QUIET`].
#[cfg(unix)]
fn discard_input(terminal: &File) -> io::Result<()> {
    use rustix::event::{PollFd, PollFlags, Timespec, poll};
    use rustix::termios::{QueueSelector, tcflush};
    let quiet = Timespec::try_from(QUIET).map_err(io::Error::other)?;
    loop {
        tcflush(terminal, QueueSelector::IFlush)?;
        if poll(&mut [PollFd::new(terminal, PollFlags::IN)], Some(&quiet))? == 0 {
            return Ok(tcflush(terminal, QueueSelector::IFlush)?);
        }
    }
}

#[cfg(not(unix))]
#[expect(clippy::unnecessary_wraps, reason = "it can fail elsewhere")]
fn discard_input(_: &File) -> io::Result<()> {
    Ok(())
}
