//! As many agents as a vector has lanes, one in each.

use std::marker::PhantomData;

use super::{Arithmetic, Function};
use crate::lanes::{Calculation, Lanes};
use crate::matrix::{Matrix, Wide};
use crate::real::Real;

/// Arithmetic for a group of agents. What one agent gets does not depend on the others: lanes
/// never mix.
#[derive(Clone, Copy)]
pub(crate) struct Abreast<R, L> {
    lanes: L,
    precision: PhantomData<R>,
}

impl<R: Real, L: Lanes<R>> Abreast<R, L> {
    #[inline(always)]
    pub(crate) const fn new(lanes: L) -> Self {
        Self { lanes, precision: PhantomData }
    }

    #[inline(always)]
    fn stored(self, x: R::Vector) -> R::Group {
        let mut group = R::Group::default();
        R::store(x, &mut group);
        group
    }

    /// `N` outcomes of every row, from column `first` on.
    #[inline(always)]
    fn weighted_tile<const N: usize>(
        self,
        rows: &[R],
        stride: usize,
        first: usize,
        weights: &[R::Group],
        out: &mut [R::Group; N],
    ) {
        let mut sums = [self.lanes.splat(R::ZERO); N];
        for (row, weight) in rows.chunks_exact(stride).zip(weights) {
            let Some(row) = row[first..].first_chunk::<N>() else { return };
            let weight = R::load(weight);
            for i in 0..N {
                sums[i] = self.lanes.mul_add(self.lanes.splat(row[i]), weight, sums[i]);
            }
        }
        for i in 0..N {
            R::store(sums[i], &mut out[i]);
        }
    }

    /// The same of rows that differ by agent.
    #[inline(always)]
    fn weighted_tile_of<const N: usize>(
        self,
        rows: &[R::Group],
        stride: usize,
        first: usize,
        weights: &[R::Group],
        out: &mut [R::Group; N],
    ) {
        let mut sums = [self.lanes.splat(R::ZERO); N];
        for (row, weight) in rows.chunks_exact(stride).zip(weights) {
            let Some(row) = row[first..].first_chunk::<N>() else { return };
            let weight = R::load(weight);
            for i in 0..N {
                sums[i] = self.lanes.mul_add(R::load(&row[i]), weight, sums[i]);
            }
        }
        for i in 0..N {
            R::store(sums[i], &mut out[i]);
        }
    }

    #[inline(always)]
    fn multiply_by_form(self, matrix: &Matrix<R>, x: &[R::Group], out: &mut [R::Group]) {
        match matrix {
            Matrix::Dense(dense) => self.weighted_sum(&dense.columns, dense.stride(), x, out),
            Matrix::Diagonals(matrix) => {
                out.fill(R::Group::default());
                for diagonal in &matrix.diagonals {
                    let x = &x[diagonal.column..];
                    let out = &mut out[diagonal.row..];
                    for ((out, x), value) in out.iter_mut().zip(x).zip(diagonal.values.iter()) {
                        self.add_product(*value, x, out);
                    }
                }
            }
            Matrix::Sparse(sparse) => {
                out.fill(R::Group::default());
                let mut start = 0;
                for (x, end) in x.iter().zip(&sparse.ends) {
                    let end = *end as usize;
                    let entries = sparse.rows[start..end].iter().zip(&sparse.values[start..]);
                    for (row, value) in entries {
                        self.add_product(*value, x, &mut out[*row as usize]);
                    }
                    start = end;
                }
            }
        }
    }

    /// `out += value x`.
    #[inline(always)]
    fn add_product(self, value: R, x: &R::Group, out: &mut R::Group) {
        let value = self.lanes.splat(value);
        R::store(self.lanes.mul_add(value, R::load(x), R::load(out)), out);
    }
}

impl<R: Real, L: Lanes<R>> Arithmetic for Abreast<R, L> {
    type Real = R;
    type Number = R::Group;
    const AGENTS: usize = R::LANES;

    #[inline(always)]
    fn number(self, x: R) -> R::Group {
        self.stored(self.lanes.splat(x))
    }

    #[inline(always)]
    fn of(x: &R::Group, agent: usize) -> R {
        x.as_ref()[agent]
    }

    #[inline(always)]
    fn set(x: &mut R::Group, agent: usize, value: R) {
        x.as_mut()[agent] = value;
    }

    #[inline(always)]
    fn add(self, a: R::Group, b: R::Group) -> R::Group {
        self.stored(self.lanes.add(R::load(&a), R::load(&b)))
    }

    #[inline(always)]
    fn sub(self, a: R::Group, b: R::Group) -> R::Group {
        self.stored(self.lanes.sub(R::load(&a), R::load(&b)))
    }

    #[inline(always)]
    fn recip(self, x: R::Group) -> R::Group {
        self.stored(self.lanes.div(self.lanes.splat(R::ONE), R::load(&x)))
    }

    #[inline(always)]
    fn ln(self, x: R::Group) -> R::Group {
        self.stored(self.lanes.ln([R::load(&x)])[0])
    }

    #[inline(always)]
    fn where_above(self, x: R::Group, limit: R, a: R::Group, b: R::Group) -> R::Group {
        let limit = self.lanes.splat(limit);
        self.stored(self.lanes.where_above(R::load(&x), limit, R::load(&a), R::load(&b)))
    }

    #[inline(always)]
    fn map(self, x: &mut [R::Group], function: impl Function) {
        let (pairs, rest) = x.as_chunks_mut::<2>();
        for [a, b] in pairs {
            let y = function.of(self.lanes, [R::load(a), R::load(b)]);
            R::store(y[0], a);
            R::store(y[1], b);
        }
        for x in rest {
            R::store(function.of(self.lanes, [R::load(x)])[0], x);
        }
    }

    #[inline(always)]
    fn scale(self, x: &mut [R::Group], factor: R::Group) {
        let factor = R::load(&factor);
        for x in x {
            R::store(self.lanes.mul(R::load(x), factor), x);
        }
    }

    #[inline(always)]
    fn scaled(self, x: &[R::Group], factor: R::Group, out: &mut [R::Group]) {
        let factor = R::load(&factor);
        for (out, x) in out.iter_mut().zip(x) {
            R::store(self.lanes.mul(R::load(x), factor), out);
        }
    }

    #[inline(always)]
    fn add_to(self, x: &[R::Group], out: &mut [R::Group]) {
        for (out, x) in out.iter_mut().zip(x) {
            R::store(self.lanes.add(R::load(out), R::load(x)), out);
        }
    }

    #[inline(always)]
    fn dot(self, x: &[R::Group], y: &[R::Group]) -> R::Group {
        let mut total = self.lanes.splat(R::ZERO);
        for (x, y) in x.iter().zip(y) {
            total = self.lanes.mul_add(R::load(x), R::load(y), total);
        }
        self.stored(total)
    }

    #[inline(always)]
    fn dot_constant(self, constants: &[R], x: &[R::Group]) -> R::Group {
        let mut total = self.lanes.splat(R::ZERO);
        for (constant, x) in constants.iter().zip(x) {
            total = self.lanes.mul_add(self.lanes.splat(*constant), R::load(x), total);
        }
        self.stored(total)
    }

    #[inline(always)]
    fn sum_of(self, x: &[R::Group], function: impl Function) -> R::Group {
        let mut totals = [self.lanes.splat(R::ZERO); 2];
        let (pairs, rest) = x.as_chunks::<2>();
        for [a, b] in pairs {
            totals = function.added(self.lanes, totals, [R::load(a), R::load(b)]);
        }
        for x in rest {
            [totals[0]] = function.added(self.lanes, [totals[0]], [R::load(x)]);
        }
        self.stored(self.lanes.add(totals[0], totals[1]))
    }

    #[inline(always)]
    fn softmax(self, weights: &mut [R::Group]) {
        let lanes = self.lanes;
        let mut most = lanes.splat(R::of(f64::NEG_INFINITY));
        for weight in &*weights {
            most = lanes.max(R::load(weight), most);
        }
        let mut total = lanes.splat(R::ZERO);
        for weight in &mut *weights {
            let x = lanes.exp(lanes.sub(R::load(weight), most));
            total = lanes.add(total, x);
            R::store(x, weight);
        }
        let factor = lanes.div(lanes.splat(R::ONE), total);
        for weight in weights {
            R::store(lanes.mul(R::load(weight), factor), weight);
        }
    }

    #[inline(always)]
    fn multiply_into(self, a: &[R::Group], x: &mut [R::Group]) -> R::Group {
        let mut total = self.lanes.splat(R::ZERO);
        for (a, x) in a.iter().zip(x) {
            let product = self.lanes.mul(R::load(a), R::load(x));
            total = self.lanes.add(total, product);
            R::store(product, x);
        }
        self.stored(total)
    }

    #[inline(always)]
    fn weighted_sum(self, rows: &[R], stride: usize, weights: &[R::Group], out: &mut [R::Group]) {
        let (fours, rest) = out.as_chunks_mut::<4>();
        let mut first = 0;
        for out in fours {
            self.weighted_tile(rows, stride, first, weights, out);
            first += 4;
        }
        for out in rest.as_chunks_mut::<1>().0 {
            self.weighted_tile(rows, stride, first, weights, out);
            first += 1;
        }
    }

    #[inline(always)]
    fn weighted_sum_of(self, rows: &[R::Group], weights: &[R::Group], out: &mut [R::Group]) {
        let stride = out.len();
        let (fours, rest) = out.as_chunks_mut::<4>();
        let mut first = 0;
        for out in fours {
            self.weighted_tile_of(rows, stride, first, weights, out);
            first += 4;
        }
        for out in rest.as_chunks_mut::<1>().0 {
            self.weighted_tile_of(rows, stride, first, weights, out);
            first += 1;
        }
    }

    #[inline(always)]
    fn multiply(self, matrix: &Matrix<R>, x: &[R::Group], out: &mut [R::Group]) {
        self.lanes.apart(Product { matrix, x, out });
    }

    #[inline(always)]
    fn multiply_wide(self, matrix: &Wide<R>, x: &[R::Group], out: &mut [R::Group]) {
        let out = &mut out[..matrix.rows];
        out.fill(R::Group::default());
        let blocks = matrix.values.chunks_exact(matrix.rows * R::LANES);
        for (block, x) in blocks.zip(x.chunks(R::LANES)) {
            for (out, values) in out.iter_mut().zip(block.chunks_exact(R::LANES)) {
                let mut sum = R::load(out);
                for (value, x) in values.iter().zip(x) {
                    sum = self.lanes.mul_add(self.lanes.splat(*value), R::load(x), sum);
                }
                R::store(sum, out);
            }
        }
    }

    #[inline(always)]
    fn add_rows<'a>(self, rows: impl Fn(usize) -> &'a [R], out: &mut [R::Group]) {
        for agent in 0..R::LANES {
            for (out, value) in out.iter_mut().zip(rows(agent)) {
                out.as_mut()[agent] += *value;
            }
        }
    }

    #[inline(always)]
    fn multiply_rows<'a>(self, rows: impl Fn(usize) -> &'a [R], out: &mut [R::Group]) -> R::Group {
        for agent in 0..R::LANES {
            for (out, value) in out.iter_mut().zip(rows(agent)) {
                let out = &mut out.as_mut()[agent];
                *out = *out * *value;
            }
        }
        let mut total = self.lanes.splat(R::ZERO);
        for out in &*out {
            total = self.lanes.add(total, R::load(out));
        }
        self.stored(total)
    }
}

/// [`Arithmetic::multiply`] as a function of its own.
struct Product<'a, R: Real> {
    matrix: &'a Matrix<R>,
    x: &'a [R::Group],
    out: &'a mut [R::Group],
}

impl<R: Real> Calculation<R> for Product<'_, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes<R>>(self, lanes: L) {
        Abreast::<R, L>::new(lanes).multiply_by_form(self.matrix, self.x, self.out);
    }
}
