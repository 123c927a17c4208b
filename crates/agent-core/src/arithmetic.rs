//! How an agent's numbers are calculated with: along its arrays, or abreast with other agents.
//!
//! The engine is written once, over numbers of some kind. [`Along`] steps one agent: a number is
//! a number, and vectors of the machine run along an array. [`Abreast`] steps as many agents as
//! the machine's vectors have lanes: a number is a group, one for each agent, and what is the
//! same for all, the model, is spread over the lanes. Small models have arrays too short to fill
//! a vector; abreast every lane has work.

mod abreast;
mod along;
mod functions;

use std::fmt::Debug;

use crate::matrix::{Matrix, Wide};
use crate::real::Real;
pub(crate) use abreast::Abreast;
pub(crate) use along::Along;
pub(crate) use functions::{
    AtLeast, Function, LnLegacy, LnModern, OnlyAbove, Plus, Same, Weighted,
};

/// The least that modern pymdp takes a logarithm of: the machine epsilon of f64.
pub(crate) const MODERN_FLOOR: f64 = f64::EPSILON;

/// Most sums of the same rows that are taken at once.
pub(crate) const SEVERAL: usize = 4;

/// What legacy pymdp adds before a logarithm.
pub(crate) const LEGACY_EPSILON: f64 = 1e-16;

/// The length of a row of this many numbers, filled up so that no vector of f64 is cut.
pub(crate) const fn padded(length: usize) -> usize {
    length.next_multiple_of(4)
}

/// A way of calculating for one agent or several.
pub(crate) trait Arithmetic: Copy {
    type Real: Real;
    /// One number for each agent.
    type Number: Copy + Default + Debug + PartialEq;
    /// Agents at once.
    const AGENTS: usize;

    /// The same for every agent.
    fn number(self, x: Self::Real) -> Self::Number;
    /// What one agent's number is.
    fn of(x: &Self::Number, agent: usize) -> Self::Real;
    /// Changes one agent's number.
    fn set(x: &mut Self::Number, agent: usize, value: Self::Real);
    fn add(self, a: Self::Number, b: Self::Number) -> Self::Number;
    fn sub(self, a: Self::Number, b: Self::Number) -> Self::Number;
    fn recip(self, x: Self::Number) -> Self::Number;
    fn ln(self, x: Self::Number) -> Self::Number;
    /// `a` where `x > limit`, else `b`.
    fn where_above(
        self,
        x: Self::Number,
        limit: Self::Real,
        a: Self::Number,
        b: Self::Number,
    ) -> Self::Number;

    /// Applies a function to every number, in place.
    fn map(self, x: &mut [Self::Number], function: impl Function);
    /// `x_i = factor x_i`.
    fn scale(self, x: &mut [Self::Number], factor: Self::Number);
    /// `out_i = factor x_i`.
    fn scaled(self, x: &[Self::Number], factor: Self::Number, out: &mut [Self::Number]);
    /// `out_i += x_i`.
    fn add_to(self, x: &[Self::Number], out: &mut [Self::Number]);
    /// `sum_i x_i y_i`.
    fn dot(self, x: &[Self::Number], y: &[Self::Number]) -> Self::Number;
    /// `sum_i c_i x_i`.
    fn dot_constant(self, constants: &[Self::Real], x: &[Self::Number]) -> Self::Number;
    /// The sum of a function that is 0 at 0, of numbers that are not negative.
    fn sum_of(self, x: &[Self::Number], function: impl Function) -> Self::Number;
    /// Turns log weights into the distribution they are proportional to, in place.
    fn softmax(self, weights: &mut [Self::Number]);
    /// `x_i = a_i x_i`; returns the sum.
    fn multiply_into(self, a: &[Self::Number], x: &mut [Self::Number]) -> Self::Number;
    /// `out = sum_s weights_s rows_s`: row `s` begins at `s * stride` and is as long as `out`.
    /// States of no weight are passed over.
    fn weighted_sum(
        self,
        rows: &[Self::Real],
        stride: usize,
        weights: &[Self::Number],
        out: &mut [Self::Number],
    );
    /// The same of rows that are as long as `out` and differ by agent.
    fn weighted_sum_of(
        self,
        rows: &[Self::Number],
        weights: &[Self::Number],
        out: &mut [Self::Number],
    );
    /// Several [`weighted_sum`](Self::weighted_sum)s of the same rows, one after the other in
    /// `out`.
    #[inline(always)]
    fn weighted_sums<'a>(
        self,
        rows: &[Self::Real],
        stride: usize,
        weights: impl Fn(usize) -> &'a [Self::Number],
        out: &mut [Self::Number],
    ) where
        Self::Number: 'a,
    {
        for (k, out) in out.chunks_exact_mut(stride).enumerate() {
            self.weighted_sum(rows, stride, weights(k), out);
        }
    }
    /// The same of rows that differ by agent.
    #[inline(always)]
    fn weighted_sums_of<'a>(
        self,
        rows: &[Self::Number],
        stride: usize,
        weights: impl Fn(usize) -> &'a [Self::Number],
        out: &mut [Self::Number],
    ) where
        Self::Number: 'a,
    {
        for (k, out) in out.chunks_exact_mut(stride).enumerate() {
            self.weighted_sum_of(rows, weights(k), out);
        }
    }
    /// `out = matrix x`.
    fn multiply(self, matrix: &Matrix<Self::Real>, x: &[Self::Number], out: &mut [Self::Number]);
    /// `out = matrix x`; what `out` has room for beyond the rows is left as it is.
    fn multiply_wide(self, matrix: &Wide<Self::Real>, x: &[Self::Number], out: &mut [Self::Number]);
    /// `out_i += row_i`, by each agent's own row.
    fn add_rows<'a>(self, rows: impl Fn(usize) -> &'a [Self::Real], out: &mut [Self::Number])
    where
        Self::Real: 'a;
    /// `out_i = row_i out_i`, by each agent's own row; returns the sum.
    fn multiply_rows<'a>(
        self,
        rows: impl Fn(usize) -> &'a [Self::Real],
        out: &mut [Self::Number],
    ) -> Self::Number
    where
        Self::Real: 'a;
}

/// `out_i = x_i` for every agent.
#[inline(always)]
pub(crate) fn spread<A: Arithmetic>(arithmetic: A, x: &[A::Real], out: &mut [A::Number]) {
    for (out, x) in out.iter_mut().zip(x) {
        *out = arithmetic.number(*x);
    }
}

/// Which of some numbers is the largest; of equals the first. 0 for nothing.
pub(crate) fn argmax<R: Real>(values: impl Iterator<Item = R>) -> usize {
    let mut best: Option<(usize, R)> = None;
    for (index, value) in values.enumerate() {
        if best.is_none_or(|(_, most)| value > most) {
            best = Some((index, value));
        }
    }
    best.map_or(0, |(index, _)| index)
}
