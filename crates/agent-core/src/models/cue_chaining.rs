//! Cue chaining: pymdp's epistemic chaining grid, where one cue tells where the next one is.

use super::{certain, still, uniform};
use crate::{Array, GenerativeModel};

const ROWS: usize = 5;
const COLUMNS: usize = 7;
const CELLS: usize = ROWS * COLUMNS;

/// Where the first cue is seen; it names one of four places of the second.
const FIRST_CUE: usize = 14;
/// The places of the second cue; it says which reward site is the good one.
const SECOND_CUES: [usize; 4] = [2, 10, 24, 30];
/// The two reward sites.
const REWARDS: [usize; 2] = [12, 26];

/// A 5 by 7 grid: find the first cue, which tells where the second is, which tells where the
/// reward is and where the shock.
///
/// Factors: cell (35) with the actions up, down, left, right, stay; place of the second cue
/// (4); condition (2). Modalities: cell, first cue (none or one of 4), second cue (none or one
/// of 2), reward (none, cheese, shock).
#[must_use]
pub fn cue_chaining() -> GenerativeModel {
    let is = |truth: bool| f64::from(u8::from(truth));
    let shape = |outcomes| [outcomes, CELLS, SECOND_CUES.len(), REWARDS.len()];
    let cell = Array::from_fn(&shape(CELLS), |i| is(i[0] == i[1]));
    let first =
        Array::from_fn(&shape(5), |i| is(i[0] == if i[1] == FIRST_CUE { i[2] + 1 } else { 0 }));
    let second = Array::from_fn(&shape(3), |i| {
        is(i[0] == if i[1] == SECOND_CUES[i[2]] { i[3] + 1 } else { 0 })
    });
    let reward = Array::from_fn(&shape(3), |i| {
        let seen = match REWARDS.iter().position(|site| *site == i[1]) {
            None => 0,
            Some(site) if site == i[3] => 1,
            Some(_) => 2,
        };
        is(i[0] == seen)
    });
    let moves = Array::from_fn(&[CELLS, CELLS, 5], |i| is(i[0] == moved(i[1], i[2])));
    GenerativeModel {
        a: vec![cell, first, second, reward],
        b: vec![moves, still(SECOND_CUES.len()), still(REWARDS.len())],
        c: vec![
            Array::vector(vec![0.0; CELLS]),
            Array::vector(vec![0.0; 5]),
            Array::vector(vec![0.0; 3]),
            Array::vector(vec![0.0, 2.0, -4.0]),
        ],
        d: vec![certain(CELLS, 0), uniform(SECOND_CUES.len()), uniform(REWARDS.len())],
        e: None,
        a_dependencies: None,
        b_dependencies: None,
    }
}

/// The cell that an action leads to; at a wall it leads nowhere.
fn moved(cell: usize, action: usize) -> usize {
    let (row, column) = (cell / COLUMNS, cell % COLUMNS);
    match action {
        0 if row > 0 => cell - COLUMNS,
        1 if row + 1 < ROWS => cell + COLUMNS,
        2 if column > 0 => cell - 1,
        3 if column + 1 < COLUMNS => cell + 1,
        _ => cell,
    }
}
