//! Sums of rows by weight: of one belief, or of several beliefs about one factor at once.

use std::array::from_fn;
use std::mem::take;

use crate::lanes::{Calculation, Lanes};
use crate::real::Real;

/// [`Arithmetic::weighted_sum`](crate::arithmetic::Arithmetic::weighted_sum) as a function of its
/// own.
pub(super) struct WeightedSum<'a, R> {
    pub(super) rows: &'a [R],
    pub(super) stride: usize,
    pub(super) weights: &'a [R],
    pub(super) out: &'a mut [R],
}

impl<R: Real> Calculation<R> for WeightedSum<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(mut self, lanes: L) {
        let mut first = 0;
        let (whole, part) = R::groups_mut(take(&mut self.out));
        let (eights, rest) = whole.as_chunks_mut::<8>();
        for out in eights {
            self.tile::<8, 1, L>(lanes, first, out);
            first += 8 * R::LANES;
        }
        let (fours, rest) = rest.as_chunks_mut::<4>();
        for out in fours {
            self.tile::<4, 2, L>(lanes, first, out);
            first += 4 * R::LANES;
        }
        if let Ok(out) = <&mut [R::Group; 3]>::try_from(&mut *rest) {
            self.tile::<3, 2, L>(lanes, first, out);
        } else if let Ok(out) = <&mut [R::Group; 2]>::try_from(&mut *rest) {
            self.tile::<2, 4, L>(lanes, first, out);
        } else if let Ok(out) = <&mut [R::Group; 1]>::try_from(&mut *rest) {
            self.tile::<1, 4, L>(lanes, first, out);
        }
        first += rest.len() * R::LANES;
        if part.is_empty() {
        } else if first + R::LANES <= self.stride {
            let mut last = [R::Group::default()];
            self.tile::<1, 4, L>(lanes, first, &mut last);
            part.copy_from_slice(&last[0].as_ref()[..part.len()]);
        } else {
            add_up_part(self.rows, self.stride, first, self.weights, part);
        }
    }
}

impl<R: Real> WeightedSum<'_, R> {
    /// `N` groups of every row, from column `first` on; `SETS` rows add up apart, so that one
    /// addition need not wait for the one before. Rows of no weight are passed over.
    #[inline(always)]
    fn tile<const N: usize, const SETS: usize, L: Lanes<R>>(
        &self,
        lanes: L,
        first: usize,
        out: &mut [R::Group; N],
    ) {
        let Self { rows, stride, weights, .. } = *self;
        let mut sums = [[lanes.splat(R::ZERO); N]; SETS];
        let (weights, last_weights) = weights.as_chunks::<SETS>();
        if stride == N * R::LANES {
            // Arrays of known length, so that neither loop nor check is left of a row.
            let (rows, _) = R::groups(rows).0.as_chunks::<N>();
            let (rows, last_rows) = rows.as_chunks::<SETS>();
            for (rows, weights) in rows.iter().zip(weights) {
                if has_weight(weights) {
                    for set in 0..SETS {
                        add_row(lanes, &mut sums[set], &rows[set], weights[set]);
                    }
                }
            }
            for (row, weight) in last_rows.iter().zip(last_weights) {
                add_row(lanes, &mut sums[0], row, *weight);
            }
        } else {
            let cut = |number: usize| {
                let start = number * stride + first;
                let row = rows.get(start..start + N * R::LANES)?;
                R::groups(row).0.first_chunk::<N>()
            };
            for (number, weights) in weights.iter().enumerate() {
                for set in 0..SETS {
                    if weights[set] != R::ZERO
                        && let Some(row) = cut(number * SETS + set)
                    {
                        add_row(lanes, &mut sums[set], row, weights[set]);
                    }
                }
            }
            for (number, weight) in (weights.len() * SETS..).zip(last_weights) {
                if let Some(row) = cut(number) {
                    add_row(lanes, &mut sums[0], row, *weight);
                }
            }
        }
        for i in 0..N {
            let mut total = sums[0][i];
            for set in &sums[1..] {
                total = lanes.add(total, set[i]);
            }
            R::store(total, &mut out[i]);
        }
    }
}

/// Sums of the same rows by `B` weights: what is loaded of a row serves all of them.
pub(super) struct WeightedSums<'a, R, const B: usize> {
    pub(super) rows: &'a [R],
    pub(super) stride: usize,
    pub(super) weights: [&'a [R]; B],
    /// One sum after the other.
    pub(super) out: &'a mut [R],
}

impl<R: Real, const B: usize> Calculation<R> for WeightedSums<'_, R, B> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) {
        let Self { rows, stride, weights, out } = self;
        let states = weights.iter().fold(rows.len() / stride, |n, weights| n.min(weights.len()));
        let weights = weights.map(|weights| &weights[..states]);
        let mut outs = out.chunks_exact_mut(stride);
        let mut outs: [&mut [R]; B] = from_fn(|_| outs.next().unwrap_or_default());
        let groups = stride / R::LANES;
        let mut group = 0;
        // With four sums three groups fill all registers but those for a row and a weight.
        while group + 3 <= groups {
            tile::<B, 3, R, L>(lanes, &rows[group * R::LANES..], stride, &weights, &mut outs);
            group += 3;
        }
        let rest = &rows[group * R::LANES..];
        match groups - group {
            2 => tile::<B, 2, R, L>(lanes, rest, stride, &weights, &mut outs),
            1 => tile::<B, 1, R, L>(lanes, rest, stride, &weights, &mut outs),
            _ => {}
        }
        for (weights, out) in weights.iter().zip(outs) {
            if !out.is_empty() {
                add_up_part(rows, stride, groups * R::LANES, weights, out);
            }
        }
    }
}

/// The first `N` groups of every row, added up by each of `B` weights; what is written is cut off
/// from `outs`.
#[inline(always)]
fn tile<const B: usize, const N: usize, R: Real, L: Lanes<R>>(
    lanes: L,
    rows: &[R],
    stride: usize,
    weights: &[&[R]; B],
    outs: &mut [&mut [R]; B],
) {
    let states = weights[0].len();
    let weights = weights.map(|weights| &weights[..states]);
    let mut sums = [[lanes.splat(R::ZERO); N]; B];
    for state in 0..states {
        let Some(row) = R::groups(&rows[state * stride..][..N * R::LANES]).0.first_chunk::<N>()
        else {
            return;
        };
        for k in 0..B {
            add_row(lanes, &mut sums[k], row, weights[k][state]);
        }
    }
    for k in 0..B {
        let (out, rest) = take(&mut outs[k]).split_at_mut(N * R::LANES);
        for (sum, out) in sums[k].iter().zip(R::groups_mut(out).0) {
            R::store(*sum, out);
        }
        outs[k] = rest;
    }
}

/// `sums += weight * row`.
#[inline(always)]
fn add_row<const N: usize, R: Real, L: Lanes<R>>(
    lanes: L,
    sums: &mut [R::Vector; N],
    row: &[R::Group; N],
    weight: R,
) {
    let weight = lanes.splat(weight);
    for i in 0..N {
        sums[i] = lanes.mul_add(weight, R::load(&row[i]), sums[i]);
    }
}

/// The last columns of all rows, fewer than a vector has lanes.
#[inline(always)]
fn add_up_part<R: Real>(rows: &[R], stride: usize, first: usize, weights: &[R], out: &mut [R]) {
    out.fill(R::ZERO);
    for (row, weight) in rows.chunks_exact(stride).zip(weights) {
        for (out, value) in out.iter_mut().zip(&row[first..]) {
            *out += *weight * *value;
        }
    }
}

/// Whether any of some rows counts.
#[inline(always)]
fn has_weight<R: Real>(weights: &[R]) -> bool {
    let mut has = false;
    for weight in weights {
        has |= *weight != R::ZERO;
    }
    has
}

/// Whether more than half of the rows have no weight: passing over them is then less work than
/// taking several sums at once.
#[inline(always)]
pub(super) fn are_mostly_zero<R: Real>(weights: &[R]) -> bool {
    let mut zeros = 0;
    for weight in weights {
        zeros += usize::from(*weight == R::ZERO);
    }
    2 * zeros > weights.len()
}

#[cfg(test)]
mod tests {
    use crate::arithmetic::{Along, Arithmetic as _};
    use crate::lanes::Portable;
    use proptest::prelude::*;

    proptest! {
        /// One by one and together, with beliefs that pass rows over and such that do not.
        #[test]
        fn rows_add_up_by_weight(
            states in 1_usize..9,
            stride in 1_usize..40,
            count in 1_usize..10,
            rows in proptest::collection::vec(-1.0_f64..1.0, 8 * 39),
            weights in proptest::collection::vec(0.0_f64..1.0, 9 * 8),
            is_certain in proptest::collection::vec(any::<bool>(), 9),
        ) {
            let rows = &rows[..states * stride];
            let mut weights = weights;
            for (belief, is_certain) in weights.chunks_exact_mut(states).zip(is_certain) {
                if is_certain {
                    belief[1..].fill(0.0);
                }
            }
            let of = |k: usize| &weights[k * states..][..states];
            let mut together = vec![f64::NAN; count * stride];
            let mut single = together.clone();
            let plain = Along::new(Portable);
            plain.weighted_sums(rows, stride, of, &mut together);
            for (k, out) in single.chunks_exact_mut(stride).enumerate() {
                plain.weighted_sum(rows, stride, of(k), out);
            }
            for (place, (together, single)) in together.iter().zip(&single).enumerate() {
                let (k, column) = (place / stride, place % stride);
                let expected: f64 = (0..states).map(|s| of(k)[s] * rows[s * stride + column]).sum();
                prop_assert!((together - expected).abs() < 1e-14, "{together} {expected}");
                prop_assert!((single - expected).abs() < 1e-14, "{single} {expected}");
            }
        }
    }
}
