//! What is asked before something is dropped. Pure.

use crate::judge::Case;
use crate::look::Look;
use crate::options::Terminal;
use crate::reap::Planner;
use crate::render::{explain, number, printable, table};
use crate::words;

/// What a drop of these cases means, and the question.
pub(super) fn plan(look: &Look, cases: &[&Case]) -> String {
    let terminal = Terminal { width: None, color: false, screen: None, interactive: false };
    let mut lines = vec![table::sessions(look, cases, terminal).to_string()];
    if let [case] = cases {
        let taken = Planner::new(&look.inventory).would_take(case);
        let taken = taken.into_iter().flat_map(|it| explain::takes(&look.inventory, &it));
        lines.extend(taken.map(|it| format!("takes {}", printable(&it))));
    }
    lines.extend(words::flowing(cases.iter().map(|case| case.rate)));
    lines.push(format!("Drop {}? [y/N]", number(&look.inventory, cases)));
    lines.join("\n")
}
