//! Numbers, durations and lists as people say them. Pure.

use std::time::Duration;

/// `1 session`, `2 sessions`.
#[must_use]
pub fn count(number: usize, one: &str, many: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { many })
}

/// What is told apart in every summary: `2 sessions`, `1 session and 2 leftovers`.
#[must_use]
pub fn sessions(sessions: usize, leftovers: usize) -> String {
    let sessions_said = count(sessions, "session", "sessions");
    let leftovers_said = count(leftovers, "leftover", "leftovers");
    match (sessions, leftovers) {
        (_, 0) => sessions_said,
        (0, _) => leftovers_said,
        _ => format!("{sessions_said} and {leftovers_said}"),
    }
}

/// An age in its two largest units: `<1s`, `42s`, `4m 12s`, `3d 2h`.
#[must_use]
pub fn ago(age: Duration) -> String {
    let seconds = age.as_secs();
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    match (days, hours, minutes, seconds % 60) {
        (0, 0, 0, 0) => "<1s".into(),
        (0, 0, 0, seconds) => format!("{seconds}s"),
        (0, 0, minutes, seconds) => format!("{minutes}m {seconds}s"),
        (0, hours, minutes, _) => format!("{hours}h {minutes}m"),
        (days, hours, _, _) => format!("{days}d {hours}h"),
    }
}

/// A duration as it was typed: `5m`, `1m 30s`.
#[must_use]
pub fn precise(duration: Duration) -> String {
    humantime::format_duration(duration).to_string()
}

/// A rate of messages: `200 msg/s`.
#[must_use]
pub fn rate(messages_a_second: f64) -> String {
    format!("{messages_a_second:.0} msg/s")
}

/// What must not be overlooked of what is to be dropped: at these rates it still publishes.
#[must_use]
pub fn flowing(rates: impl Iterator<Item = Option<f64>>) -> Option<String> {
    let rates: Vec<_> = rates.flatten().filter(|rate| *rate > 0.0).collect();
    let what = match rates.len() {
        0 => return None,
        1 => "1 of these still publishes".to_owned(),
        number => format!("{number} of these still publish"),
    };
    let all = rate(rates.iter().sum());
    Some(format!("FLOWING: {what} {all}"))
}

/// How many names a list shows before it counts the rest.
const SHOWN: usize = 3;

/// `A`, `A, B`, `A, B, C and 7 more`.
#[must_use]
pub fn list<T: AsRef<str>>(names: &[T]) -> String {
    let shown: Vec<_> = names.iter().take(SHOWN).map(AsRef::as_ref).collect();
    let rest = names.len().saturating_sub(SHOWN);
    let more = if rest > 0 { format!(" and {rest} more") } else { String::new() };
    shown.join(", ") + &more
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ages_are_said_in_their_two_largest_units() {
        let said = |millis| ago(Duration::from_millis(millis));
        assert_eq!(said(350), "<1s");
        assert_eq!(said(42_900), "42s");
        assert_eq!(said(252_000), "4m 12s");
        assert_eq!(said(7_380_000), "2h 3m");
        assert_eq!(said(266_400_000), "3d 2h");
    }

    #[test]
    fn long_lists_count_what_they_leave_out() {
        assert_eq!(list::<&str>(&[]), "");
        assert_eq!(list(&["A", "B"]), "A, B");
        assert_eq!(list(&["A", "B", "C", "D", "E"]), "A, B, C and 2 more");
    }
}
