//! The values of one part of a step, remembered by the beliefs they depend on.

use super::Capacity;
use super::memo::{Entry, Memo};
use crate::expected_free_energy::{Part, ValuationRoom, Value};
use crate::lanes::Lanes;

/// What is remembered about one part of the valuation.
#[derive(Clone, Debug)]
pub(super) struct PartValues {
    /// One for each factor but the last.
    levels: Vec<Level>,
    /// Beliefs that there can be about the last factor.
    radix: u64,
    /// Combinations that there can be before the last factor.
    combinations: u64,
    memo: Memo,
    values: Vec<Value>,
    /// What the last contraction leaves.
    row: Vec<f64>,
}

/// Combinations of beliefs about the factors up to one.
#[derive(Clone, Debug)]
struct Level {
    memo: Memo,
    radix: u64,
    /// What contraction leaves of each, one after the other; nothing for other parts.
    left: Vec<f64>,
    length: usize,
}

impl PartValues {
    /// Room for the values of a part in policies of this many steps that differ.
    pub(super) fn new(part: &Part, steps: usize, nodes: usize, capacity: &Capacity) -> Self {
        let factors = part.factors();
        let mut combinations = 1;
        let mut levels = Vec::new();
        let radix = |level: usize| capacity.beliefs[factors[level]] as u64;
        for level in 0..factors.len() - 1 {
            let count = capacity.combinations(&factors[..=level]);
            let length = match part {
                Part::Contraction(contraction) => contraction.left_after(level),
                _ => 0,
            };
            levels.push(Level {
                memo: Memo::new(combinations * radix(level), count),
                radix: radix(level),
                left: vec![0.0; count * length],
                length,
            });
            combinations = count as u64;
        }
        let radix = radix(factors.len() - 1);
        let keys = combinations * radix * steps as u64;
        let used = usize::try_from(keys).unwrap_or(nodes).min(nodes);
        let row = match part {
            Part::Contraction(contraction) => contraction.stride(),
            _ => 0,
        };
        Self {
            levels,
            radix,
            combinations,
            memo: Memo::new(keys, used),
            values: vec![Value::default(); used],
            row: vec![0.0; row],
        }
    }

    #[inline(always)]
    pub(super) fn clear(&mut self) {
        for level in &mut self.levels {
            level.memo.clear();
        }
        self.memo.clear();
    }

    /// The value in step `step`, by the number of the belief about each factor.
    #[inline(always)]
    pub(super) fn value<'a, L: Lanes>(
        &mut self,
        lanes: L,
        part: &Part,
        step: usize,
        numbers: &[u32],
        belief: impl Fn(usize) -> &'a [f64],
        room: &mut ValuationRoom,
    ) -> Value {
        let factors = part.factors();
        let mut combination = 0;
        for (level, &factor) in factors[..self.levels.len()].iter().enumerate() {
            let (before, here) = self.levels.split_at_mut(level);
            let here = &mut here[0];
            let key = u64::from(combination) * here.radix + u64::from(numbers[factor]);
            let entry = here.memo.number(key);
            if let (Entry::New(number), Part::Contraction(contraction)) = (entry, part) {
                let from = before.last().map(|before| before.of(combination));
                let start = number as usize * here.length;
                let out = &mut here.left[start..start + here.length];
                contraction.contract(lanes, level, from, belief(factor), out);
            }
            combination = entry.into();
        }
        let last = factors[factors.len() - 1];
        let combinations = step as u64 * self.combinations + u64::from(combination);
        match self.memo.number(combinations * self.radix + u64::from(numbers[last])) {
            Entry::Known(number) => self.values[number as usize],
            Entry::New(number) => {
                let value = match part {
                    Part::Contraction(contraction) => {
                        let from = self.levels.last().map(|before| before.of(combination));
                        let row = &mut self.row[..];
                        contraction.contract(lanes, factors.len() - 1, from, belief(last), row);
                        contraction.read(lanes, step, row)
                    }
                    other => other.value(lanes, step, belief, room),
                };
                self.values[number as usize] = value;
                value
            }
        }
    }
}

impl Level {
    /// What contraction left of a combination.
    #[inline(always)]
    fn of(&self, combination: u32) -> &[f64] {
        let start = combination as usize * self.length;
        &self.left[start..start + self.length]
    }
}
