//! Bash breaks what is typed at `=` and `:`, as in `--address=lab:25978`, and wants only the last piece completed. What
//! it is told it takes as typed: a file may be named `$(reboot)`.

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::path::Path;

use clap::Command;
use clap_complete::engine::complete;
use clap_complete::env::{Bash, EnvCompleter};

/// Bash, whose words are put together again.
pub(super) struct Whole;

impl EnvCompleter for Whole {
    fn name(&self) -> &'static str {
        Bash.name()
    }

    fn is(&self, name: &str) -> bool {
        Bash.is(name)
    }

    fn write_registration(
        &self,
        var: &str,
        name: &str,
        bin: &str,
        completer: &str,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        Bash.write_registration(var, name, bin, completer, buf)
    }

    fn write_complete(
        &self,
        cmd: &mut Command,
        args: Vec<OsString>,
        current_dir: Option<&Path>,
        buf: &mut dyn Write,
    ) -> io::Result<()> {
        let set = |name| env::var(name).ok();
        let last: usize =
            set("_CLAP_COMPLETE_INDEX").and_then(|it| it.parse().ok()).unwrap_or_default();
        let separator = set("_CLAP_IFS").unwrap_or_else(|| "\n".into());
        let typed: Vec<_> = args.into_iter().take(last.saturating_add(1)).collect();
        let piece = typed.last().map_or(0, |it| it.len());
        let words = whole(typed);
        let Some(word) = words.last() else { return Ok(()) };
        let before = word.len() - piece.min(word.len());
        let index = words.len() - 1;
        let candidates = complete(cmd, words, index, current_dir)?;
        let values = candidates.iter().map(|it| it.get_value().to_string_lossy().into_owned());
        let rest: Vec<_> = values.filter_map(|it| it.get(before..).and_then(escaped)).collect();
        buf.write_all(rest.join(&separator).as_bytes())
    }
}

/// A value as bash reads it back; none that would be more than one line.
fn escaped(value: &str) -> Option<String> {
    let is_plain = |it: char| it.is_alphanumeric() || "/_.-=:,+@%".contains(it);
    let mut escaped = String::with_capacity(value.len());
    for character in value.chars() {
        if character.is_control() {
            return None;
        }
        if !is_plain(character) {
            escaped.push('\\');
        }
        escaped.push(character);
    }
    Some(escaped)
}

/// The words that were typed, of their pieces.
pub(super) fn whole(pieces: Vec<OsString>) -> Vec<OsString> {
    let is_break = |piece: &OsString| piece == "=" || piece == ":";
    let mut words: Vec<OsString> = Vec::new();
    let mut joins = false;
    for piece in pieces {
        let joined = joins || is_break(&piece);
        joins = is_break(&piece);
        match words.last_mut().filter(|_| joined) {
            Some(word) => word.push(piece),
            None => words.push(piece),
        }
    }
    words
}
