//! Metrics in the text exposition format of Prometheus.
//!
//! A handful of gauges and one counter: a client library brings registries, locks and a server's needs, and would
//! still not carry the counter on from the file before.

use std::fmt::{Display, Write as _};
use std::time::{Duration, SystemTime};

use super::printable;
use crate::judge::{Case, Verdict};
use crate::look::Look;
use crate::select::Filter;

/// How many were ever reaped, which one file passes on to the next.
const REAPED: &str = "graphctl_reaped_total";

/// The file: what a look saw, or that the server was not seen, and how many were ever reaped.
#[must_use]
pub fn metrics(address: &str, look: Option<&Look>, now: SystemTime, reaped: u64) -> String {
    let mut file = File { text: String::new(), server: server(address) };
    file.one(
        "graphctl_up",
        "Whether the last look at the server succeeded.",
        u8::from(look.is_some()),
    );
    if let Some(look) = look {
        file.of_look(look, now);
    }
    file.head(
        REAPED,
        "counter",
        "Sessions and leftovers that graphctl dropped and told in this file.",
    );
    file.sample(REAPED, "", reaped);
    file.text
}

/// How many were ever reaped, as an earlier file tells it; none where it does not.
#[must_use]
pub fn reaped_before(file: &str, address: &str) -> u64 {
    let start = format!("{REAPED}{{{}}} ", server(address));
    file.lines().find_map(|line| line.strip_prefix(&start)?.parse().ok()).unwrap_or_default()
}

fn server(address: &str) -> String {
    let value = printable(address).replace('\\', r"\\").replace('"', "\\\"");
    format!("server=\"{value}\"")
}

struct File {
    text: String,
    /// The label that all have.
    server: String,
}

impl File {
    fn of_look(&mut self, look: &Look, now: SystemTime) {
        // All but those of graphctl itself.
        let cases = Filter::default().selected(&look.inventory, &look.cases);
        let of = |state| cases.iter().filter(move |case| case.verdict.state() == state);
        self.head("graphctl_sessions", "gauge", "Sessions and leftovers by state.");
        for state in Verdict::STATES {
            self.sample("graphctl_sessions", &by(state), of(state).count());
        }
        let name = "graphctl_oldest_session_age_seconds";
        self.head(
            name,
            "gauge",
            "Age of the oldest session of a state; there is none where there is no session.",
        );
        for state in Verdict::STATES {
            if let Some(age) = of(state).filter_map(|case| case.age).max() {
                self.sample(name, &by(state), age.as_secs_f64());
            }
        }
        let keys = |case: &&Case| case.keys(&look.inventory).len();
        let stale: usize = cases.iter().filter(|case| case.verdict.is_stale()).map(keys).sum();
        self.one(
            "graphctl_stale_keys",
            "Component keys that stale sessions and leftovers hold.",
            stale,
        );
        let collisions = look.collisions.len();
        self.one(
            "graphctl_collisions",
            "Keys, units and topics with more than one holder.",
            collisions,
        );
        let took = look.took.as_secs_f64();
        self.one("graphctl_look_duration_seconds", "How long the look took.", took);
        let time = now.duration_since(SystemTime::UNIX_EPOCH).unwrap_or(Duration::ZERO);
        let help = "When the look was taken, in seconds since 1970.";
        self.one("graphctl_look_timestamp_seconds", help, time.as_secs_f64());
    }

    fn one(&mut self, name: &str, help: &str, value: impl Display) {
        self.head(name, "gauge", help);
        self.sample(name, "", value);
    }

    fn head(&mut self, name: &str, kind: &str, help: &str) {
        let _ = writeln!(self.text, "# HELP {name} {help}\n# TYPE {name} {kind}");
    }

    fn sample(&mut self, name: &str, more: &str, value: impl Display) {
        let _ = writeln!(self.text, "{name}{{{}{more}}} {value}", self.server);
    }
}

fn by(state: &str) -> String {
    format!(",state=\"{state}\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_counter_is_carried_on_and_junk_counts_nothing() {
        let address = "[fe80::1\"}\\\n]:1";
        let file = metrics(address, None, SystemTime::UNIX_EPOCH, 41);
        assert_eq!(reaped_before(&file, address), 41);
        assert_eq!(reaped_before(&file, "lab:1"), 0);
        for junk in ["", "nonsense", "-1", "1e3", "99999999999999999999", "NaN"] {
            assert_eq!(reaped_before(&file.replace("41", junk), address), 0, "{junk}");
        }
    }
}
