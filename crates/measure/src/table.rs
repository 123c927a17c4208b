//! Tables for a terminal: at most 100 columns, words to the left, figures to the right.

use comfy_table::{CellAlignment, ContentArrangement, LineStyle, Table, TableStyle};

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
        .load_style(TableStyle::new().header_separator(LineStyle::new('-', '-', '-', '-')))
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH)
        .set_header(header.iter().copied());
    for row in rows {
        table.add_row(row);
    }
    for (index, column) in table.column_iter_mut().enumerate() {
        if rows.iter().filter_map(|row| row.get(index)).all(|cell| is_figure(cell)) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table.to_string()
}

/// Whether a cell is a number, or stands where one is missing.
fn is_figure(cell: &str) -> bool {
    cell == "-" || cell.starts_with(|c: char| c.is_ascii_digit())
}
