//! Tables for a terminal: at most 100 columns, first column left, the others right.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets::UTF8_HORIZONTAL_ONLY};

/// The widest a table gets.
pub const WIDTH: u16 = 100;

/// A table of these rows under this header, ready to print.
///
/// Cells that do not fit are wrapped.
///
/// ```
/// let table = measure::table::render(&["agents", "time"], &[vec!["10".into(), "4 us".into()]]);
/// assert!(table.lines().all(|line| line.chars().count() <= 100));
/// assert!(table.contains("4 us"));
/// ```
#[must_use]
pub fn render(header: &[&str], rows: &[Vec<String>]) -> String {
    let mut table = Table::new();
    table
        .load_style(UTF8_HORIZONTAL_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table.to_string()
}
