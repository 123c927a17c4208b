//! One agent, with vectors along its arrays.

use std::marker::PhantomData;

use super::{Arithmetic, Function};
use crate::lanes::{Calculation, Lanes};
use crate::matrix::{Matrix, Wide};
use crate::real::Real;

/// Arithmetic for one agent.
#[derive(Clone, Copy)]
pub(crate) struct Along<R, L> {
    lanes: L,
    precision: PhantomData<R>,
}

impl<R: Real, L: Lanes<R>> Along<R, L> {
    #[inline(always)]
    pub(crate) const fn new(lanes: L) -> Self {
        Self { lanes, precision: PhantomData }
    }
}

impl<R: Real, L: Lanes<R>> Arithmetic for Along<R, L> {
    type Real = R;
    type Number = R;
    const AGENTS: usize = 1;

    #[inline(always)]
    fn number(self, x: R) -> R {
        x
    }

    #[inline(always)]
    fn of(x: &R, _agent: usize) -> R {
        *x
    }

    #[inline(always)]
    fn set(x: &mut R, _agent: usize, value: R) {
        *x = value;
    }

    #[inline(always)]
    fn add(self, a: R, b: R) -> R {
        a + b
    }

    #[inline(always)]
    fn sub(self, a: R, b: R) -> R {
        a - b
    }

    #[inline(always)]
    fn recip(self, x: R) -> R {
        R::ONE / x
    }

    #[inline(always)]
    fn ln(self, x: R) -> R {
        let mut group = R::Group::default();
        R::store(self.lanes.ln(self.lanes.splat(x)), &mut group);
        group.as_ref()[0]
    }

    #[inline(always)]
    fn where_above(self, x: R, limit: R, a: R, b: R) -> R {
        if x > limit { a } else { b }
    }

    #[inline(always)]
    fn map(self, x: &mut [R], function: impl Function) {
        let (whole, part) = R::groups_mut(x);
        for x in whole {
            R::store(function.of(self.lanes, R::load(x)), x);
        }
        if !part.is_empty() {
            // One has a logarithm, whatever the function.
            R::store_part(function.of(self.lanes, R::load_part(part, R::ONE)), part);
        }
    }

    #[inline(always)]
    fn scale(self, x: &mut [R], factor: R) {
        let factors = self.lanes.splat(factor);
        let (whole, part) = R::groups_mut(x);
        for x in whole {
            R::store(self.lanes.mul(R::load(x), factors), x);
        }
        for x in part {
            *x = *x * factor;
        }
    }

    #[inline(always)]
    fn scaled(self, x: &[R], factor: R, out: &mut [R]) {
        let factors = self.lanes.splat(factor);
        let (out, out_part) = R::groups_mut(out);
        let (x, x_part) = R::groups(x);
        for (out, x) in out.iter_mut().zip(x) {
            R::store(self.lanes.mul(R::load(x), factors), out);
        }
        for (out, x) in out_part.iter_mut().zip(x_part) {
            *out = *x * factor;
        }
    }

    #[inline(always)]
    fn add_to(self, x: &[R], out: &mut [R]) {
        let (out, out_part) = R::groups_mut(out);
        let (x, x_part) = R::groups(x);
        for (out, x) in out.iter_mut().zip(x) {
            R::store(self.lanes.add(R::load(out), R::load(x)), out);
        }
        for (out, x) in out_part.iter_mut().zip(x_part) {
            *out += *x;
        }
    }

    #[inline(always)]
    fn dot(self, x: &[R], y: &[R]) -> R {
        let lanes = self.lanes;
        let mut sums = [lanes.splat(R::ZERO); 4];
        let (x_whole, x_part) = R::groups(x);
        let (y_whole, y_part) = R::groups(y);
        let (x_fours, x_rest) = x_whole.as_chunks::<4>();
        let (y_fours, y_rest) = y_whole.as_chunks::<4>();
        for (x, y) in x_fours.iter().zip(y_fours) {
            for lane in 0..4 {
                sums[lane] = lanes.mul_add(R::load(&x[lane]), R::load(&y[lane]), sums[lane]);
            }
        }
        for (x, y) in x_rest.iter().zip(y_rest) {
            sums[0] = lanes.mul_add(R::load(x), R::load(y), sums[0]);
        }
        let sum = R::sum(lanes.add(lanes.add(sums[0], sums[1]), lanes.add(sums[2], sums[3])));
        let mut rest = R::ZERO;
        for (x, y) in x_part.iter().zip(y_part) {
            rest += *x * *y;
        }
        sum + rest
    }

    #[inline(always)]
    fn dot_constant(self, constants: &[R], x: &[R]) -> R {
        self.dot(constants, x)
    }

    #[inline(always)]
    fn sum_of(self, x: &[R], function: impl Function) -> R {
        let lanes = self.lanes;
        let (whole, part) = R::groups(x);
        let (pairs, rest) = whole.as_chunks::<2>();
        let mut totals = [lanes.splat(R::ZERO); 2];
        for pair in pairs {
            let (one, two) = (R::load(&pair[0]), R::load(&pair[1]));
            // Certain beliefs are mostly zeros, which add nothing.
            if !(lanes.is_zero(one) && lanes.is_zero(two)) {
                totals[0] = lanes.add(totals[0], function.of(lanes, one));
                totals[1] = lanes.add(totals[1], function.of(lanes, two));
            }
        }
        for x in rest {
            totals[0] = lanes.add(totals[0], function.of(lanes, R::load(x)));
        }
        if !part.is_empty() {
            let rest = function.of(lanes, R::load_part(part, R::ZERO));
            totals[1] = lanes.add(totals[1], rest);
        }
        R::sum(lanes.add(totals[0], totals[1]))
    }

    #[inline(always)]
    fn softmax(self, weights: &mut [R]) {
        let lanes = self.lanes;
        let shift = lanes.splat(largest(lanes, weights));
        let mut total = lanes.splat(R::ZERO);
        let (whole, part) = R::groups_mut(weights);
        for weights in &mut *whole {
            let x = lanes.exp(lanes.sub(R::load(weights), shift));
            total = lanes.add(total, x);
            R::store(x, weights);
        }
        if !part.is_empty() {
            let rest = R::of(f64::NEG_INFINITY);
            let x = lanes.exp(lanes.sub(R::load_part(part, rest), shift));
            total = lanes.add(total, x);
            R::store_part(x, part);
        }
        self.scale(weights, R::ONE / R::sum(total));
    }

    #[inline(always)]
    fn multiply_into(self, a: &[R], x: &mut [R]) -> R {
        let lanes = self.lanes;
        let (a_whole, a_part) = R::groups(a);
        let (x_whole, x_part) = R::groups_mut(x);
        let mut total = lanes.splat(R::ZERO);
        for (a, x) in a_whole.iter().zip(x_whole) {
            let product = lanes.mul(R::load(a), R::load(x));
            total = lanes.add(total, product);
            R::store(product, x);
        }
        let mut rest = R::ZERO;
        for (a, x) in a_part.iter().zip(x_part) {
            *x = *a * *x;
            rest += *x;
        }
        R::sum(total) + rest
    }

    #[inline(always)]
    fn weighted_sum(self, rows: &[R], stride: usize, weights: &[R], out: &mut [R]) {
        self.lanes.apart(WeightedSum { rows, stride, weights, out });
    }

    #[inline(always)]
    fn weighted_sum_of(self, rows: &[R], weights: &[R], out: &mut [R]) {
        self.weighted_sum(rows, out.len(), weights, out);
    }

    #[inline(always)]
    fn multiply(self, matrix: &Matrix<R>, x: &[R], out: &mut [R]) {
        self.lanes.apart(Product { matrix, x, out });
    }

    #[inline(always)]
    fn multiply_wide(self, matrix: &Wide<R>, x: &[R], out: &mut [R]) {
        if let Ok(out) = <&mut [R; 4]>::try_from(&mut *out) {
            self.multiply_rows_of(&matrix.values, x, out);
        } else if let Ok(out) = <&mut [R; Wide::<f64>::MOST_ROWS]>::try_from(out) {
            self.multiply_rows_of(&matrix.values, x, out);
        }
    }

    #[inline(always)]
    fn add_rows<'a>(self, rows: impl Fn(usize) -> &'a [R], out: &mut [R]) {
        self.add_to(rows(0), out);
    }

    #[inline(always)]
    fn multiply_rows<'a>(self, rows: impl Fn(usize) -> &'a [R], out: &mut [R]) -> R {
        self.multiply_into(rows(0), out)
    }
}

impl<R: Real, L: Lanes<R>> Along<R, L> {
    /// `N` groups of every row, from column `first` on; `SETS` rows add up apart, so that one
    /// addition need not wait for the one before.
    #[inline(always)]
    fn weighted_groups<const N: usize, const SETS: usize>(
        self,
        rows: &[R],
        stride: usize,
        first: usize,
        weights: &[R],
        out: &mut [R::Group; N],
    ) {
        let mut sums = [[self.lanes.splat(R::ZERO); N]; SETS];
        let (weights, last_weights) = weights.as_chunks::<SETS>();
        if stride == N * R::LANES {
            // Arrays of known length, so that neither loop nor check is left of a row.
            let (rows, _) = R::groups(rows).0.as_chunks::<N>();
            let (rows, last_rows) = rows.as_chunks::<SETS>();
            for (rows, weights) in rows.iter().zip(weights) {
                if has_weight(weights) {
                    for set in 0..SETS {
                        self.add_row(&mut sums[set], &rows[set], weights[set]);
                    }
                }
            }
            for (row, weight) in last_rows.iter().zip(last_weights) {
                self.add_row(&mut sums[0], row, *weight);
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
                        self.add_row(&mut sums[set], row, weights[set]);
                    }
                }
            }
            for (number, weight) in (weights.len() * SETS..).zip(last_weights) {
                if let Some(row) = cut(number) {
                    self.add_row(&mut sums[0], row, *weight);
                }
            }
        }
        for i in 0..N {
            let mut total = sums[0][i];
            for set in &sums[1..] {
                total = self.lanes.add(total, set[i]);
            }
            R::store(total, &mut out[i]);
        }
    }

    /// `sums += weight * row`.
    #[inline(always)]
    fn add_row<const N: usize>(self, sums: &mut [R::Vector; N], row: &[R::Group; N], weight: R) {
        let weight = self.lanes.splat(weight);
        for i in 0..N {
            sums[i] = self.lanes.mul_add(weight, R::load(&row[i]), sums[i]);
        }
    }

    #[inline(always)]
    fn add_up_rows(self, rows: &[R], stride: usize, weights: &[R], out: &mut [R]) {
        let mut first = 0;
        let (whole, part) = R::groups_mut(out);
        let (eights, rest) = whole.as_chunks_mut::<8>();
        for out in eights {
            self.weighted_groups::<8, 1>(rows, stride, first, weights, out);
            first += 8 * R::LANES;
        }
        let (fours, rest) = rest.as_chunks_mut::<4>();
        for out in fours {
            self.weighted_groups::<4, 2>(rows, stride, first, weights, out);
            first += 4 * R::LANES;
        }
        if let Ok(out) = <&mut [R::Group; 3]>::try_from(&mut *rest) {
            self.weighted_groups::<3, 2>(rows, stride, first, weights, out);
        } else if let Ok(out) = <&mut [R::Group; 2]>::try_from(&mut *rest) {
            self.weighted_groups::<2, 4>(rows, stride, first, weights, out);
        } else if let Ok(out) = <&mut [R::Group; 1]>::try_from(&mut *rest) {
            self.weighted_groups::<1, 4>(rows, stride, first, weights, out);
        }
        first += rest.len() * R::LANES;
        if !part.is_empty() {
            part.fill(R::ZERO);
            for (row, weight) in rows.chunks_exact(stride).zip(weights) {
                for (out, value) in part.iter_mut().zip(&row[first..]) {
                    *out += *weight * *value;
                }
            }
        }
    }

    #[inline(always)]
    fn multiply_by_form(self, matrix: &Matrix<R>, x: &[R], out: &mut [R]) {
        match matrix {
            Matrix::Dense(dense) => self.weighted_sum(&dense.columns, dense.stride(), x, out),
            Matrix::Diagonals(matrix) => {
                let mut others = &matrix.diagonals[..];
                match others.split_first() {
                    Some((first, after)) if first.values.len() == out.len() => {
                        self.products(&first.values, &x[first.column..], out);
                        others = after;
                    }
                    _ => out.fill(R::ZERO),
                }
                for diagonal in others {
                    let values = &diagonal.values[..];
                    let x = &x[diagonal.column..diagonal.column + values.len()];
                    let out = &mut out[diagonal.row..diagonal.row + values.len()];
                    self.add_products(values, x, out);
                }
            }
            Matrix::Sparse(sparse) => {
                out.fill(R::ZERO);
                let mut start = 0;
                for (x, end) in x.iter().zip(&sparse.ends) {
                    let end = *end as usize;
                    if *x != R::ZERO {
                        let entries = sparse.rows[start..end].iter().zip(&sparse.values[start..]);
                        for (row, value) in entries {
                            out[*row as usize] += *value * *x;
                        }
                    }
                    start = end;
                }
            }
        }
    }

    /// `N` rows, each in a vector of its own.
    #[inline(always)]
    fn multiply_rows_of<const N: usize>(self, values: &[R], x: &[R], out: &mut [R; N]) {
        let mut sums = [self.lanes.splat(R::ZERO); N];
        let (blocks, _) = R::groups(values).0.as_chunks::<N>();
        let (whole, part) = R::groups(x);
        for (block, x) in blocks.iter().zip(whole) {
            let x = R::load(x);
            for i in 0..N {
                sums[i] = self.lanes.mul_add(R::load(&block[i]), x, sums[i]);
            }
        }
        if let (false, Some(block)) = (part.is_empty(), blocks.get(whole.len())) {
            let x = R::load_part(part, R::ZERO);
            for i in 0..N {
                sums[i] = self.lanes.mul_add(R::load(&block[i]), x, sums[i]);
            }
        }
        for i in 0..N {
            out[i] = R::sum(sums[i]);
        }
    }

    /// `out_i = a_i x_i`.
    #[inline(always)]
    fn products(self, a: &[R], x: &[R], out: &mut [R]) {
        let (out, out_part) = R::groups_mut(out);
        let (a, a_part) = R::groups(a);
        let (x, x_part) = R::groups(&x[..out.len() * R::LANES + out_part.len()]);
        for ((out, a), x) in out.iter_mut().zip(a).zip(x) {
            R::store(self.lanes.mul(R::load(a), R::load(x)), out);
        }
        for ((out, a), x) in out_part.iter_mut().zip(a_part).zip(x_part) {
            *out = *a * *x;
        }
    }

    /// `out_i += a_i x_i`.
    #[inline(always)]
    fn add_products(self, a: &[R], x: &[R], out: &mut [R]) {
        let (out, out_part) = R::groups_mut(out);
        let (a, a_part) = R::groups(a);
        let (x, x_part) = R::groups(x);
        for ((out, a), x) in out.iter_mut().zip(a).zip(x) {
            R::store(self.lanes.mul_add(R::load(a), R::load(x), R::load(out)), out);
        }
        for ((out, a), x) in out_part.iter_mut().zip(a_part).zip(x_part) {
            *out += *a * *x;
        }
    }
}

/// [`Arithmetic::weighted_sum`] as a function of its own.
struct WeightedSum<'a, R> {
    rows: &'a [R],
    stride: usize,
    weights: &'a [R],
    out: &'a mut [R],
}

impl<R: Real> Calculation<R> for WeightedSum<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) {
        Along::new(lanes).add_up_rows(self.rows, self.stride, self.weights, self.out);
    }
}

/// [`Arithmetic::multiply`] as a function of its own.
struct Product<'a, R> {
    matrix: &'a Matrix<R>,
    x: &'a [R],
    out: &'a mut [R],
}

impl<R: Real> Calculation<R> for Product<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) {
        Along::new(lanes).multiply_by_form(self.matrix, self.x, self.out);
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

/// The largest of some numbers; minus infinity of none.
#[inline(always)]
fn largest<R: Real, L: Lanes<R>>(lanes: L, x: &[R]) -> R {
    let least = R::of(f64::NEG_INFINITY);
    let (whole, part) = R::groups(x);
    let mut most = lanes.splat(least);
    for x in whole {
        most = lanes.max(R::load(x), most);
    }
    if !part.is_empty() {
        most = lanes.max(R::load_part(part, least), most);
    }
    let mut group = R::Group::default();
    R::store(most, &mut group);
    let mut largest = least;
    for x in group.as_ref() {
        largest = if *x > largest { *x } else { largest };
    }
    largest
}
