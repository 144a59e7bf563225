//! Tables for terminals: columns as wide as their cells, narrowed to the screen where they must be.

use console::{Alignment, measure_text_width, pad_str};
use std::borrow::Cow;

/// Space before the first column and between columns.
const GAP: usize = 2;

/// How text is set for the place where it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Look {
    /// Characters in a line.
    pub width: usize,
    /// Whether colours and bold type are wanted.
    pub colour: bool,
}

impl Look {
    /// For text that is not shown on a terminal.
    pub const PLAIN: Self = Self { width: 100, colour: false };

    /// A heading.
    pub fn bold(self, text: &str) -> String {
        self.set(console::Style::new().bold(), text)
    }

    /// What is less important.
    pub fn dim(self, text: &str) -> String {
        self.set(console::Style::new().dim(), text)
    }

    /// What went wrong.
    pub fn red(self, text: &str) -> String {
        self.set(console::Style::new().red(), text)
    }

    /// What deserves a look.
    pub fn yellow(self, text: &str) -> String {
        self.set(console::Style::new().yellow(), text)
    }

    fn set(self, style: console::Style, text: &str) -> String {
        style.force_styling(self.colour).apply_to(text).to_string()
    }
}

/// One column.
#[derive(Clone, Copy, Debug)]
pub(super) struct Column {
    pub(super) title: &'static str,
    /// Cells are not cut below this width. A column that does not fit even so is left out, the last first.
    pub(super) min: usize,
}

/// The width of a column whose cells are never cut.
pub(super) const WHOLE: usize = usize::MAX;

/// Lays rows out. Cells may hold colours; each row has one cell for each column.
pub(super) fn lines(columns: &[Column], rows: &[Vec<String>], look: Look) -> Vec<String> {
    let mut widths: Vec<usize> = columns
        .iter()
        .enumerate()
        .map(|(index, column)| {
            let cells = rows.iter().filter_map(|row| row.get(index)).map(|cell| measure_text_width(cell));
            cells.chain([column.title.len()]).max().unwrap_or_default()
        })
        .collect();
    narrow(&mut widths, columns, look.width);
    let line = |cells: &mut dyn Iterator<Item = &str>| {
        let mut line = String::new();
        for (cell, width) in cells.zip(&widths) {
            line.push_str(&" ".repeat(GAP));
            line.push_str(&fit(cell, *width));
        }
        line.truncate(line.trim_end().len());
        line
    };
    let heading = look.dim(&line(&mut columns.iter().map(|column| column.title)));
    let body = rows.iter().map(|row| line(&mut row.iter().map(String::as_str)));
    std::iter::once(heading).chain(body).collect()
}

fn fit(cell: &str, width: usize) -> Cow<'_, str> {
    pad_str(cell, width, Alignment::Left, Some("…"))
}

/// Takes width from the widest column that has more than its minimum until the line fits; leaves columns out where
/// that does not do.
fn narrow(widths: &mut Vec<usize>, columns: &[Column], limit: usize) {
    loop {
        let total: usize = widths.iter().map(|width| width + GAP).sum();
        if total <= limit {
            return;
        }
        let spare = |index: &usize| widths[*index] > columns[*index].min;
        match (0..widths.len()).filter(spare).max_by_key(|index| widths[*index]) {
            Some(widest) => widths[widest] -= 1,
            None if widths.len() > 1 => drop(widths.pop()),
            None => return,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const COLUMNS: [Column; 3] =
        [Column { title: "NAME", min: 4 }, Column { title: "SUITE", min: 6 }, Column { title: "GROUP", min: 5 }];

    fn show(width: usize) -> Vec<String> {
        let rows = [
            vec!["www.example.org".to_owned(), "TLS_AES_128_GCM_SHA256".into(), "x25519".into()],
            vec!["a".to_owned(), "".into(), "".into()],
        ];
        lines(&COLUMNS, &rows, Look { width, colour: false })
    }

    #[test]
    fn columns_are_as_wide_as_their_cells() {
        assert_eq!(
            show(80),
            [
                "  NAME             SUITE                   GROUP",
                "  www.example.org  TLS_AES_128_GCM_SHA256  x25519",
                "  a"
            ]
        );
    }

    #[test]
    fn the_widest_gives_first() {
        assert_eq!(show(40)[1], "  www.example.o…  TLS_AES_128_G…  x25519");
        assert!(show(40).iter().all(|line| measure_text_width(line) <= 40));
    }

    #[test]
    fn what_cannot_fit_is_left_out_from_the_right() {
        assert_eq!(show(15), ["  NAME  SUITE", "  www…  TLS_A…", "  a"].map(str::to_owned));
        assert_eq!(show(3).len(), 3);
    }

    #[test]
    fn colours_take_no_room() {
        let look = Look { width: 80, colour: true };
        let rows = [vec![look.red("failed"), "x".into(), "y".into()]];
        let lines = lines(&COLUMNS, &rows, look);
        assert_eq!(lines[1], "  \u{1b}[31mfailed\u{1b}[0m  x      y");
    }
}
