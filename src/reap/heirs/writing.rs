//! Whether a process still writes: a recorder may have data left when its units have ended. Pure.

use super::Obstacle;
use crate::host::Written;

/// Why a process must not be ended, by what it had written at two times; `None` if it wrote nothing between them.
#[must_use]
pub fn still_writes(before: Option<Written>, after: Option<Written>) -> Option<Obstacle> {
    match (before, after) {
        (Some(before), Some(after)) if before == after => None,
        (Some(_), Some(_)) => Some(Obstacle::StillWrites),
        _ => Some(Obstacle::WritesUnknown),
    }
}
