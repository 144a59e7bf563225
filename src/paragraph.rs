//! Running text in lines of a width, for all that is written for people.

use console::measure_text_width;

/// Joins words that belong on one line.
pub(crate) const UNBROKEN: char = '\u{a0}';

/// Breaks text at spaces, and inside of a word that is longer than a line. At least one line. [`UNBROKEN`] becomes a
/// space.
pub(crate) fn wrap(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = vec![String::new()];
    for word in text.split([' ', '\n']).filter(|word| !word.is_empty()) {
        let length = measure_text_width(word);
        let line = lines.last_mut().map_or(0, |line| measure_text_width(line));
        match lines.last_mut() {
            Some(last) if line == 0 => last.push_str(word),
            Some(last) if line + 1 + length <= width => *last += &format!(" {word}"),
            _ => lines.push(word.to_owned()),
        }
        while let Some(rest) = lines.last_mut().and_then(|last| cut(last, width)) {
            lines.push(rest);
        }
    }
    lines.into_iter().map(|line| line.replace(UNBROKEN, " ")).collect()
}

/// Cuts a line that is too long and gives what was cut off.
fn cut(line: &mut String, width: usize) -> Option<String> {
    let (mut at, mut used) = (0, 0);
    for (index, character) in line.char_indices() {
        used += measure_text_width(character.encode_utf8(&mut [0; 4]));
        if used > width && index > 0 {
            break;
        }
        at = index + character.len_utf8();
    }
    (at < line.len()).then(|| line.split_off(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words() {
        assert_eq!(wrap("one two three", 7), ["one two", "three"]);
        assert_eq!(wrap("one two three", 80), ["one two three"]);
        assert_eq!(wrap("", 80), [""]);
        assert_eq!(wrap("one two\u{a0}three", 8), ["one", "two thre", "e"]);
    }

    #[test]
    fn a_word_that_is_longer_than_a_line_is_cut() {
        assert_eq!(wrap("a bcdefgh i", 3), ["a", "bcd", "efg", "h i"]);
        assert_eq!(wrap("名名名", 1), ["名", "名", "名"], "a character is never cut");
    }
}
