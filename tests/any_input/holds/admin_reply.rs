//! Frames of the admin program, one after the other → rows → everything that is made of them.

use graphctl::admin::Row;
use graphctl::inventory::Listing;

use super::shown;

pub(crate) fn holds(bytes: &[u8]) {
    let frames = serde_json::Deserializer::from_slice(bytes).into_iter::<Vec<Row>>();
    let mut listing = Listing::default();
    frames.map_while(Result::ok).flatten().for_each(|row| listing.add(row));
    shown::holds(listing.into_inventory(shown::OWN, "lab:25978".into(), "3.9.0".into()));
}
