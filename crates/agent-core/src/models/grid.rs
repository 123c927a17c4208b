//! A 10 by 10 grid of cells of five kinds, in which a step fails one time in ten.

use crate::{Array, GenerativeModel};

/// Cells along each side of [`grid`].
pub const GRID_SIDE: usize = 10;

/// How often an action does what it should.
const SUCCESS: f64 = 0.9;

/// How often the kind of a cell is seen as it is.
const CLARITY: f64 = 0.85;

/// What stands in each cell: free, obstacle, goal, other agent, wall.
const KINDS: [[u8; GRID_SIDE]; GRID_SIDE] = [
    [4, 4, 4, 4, 4, 4, 4, 4, 4, 4],
    [4, 0, 1, 1, 0, 0, 0, 0, 1, 4],
    [4, 0, 0, 0, 3, 0, 0, 0, 1, 4],
    [4, 1, 0, 0, 0, 0, 0, 2, 0, 4],
    [4, 0, 0, 2, 0, 0, 0, 0, 0, 4],
    [4, 1, 1, 3, 0, 1, 0, 0, 0, 4],
    [4, 0, 0, 1, 3, 0, 0, 1, 2, 4],
    [4, 1, 0, 0, 0, 1, 0, 0, 0, 4],
    [4, 0, 3, 3, 0, 0, 0, 0, 0, 4],
    [4, 4, 4, 4, 4, 4, 4, 4, 4, 4],
];

/// An explorer on a grid that sees the kind of its cell and knows the map, but not where it is.
///
/// One factor: the cell (100), with the actions up, down, left, right, stay. One modality: the
/// kind of the cell (free, obstacle, goal, agent, wall), mistaken for each other kind alike. It
/// likes goals and free cells and avoids obstacles and walls. Nothing stops it from entering
/// any cell; at the edge it stays.
#[must_use]
pub fn grid() -> GenerativeModel {
    const CELLS: usize = GRID_SIDE * GRID_SIDE;
    let mistaken = (1.0 - CLARITY) / 4.0;
    let kind = |cell: usize| usize::from(KINDS[cell / GRID_SIDE][cell % GRID_SIDE]);
    let seen = |i: &[usize]| if i[0] == kind(i[1]) { CLARITY } else { mistaken };
    let moves = Array::from_fn(&[CELLS, CELLS, 5], |i| {
        let (to, from) = (i[0], i[1]);
        match moved(from, i[2]) {
            target if target == from => f64::from(u8::from(to == from)),
            target if to == target => SUCCESS,
            _ if to == from => 1.0 - SUCCESS,
            _ => 0.0,
        }
    });
    // The middle is twice as likely: where an explorer usually begins.
    let middle = (GRID_SIDE / 2) * (GRID_SIDE + 1);
    let weight = |cell: usize| if cell == middle { 2.0 } else { 1.0 };
    GenerativeModel {
        a: vec![Array::from_fn(&[5, CELLS], seen)],
        b: vec![moves],
        c: vec![Array::vector(vec![2.0, -4.0, 8.0, 0.0, -4.0])],
        d: vec![Array::from_fn(&[CELLS], |i| weight(i[0]) / (CELLS + 1) as f64)],
        e: None,
        a_dependencies: None,
        b_dependencies: None,
    }
}

/// The cell that an action leads to; at the edge it leads nowhere.
fn moved(cell: usize, action: usize) -> usize {
    let (row, column) = (cell / GRID_SIDE, cell % GRID_SIDE);
    match action {
        0 if row > 0 => cell - GRID_SIDE,
        1 if row + 1 < GRID_SIDE => cell + GRID_SIDE,
        2 if column > 0 => cell - 1,
        3 if column + 1 < GRID_SIDE => cell + 1,
        _ => cell,
    }
}
