//! One agent, with vectors along its arrays.

mod weighted;

use std::marker::PhantomData;

use super::{Arithmetic, Function, SEVERAL};
use crate::lanes::{Calculation, Lanes};
use crate::matrix::{Diagonal, Matrix, Wide};
use crate::real::Real;
use weighted::{WeightedSum, WeightedSums, are_mostly_zero};

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
        R::store(self.lanes.ln([self.lanes.splat(x)])[0], &mut group);
        group.as_ref()[0]
    }

    #[inline(always)]
    fn where_above(self, x: R, limit: R, a: R, b: R) -> R {
        if x > limit { a } else { b }
    }

    #[inline(always)]
    fn map(self, x: &mut [R], function: impl Function) {
        let (whole, part) = R::groups_mut(x);
        let (pairs, rest) = whole.as_chunks_mut::<2>();
        for [a, b] in pairs {
            let y = function.of(self.lanes, [R::load(a), R::load(b)]);
            R::store(y[0], a);
            R::store(y[1], b);
        }
        for x in rest {
            R::store(function.of(self.lanes, [R::load(x)])[0], x);
        }
        if !part.is_empty() {
            // One has a logarithm, whatever the function.
            R::store_part(function.of(self.lanes, [R::load_part(part, R::ONE)])[0], part);
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
        self.lanes.apart(SumOf { x, function })
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
    fn weighted_sums<'a>(
        self,
        rows: &[R],
        stride: usize,
        weights: impl Fn(usize) -> &'a [R],
        out: &mut [R],
    ) {
        let lanes = self.lanes;
        let mut first = 0;
        for out in out.chunks_mut(SEVERAL * stride) {
            let count = out.len() / stride;
            let of = |k: usize| weights(first + k);
            match count {
                _ if are_mostly_zero(of(0)) => self.each_weighted_sum(rows, stride, of, out),
                2 => lanes.apart(WeightedSums { rows, stride, weights: [of(0), of(1)], out }),
                3 => {
                    lanes.apart(WeightedSums { rows, stride, weights: [of(0), of(1), of(2)], out })
                }
                4 => {
                    let weights = [of(0), of(1), of(2), of(3)];
                    lanes.apart(WeightedSums { rows, stride, weights, out });
                }
                _ => self.each_weighted_sum(rows, stride, of, out),
            }
            first += count;
        }
    }

    #[inline(always)]
    fn weighted_sums_of<'a>(
        self,
        rows: &[R],
        stride: usize,
        weights: impl Fn(usize) -> &'a [R],
        out: &mut [R],
    ) {
        self.weighted_sums(rows, stride, weights, out);
    }

    #[inline(always)]
    fn multiply(self, matrix: &Matrix<R>, x: &[R], out: &mut [R]) {
        self.lanes.apart(Product { matrix, x, out });
    }

    #[inline(always)]
    fn multiply_wide(self, matrix: &Wide<R>, x: &[R], out: &mut [R]) {
        match matrix.rows {
            5 => self.multiply_rows_of::<5>(&matrix.values, x, out),
            6 => self.multiply_rows_of::<6>(&matrix.values, x, out),
            7 => self.multiply_rows_of::<7>(&matrix.values, x, out),
            8 => self.multiply_rows_of::<8>(&matrix.values, x, out),
            4 => self.multiply_rows_of::<4>(&matrix.values, x, out),
            3 => self.multiply_rows_of::<3>(&matrix.values, x, out),
            2 => self.multiply_rows_of::<2>(&matrix.values, x, out),
            _ => self.multiply_rows_of::<1>(&matrix.values, x, out),
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
    #[inline(always)]
    fn each_weighted_sum<'a>(
        self,
        rows: &[R],
        stride: usize,
        weights: impl Fn(usize) -> &'a [R],
        out: &mut [R],
    ) {
        for (k, out) in out.chunks_exact_mut(stride).enumerate() {
            self.weighted_sum(rows, stride, weights(k), out);
        }
    }

    #[inline(always)]
    fn multiply_by_form(self, matrix: &Matrix<R>, x: &[R], out: &mut [R]) {
        match matrix {
            Matrix::Dense(dense) => self.weighted_sum(&dense.columns, dense.stride(), x, out),
            Matrix::Diagonals(matrix) => {
                let others = match &matrix.diagonals[..] {
                    [first, second, others @ ..] if first.values.len() == out.len() => {
                        self.add_up_two(first, second, x, out);
                        others
                    }
                    [only] if only.values.len() == out.len() => {
                        self.products(&only.values, &x[only.column..][..out.len()], out);
                        &[]
                    }
                    others => {
                        out.fill(R::ZERO);
                        others
                    }
                };
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
    fn multiply_rows_of<const N: usize>(self, values: &[R], x: &[R], out: &mut [R]) {
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
        let Some(out) = out.first_chunk_mut::<N>() else { return };
        for i in 0..N {
            out[i] = R::sum(sums[i]);
        }
    }

    /// A diagonal that is as long as `out` and another, in one pass over `out`.
    #[inline(always)]
    fn add_up_two(self, long: &Diagonal<R>, short: &Diagonal<R>, x: &[R], out: &mut [R]) {
        let (start, length) = (short.row, short.values.len());
        let (a, b) = (&long.values[..out.len()], &x[long.column..][..out.len()]);
        let (before, rest) = out.split_at_mut(start);
        let (both, after) = rest.split_at_mut(length);
        self.products(&a[..start], &b[..start], before);
        self.products(&a[start + length..], &b[start + length..], after);
        let (out, out_part) = R::groups_mut(both);
        let (a, a_part) = R::groups(&a[start..start + length]);
        let (b, b_part) = R::groups(&b[start..start + length]);
        let (c, c_part) = R::groups(&short.values);
        let (d, d_part) = R::groups(&x[short.column..][..length]);
        for ((((out, a), b), c), d) in out.iter_mut().zip(a).zip(b).zip(c).zip(d) {
            let product = self.lanes.mul(R::load(a), R::load(b));
            R::store(self.lanes.mul_add(R::load(c), R::load(d), product), out);
        }
        for ((((out, a), b), c), d) in
            out_part.iter_mut().zip(a_part).zip(b_part).zip(c_part).zip(d_part)
        {
            *out = *a * *b + *c * *d;
        }
    }

    /// `out_i = a_i x_i`.
    #[inline(always)]
    fn products(self, a: &[R], x: &[R], out: &mut [R]) {
        let (out, out_part) = R::groups_mut(out);
        let (a, a_part) = R::groups(a);
        let (x, x_part) = R::groups(x);
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

/// [`Arithmetic::sum_of`] as a function of its own.
struct SumOf<'a, R, F> {
    x: &'a [R],
    function: F,
}

impl<R: Real, F: Function> Calculation<R> for SumOf<'_, R, F> {
    type Output = R;

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) -> R {
        let Self { x, function } = self;
        let (whole, part) = R::groups(x);
        let (pairs, rest) = whole.as_chunks::<2>();
        let mut totals = [lanes.splat(R::ZERO); 2];
        for [a, b] in pairs {
            let pair = [R::load(a), R::load(b)];
            // Certain beliefs are mostly zeros, which add nothing.
            if !lanes.is_zero(lanes.max(pair[0], pair[1])) {
                totals = function.added(lanes, totals, pair);
            }
        }
        for x in rest {
            [totals[0]] = function.added(lanes, [totals[0]], [R::load(x)]);
        }
        if !part.is_empty() {
            let part = R::load_part(part, R::ZERO);
            [totals[1]] = function.added(lanes, [totals[1]], [part]);
        }
        R::sum(lanes.add(totals[0], totals[1]))
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
