//! Text from the server, harmless to whoever reads it at a terminal.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::str;

use ratatui::text::Span;

/// How many characters of a word are shown. The admin program tells no more of a name either.
const LONGEST_WORD: usize = 4096;

/// How many marks of no width may follow each other: more are no writing, and pile up over other lines.
const MOST_MARKS: usize = 4;

/// With which a line begins, after blanks, that GitHub Actions takes for a command.
const COMMAND: &str = "::";

/// What it takes for one wherever it stands in a line: `TryParse` in ActionCommand.cs of actions/runner.
const OLD_COMMAND: &str = "##[";

/// Text in which nothing steers a terminal, turns the writing direction, is invisible or has no end: such
/// characters are escaped, and words cut. Nor does anything command GitHub Actions, which reads what is written there.
#[must_use]
pub fn printable(text: &str) -> String {
    let blank = text.len() - text.trim_start().len();
    let (before, rest) = text.split_at(blank);
    let rest = match rest.strip_prefix(COMMAND) {
        Some(rest) => format!("\\u{{3a}}:{}", harmless(rest)),
        None => harmless(rest),
    };
    (harmless(before) + &rest).replace(OLD_COMMAND, "##\\u{5b}")
}

fn harmless(text: &str) -> String {
    if text.len() <= LONGEST_WORD && text.bytes().all(|byte| (b' '..0x7f).contains(&byte)) {
        return text.to_owned();
    }
    let mut safe = String::with_capacity(text.len().min(LONGEST_WORD));
    let (mut word, mut marks) = (0, 0);
    for character in text.chars() {
        word = if character == ' ' { 0 } else { word + 1 };
        marks = if is_mark(character) { marks + 1 } else { 0 };
        if word > LONGEST_WORD {
            if word == LONGEST_WORD + 1 {
                safe.push('…');
            }
        } else if is_invisible(character) || marks > MOST_MARKS {
            safe.extend(character.escape_default());
        } else {
            safe.push(character);
        }
    }
    safe
}

/// Whether a character is not seen: control characters, those that order or separate text, and blank ones that are no
/// spaces.
#[must_use]
pub fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
            | '\u{2060}'..='\u{206f}' | '\u{3164}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fffb}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

/// What is written over the character before it.
fn is_mark(character: char) -> bool {
    !character.is_ascii() && Span::raw(&*character.encode_utf8(&mut [0; 4])).width() == 0
}

/// How much JSON is looked through at once, in bytes.
const CHUNK: usize = 16 * 1024;

/// Writes JSON with all that steers a terminal escaped, which JSON itself asks only of characters below a blank.
/// It means the same: beyond ASCII there is nothing but the text of strings. It must come in whole characters, and
/// be [ended](Self::end).
pub(super) struct Escaping<'a> {
    out: &'a mut dyn Write,
    chunk: Vec<u8>,
}

impl<'a> Escaping<'a> {
    pub(super) fn to(out: &'a mut dyn Write) -> Self {
        Self { out, chunk: Vec::new() }
    }

    /// Passes on what is left.
    pub(super) fn end(&mut self) -> io::Result<()> {
        let chunk = &self.chunk;
        let steers = chunk.windows(OLD_COMMAND.len()).any(|it| it == OLD_COMMAND.as_bytes());
        let plain = chunk.is_ascii() && !chunk.contains(&0x7f) && !steers;
        match str::from_utf8(chunk) {
            Ok(json) if !plain => self.out.write_all(escaped(json).as_bytes())?,
            _ => self.out.write_all(chunk)?,
        }
        self.chunk.clear();
        Ok(())
    }
}

impl Write for Escaping<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.chunk.extend_from_slice(bytes);
        if self.chunk.len() >= CHUNK {
            self.end()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.end()?;
        self.out.flush()
    }
}

/// The line breaks and blanks between values stay as they are.
fn escaped(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        if character >= '\u{7f}' && is_invisible(character) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                let _ = write!(safe, "\\u{unit:04x}");
            }
        } else {
            safe.push(character);
        }
    }
    safe.replace(OLD_COMMAND, "##\\u005b")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_steer_a_terminal_is_escaped() {
        assert_eq!(printable("SYSTEM/Größe µV"), "SYSTEM/Größe µV");
        assert_eq!(printable("a\x1b[2Jb\n\u{9b}c"), "a\\u{1b}[2Jb\\n\\u{9b}c");
        assert_eq!(printable("\u{202e}evil\u{200b}"), "\\u{202e}evil\\u{200b}");
    }

    #[test]
    fn writing_with_marks_stays_and_towers_of_them_do_not() {
        for text in ["e\u{301}\u{323}", "ก็", "نَّ", "☕\u{fe0f}"] {
            assert_eq!(printable(text), text);
        }
        let tower = format!("a{}", "\u{301}".repeat(100));
        let shown = printable(&tower);
        assert_eq!(shown.matches('\u{301}').count(), MOST_MARKS, "{shown}");
    }

    #[test]
    fn words_that_nobody_reads_are_cut_and_others_are_not() {
        let long = "x".repeat(LONGEST_WORD);
        assert_eq!(printable(&long), long);
        assert_eq!(printable(&format!("A, {long}yz, B")), format!("A, {long}… B"));
    }

    #[test]
    fn escaped_json_is_the_same_json() {
        let text = "Größe \u{9b}\u{202e}\u{7f}\u{1b}\u{e0041}\u{2028}\n\"";
        let mut bytes = Vec::new();
        let mut out = Escaping::to(&mut bytes);
        serde_json::to_writer_pretty(&mut out, &[text]).expect("it is written");
        out.end().expect("it is written");
        let json = String::from_utf8(bytes).expect("it is text");
        assert!(
            json.contains("Größe") && json.chars().all(|it| it == '\n' || !is_invisible(it)),
            "{json}"
        );
        assert_eq!(serde_json::from_str::<[String; 1]>(&json).expect("it is JSON"), [text]);
    }
}
