//! The pickle of a reply → what it says → everything that is made of it.

use std::time::Duration;

use graphctl::inventory::{from_pickle, ping_answer};

use super::shown;

pub(crate) fn holds(bytes: &[u8]) {
    let _ = ping_answer(bytes.to_vec(), Duration::from_millis(1));
    let inventory = from_pickle(bytes.to_vec(), shown::OWN, "lab:25978".into(), "3.9.0".into());
    if let Ok(inventory) = inventory {
        shown::holds(inventory);
    }
}
