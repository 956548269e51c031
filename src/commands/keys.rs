//! The component keys that `check` and `wait` are about.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::cli::Keys;
use crate::error::{Error, Result};
use crate::judge::Wanted;
use crate::render::is_invisible;
use crate::runtime::spawn_blocking;

/// Marks text as UTF-8 at the start of a file. Elsewhere it is invisible, and part of no key.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How UTF-16 text begins, in both byte orders.
const UTF_16: [[u8; 2]; 2] = [[0xff, 0xfe], [0xfe, 0xff]];

const NOT_TEXT: &str = "save it as UTF-8 text, one key a line";

/// Reads and validates the keys; `purpose` is what they are for.
pub(super) async fn wanted(args: Keys, purpose: &str) -> Result<Wanted> {
    let Keys { mut keys, from, root: roots } = args;
    for key in keys.iter().chain(&roots) {
        validate(key).map_err(|problem| problem.found_in(None))?;
    }
    if let Some(path) = &from {
        keys.extend(read(path).await?);
    }
    if keys.is_empty() && roots.is_empty() {
        return Err(Error::Usage {
            message: format!("no component keys to {purpose}"),
            hint: "name keys, or give them with --from, one a line".into(),
        });
    }
    Ok(Wanted { keys, roots })
}

/// What is wrong with a key, or with the line that it should be on, and what to do about it.
struct Problem {
    message: String,
    hint: &'static str,
}

impl Problem {
    /// The error, which names the place where there is one.
    fn found_in(self, place: Option<(&str, usize)>) -> Error {
        let Self { message, hint } = self;
        let message = match place {
            Some((file, line)) => format!("{file}, line {line}: {message}"),
            None => message,
        };
        Error::Usage { message, hint: hint.into() }
    }
}

/// Refuses what is no key of a pipeline. A key with an invisible character is not the key that is meant, and would be
/// reported as free while that key is held.
fn validate(key: &str) -> Result<(), Problem> {
    if let Some(character) = key.chars().find(|it| is_invisible(*it)) {
        let hint = if character == '\0' {
            "the text may be UTF-16: save it as UTF-8, one key a line"
        } else {
            "remove it: it is part of no component key"
        };
        let message = format!("'{key}' contains the character U+{:04X}", u32::from(character));
        return Err(Problem { message, hint });
    }
    let message = || format!("'{key}' is no component key");
    if key.ends_with('/') {
        let hint = "a key does not end in '/'; --root KEY means KEY and all below it";
        return Err(Problem { message: message(), hint });
    }
    if key.starts_with('/') || key.contains("//") {
        let hint = "write the names of the components with one '/' between them, as in SYSTEM/PUB";
        return Err(Problem { message: message(), hint });
    }
    if key.trim() != key {
        let hint = "remove the blanks before and behind it";
        return Err(Problem { message: message(), hint });
    }
    Ok(())
}

/// The keys in a file or, for `-`, on standard input. Reading may block, for example from a pipe without a writer.
async fn read(path: &Path) -> Result<Vec<String>> {
    let file = (path != Path::new("-")).then(|| path.to_owned());
    let name = file.as_ref().map_or("standard input".to_owned(), |it| it.display().to_string());
    let reading = spawn_blocking(move || {
        if let Some(file) = file {
            return fs::read(file);
        }
        let mut bytes = Vec::new();
        io::stdin().read_to_end(&mut bytes).map(|_| bytes)
    });
    let bytes = reading.await.and_then(|bytes| bytes);
    let bytes = bytes.map_err(|source| Error::Read { what: name.clone(), source })?;
    keys_in(&bytes, &name)
}

/// One key a line; blank lines and lines that start with `#` are skipped.
fn keys_in(bytes: &[u8], name: &str) -> Result<Vec<String>> {
    if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
        let message = format!("{name} is UTF-16 text");
        return Err(Error::Usage { message, hint: NOT_TEXT.into() });
    }
    let text = std::str::from_utf8(bytes).map_err(|error| {
        let before = String::from_utf8_lossy(&bytes[..error.valid_up_to()]);
        let problem = Problem { message: "this is not UTF-8".into(), hint: NOT_TEXT };
        problem.found_in(Some((name, lines(&before).count())))
    })?;
    let numbered = (1..).zip(lines(text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text)));
    let keys = numbered.map(|(number, line)| (number, line.trim()));
    keys.filter(|(_, key)| !key.is_empty() && !key.starts_with('#'))
        .map(|(number, key)| match validate(key) {
            Ok(()) => Ok(key.to_owned()),
            Err(problem) => Err(problem.found_in(Some((name, number)))),
        })
        .collect()
}

/// The lines of a text, which end in LF, CRLF or CR; behind the last end there is one more.
fn lines(text: &str) -> impl Iterator<Item = &str> {
    text.split('\n').flat_map(|line| line.strip_suffix('\r').unwrap_or(line).split('\r'))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(bytes: &[u8]) -> Result<Vec<String>, String> {
        keys_in(bytes, "keys.txt").map_err(|error| error.to_string())
    }

    #[test]
    fn a_mark_and_the_ends_of_lines_are_no_part_of_a_key() {
        for text in [
            "A\nB/C\n",
            "A\r\nB/C\r\n",
            "A\rB/C\r",
            "\u{feff}A\n\n#\u{1} a comment\n\tB/C",
            "\u{feff}A\r\n\r\nB/C",
        ] {
            assert_eq!(keys(text.as_bytes()), Ok(vec!["A".into(), "B/C".into()]), "{text:?}");
        }
    }

    #[test]
    fn invisible_characters_are_refused_with_their_line() {
        for (text, why) in [
            (&b"A\r\nB\0"[..], "keys.txt, line 2: 'B\0' contains the character U+0000"),
            (b"A\rB\rC\tD", "keys.txt, line 3: 'C\tD' contains the character U+0009"),
            (b"A\nB\x7fC\n", "keys.txt, line 2: 'B\u{7f}C' contains the character U+007F"),
            (b"A\n\xef\xbb\xbfB\n", "keys.txt, line 2: '\u{feff}B' contains the character U+FEFF"),
            (b"\xff\xfeA\0\n\0", "keys.txt is UTF-16 text"),
            (b"\xfe\xff\0A\0\n", "keys.txt is UTF-16 text"),
            (b"A\nB\n\xe9\n", "keys.txt, line 3: this is not UTF-8"),
            (b"A\n\nB/\n", "keys.txt, line 3: 'B/' is no component key"),
        ] {
            assert_eq!(keys(text), Err(why.to_owned()));
        }
    }
}
