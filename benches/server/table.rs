//! What was measured, as a table in Markdown.

use std::time::Duration;

/// One line of the table.
pub(crate) struct Row {
    what: String,
    measured: String,
    beside: String,
    reach: String,
    reached: Option<bool>,
}

impl Row {
    /// So many times as fast as something else, at least.
    pub(crate) fn faster(
        what: impl Into<String>,
        ours: Duration,
        (other, theirs): (&str, Duration),
        reach: f64,
    ) -> Self {
        let ratio = theirs.as_secs_f64() / ours.as_secs_f64();
        Self {
            what: what.into(),
            measured: format!("{}: {ratio:.0}×", ms(ours)),
            beside: format!("{other}: {}", ms(theirs)),
            reach: format!("≥ {reach:.0}×"),
            reached: Some(ratio >= reach),
        }
    }

    /// At the most so many times what something else takes.
    pub(crate) fn nearly(
        what: impl Into<String>,
        ours: Duration,
        (other, theirs): (&str, Duration),
        reach: f64,
    ) -> Self {
        let ratio = ours.as_secs_f64() / theirs.as_secs_f64();
        Self {
            what: what.into(),
            measured: format!("{}: {ratio:.2}×", ms(ours)),
            beside: format!("{other}: {}", ms(theirs)),
            reach: format!("≤ {reach}×"),
            reached: Some(ratio <= reach),
        }
    }

    /// No longer than that.
    pub(crate) fn within(what: impl Into<String>, took: Duration, reach: Duration) -> Self {
        Self {
            what: what.into(),
            measured: ms(took),
            beside: String::new(),
            reach: format!("≤ {}", ms(reach)),
            reached: Some(took <= reach),
        }
    }

    /// No more bytes than that.
    pub(crate) fn bytes(what: impl Into<String>, bytes: u64, reach: u64) -> Self {
        Self {
            what: what.into(),
            measured: size(bytes),
            beside: String::new(),
            reach: format!("≤ {}", size(reach)),
            reached: Some(bytes <= reach),
        }
    }

    /// For comparison, with nothing to reach.
    pub(crate) fn told(what: impl Into<String>, took: Duration) -> Self {
        Self {
            what: what.into(),
            measured: ms(took),
            beside: String::new(),
            reach: String::new(),
            reached: None,
        }
    }

    /// What else was seen beside it.
    pub(crate) fn beside(self, other: &str, took: Duration) -> Self {
        Self { beside: format!("{other}: {}", ms(took)), ..self }
    }

    pub(crate) fn print(&self) {
        let reached = match self.reached {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "",
        };
        let Self { what, measured, beside, reach, .. } = self;
        println!("| {what} | {measured} | {beside} | {reach} | {reached} |");
    }
}

pub(crate) fn print_head() {
    println!("| what | graphctl | beside it | reach | reached |");
    println!("|---|---|---|---|---|");
}

/// The middle one of what was measured in several rounds.
pub(crate) fn median<T: Ord + Copy>(mut measured: Vec<T>) -> T {
    measured.sort_unstable();
    measured[measured.len() / 2]
}

fn ms(time: Duration) -> String {
    let ms = time.as_secs_f64() * 1000.0;
    if ms < 100.0 { format!("{ms:.1} ms") } else { format!("{ms:.0} ms") }
}

fn size(bytes: u64) -> String {
    const KIB: u64 = 1 << 10;
    const MIB: u64 = 1 << 20;
    if bytes < MIB {
        format!("{} KiB", bytes.div_ceil(KIB))
    } else {
        format!("{}.{} MiB", bytes / MIB, bytes % MIB * 10 / MIB)
    }
}
