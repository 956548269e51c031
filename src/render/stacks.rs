//! The Python stacks of a session's processes, for people: where each process is, and all of its calls.

use std::fmt::Write as _;

use crate::judge::{Position, position};
use crate::model::{Family, Frame, Member, Stacks, StacksError, Thread};
use crate::render::printable;

/// Where each process of the family is, a line for each.
pub(super) fn positions(family: &Family) -> Vec<String> {
    let line = |member: &Member| {
        let name = member.process.name();
        match &member.stacks {
            Ok(stacks) => Some(format!("{name}: {}", describe_position(&position(stacks)))),
            Err(StacksError::NotPython | StacksError::Gone) => None,
            Err(why) => Some(format!("{name}: its Python stacks cannot be read: {why}")),
        }
    };
    family.members.iter().filter_map(line).collect()
}

fn describe_position(position: &Position<'_>) -> String {
    let at = match (position.step, position.at) {
        (Some(step), Some(frame)) => format!("{step} ({})", file_and_line(frame)),
        (None, Some(frame)) => format!("in {} ({})", frame.function, file_and_line(frame)),
        (_, None) => "at a prompt, or in code of Python alone".to_owned(),
    };
    let in_loop = position
        .in_loop
        .map(|it| format!("; its event loop is in {} ({})", it.function, file_and_line(it)));
    at + &in_loop.unwrap_or_default()
}

/// The name of the file and the line.
fn file_and_line(frame: &Frame) -> String {
    let file = frame.file.rsplit('/').next().unwrap_or_default();
    format!("{file}:{}", frame.line)
}

/// All calls of all processes of the family whose stacks are known.
pub(super) fn format_stacks(family: &Family) -> String {
    let mut text = String::new();
    for member in &family.members {
        if let Ok(stacks) = &member.stacks {
            let name = printable(&member.process.name());
            let _ = writeln!(text, "{name}, {}", format_versions(stacks));
            for thread in &stacks.threads {
                add_thread(&mut text, thread);
            }
        }
    }
    text
}

fn format_versions(stacks: &Stacks) -> String {
    let ezmsg = stacks.ezmsg.as_ref().map(|version| format!(", ezmsg {version}"));
    printable(&format!("Python {}{}", stacks.python, ezmsg.unwrap_or_default()))
}

fn add_thread(text: &mut String, thread: &Thread) {
    let name = thread.name.as_deref().unwrap_or("a thread without a name");
    let _ = writeln!(text, "  {}", printable(name));
    for Frame { function, file, line } in &thread.frames {
        let _ = writeln!(text, "    {}", printable(&format!("{function} ({file}:{line})")));
    }
}
