//! What was typed, resolved: defaults filled in, strings parsed.

use std::time::Duration;

use glob::Pattern;

use crate::address::Address;

/// What holds for every command.
#[derive(Clone, Debug)]
pub struct Options {
    /// The server.
    pub address: Address,
    /// How long one exchange with the server may take.
    pub timeout: Duration,
    /// Whether the admin channel may be used.
    pub admin: bool,
    /// How long a pipeline may take to start.
    pub start_timeout: Duration,
    /// Where output goes and how.
    pub terminal: Terminal,
    /// How much is said on standard error.
    pub talk: Talk,
}

/// What is known of standard output.
#[derive(Clone, Copy, Debug)]
pub struct Terminal {
    /// Its width in columns; `None` in a pipe or a file, where lines are not cut.
    pub width: Option<u16>,
    /// Whether to use colour.
    pub color: bool,
    /// What it can show, if it is a screen whose cursor can be moved.
    pub screen: Option<Screen>,
    /// The width in columns of the terminal at which a person can be asked; `None` if there is none.
    pub prompt_width: Option<u16>,
}

/// What a screen can show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Screen {
    /// Other characters than ASCII.
    pub unicode: bool,
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Talk {
    /// Errors only.
    Quiet,
    /// Also notes and what to do next.
    Normal,
    /// Also how the server was reached.
    Verbose,
}

/// The longest duration that is taken; it must be safe to add to a time.
const LONGEST: Duration = Duration::from_secs(366 * 24 * 3600);

/// The shortest time between two looks.
const SHORTEST_PACE: Duration = Duration::from_millis(100);

/// Why a duration is not taken.
const EXAMPLES: &str = "write a number and a unit, for example 90s, 5m or 2h";

/// Parses a duration as humantime does, without what people type by mistake.
///
/// # Errors
/// What is wrong with it and what to write instead.
pub fn duration(text: &str) -> Result<Duration, String> {
    if text.starts_with('-') {
        return Err(format!("a duration cannot be negative: {EXAMPLES}"));
    }
    if text.parse::<f64>().is_ok() {
        return Err(format!("a duration needs a unit: {EXAMPLES}"));
    }
    if text.split(|it: char| !it.is_alphabetic()).any(|unit| unit == "M") {
        return Err(format!("'M' means months; minutes are a small 'm': {EXAMPLES}"));
    }
    match humantime::parse_duration(text) {
        Err(_) => Err(format!("this is not a duration: {EXAMPLES}")),
        Ok(Duration::ZERO) => Err(format!("a duration must be longer than zero: {EXAMPLES}")),
        Ok(duration) if duration > LONGEST => Err(format!("this is more than a year: {EXAMPLES}")),
        Ok(duration) => Ok(duration),
    }
}

/// Parses the time between two looks. Each costs the server some milliseconds.
///
/// # Errors
/// As [`duration`].
pub fn pace(text: &str) -> Result<Duration, String> {
    let duration = duration(text)?;
    if duration < SHORTEST_PACE {
        return Err(format!("the shortest is {}", humantime::format_duration(SHORTEST_PACE)));
    }
    Ok(duration)
}

/// Parses a glob over component keys.
///
/// # Errors
/// What is wrong with it and what to write instead.
pub fn glob(text: &str) -> Result<Pattern, String> {
    Pattern::new(text)
        .map_err(|error| format!("{}: write for example 'SYSTEM/*' or '*/AMP?'", error.msg))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_humantimes() {
        assert_eq!(duration("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(duration("1h 30m"), Ok(Duration::from_secs(5400)));
        assert_eq!(duration("1month"), Ok(Duration::from_secs(2_630_016)));
    }

    #[test]
    fn what_is_typed_by_mistake_is_refused() {
        for text in ["0", "5", "0.5", "5M", "1h 5M", "0s", "", "five", "-5m", "500000000000y"] {
            assert!(duration(text).is_err(), "{text:?} was taken for a duration");
        }
    }
}
