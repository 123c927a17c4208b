//! The loops in which an agent spends its time, over any lanes.

use pulp::f64x4;

use crate::lanes::{LANES, Lanes};

/// The least that modern pymdp takes a logarithm of: the machine epsilon of f64.
pub(crate) const MODERN_FLOOR: f64 = f64::EPSILON;

/// What legacy pymdp adds before a logarithm.
pub(crate) const LEGACY_EPSILON: f64 = 1e-16;

/// The length of a row of this many numbers, filled up to whole groups.
pub(crate) const fn padded(length: usize) -> usize {
    length.next_multiple_of(LANES)
}

#[inline(always)]
pub(crate) fn load(x: &[f64; LANES]) -> f64x4 {
    f64x4(x[0], x[1], x[2], x[3])
}

/// The last numbers of a slice, followed by `rest`.
#[inline(always)]
fn load_part(x: &[f64], rest: f64) -> f64x4 {
    let at = |i: usize| x.get(i).copied().unwrap_or(rest);
    f64x4(at(0), at(1), at(2), at(3))
}

#[inline(always)]
fn store(x: f64x4, out: &mut [f64; LANES]) {
    *out = [x.0, x.1, x.2, x.3];
}

/// As many of the four as there is room for.
#[inline(always)]
fn store_part(x: f64x4, out: &mut [f64]) {
    for (out, x) in out.iter_mut().zip([x.0, x.1, x.2, x.3]) {
        *out = x;
    }
}

/// The sum of the four, in their fixed order.
#[inline(always)]
fn sum(x: f64x4) -> f64 {
    (x.0 + x.1) + (x.2 + x.3)
}

/// What is done to numbers one by one. A type and not a closure: closures are compiled without
/// the machine's wide instructions, and each of these would become a call.
pub(crate) trait Function: Copy {
    fn of<L: Lanes>(self, lanes: L, x: f64x4) -> f64x4;
}

/// `x + c`.
#[derive(Clone, Copy)]
pub(crate) struct Plus(pub(crate) f64);

/// `c x`.
#[derive(Clone, Copy)]
pub(crate) struct Times(pub(crate) f64);

/// `max(x, c)`.
#[derive(Clone, Copy)]
pub(crate) struct AtLeast(pub(crate) f64);

/// `ln max(x, 2^-52)`: modern pymdp's `log_stable`.
#[derive(Clone, Copy)]
pub(crate) struct LnModern;

/// `ln(x + 1e-16)`: legacy pymdp's `spm_log_single`.
#[derive(Clone, Copy)]
pub(crate) struct LnLegacy;

/// `x f(x)`.
#[derive(Clone, Copy)]
struct Weighted<F>(F);

impl Function for Plus {
    #[inline(always)]
    fn of<L: Lanes>(self, lanes: L, x: f64x4) -> f64x4 {
        lanes.add(x, lanes.splat(self.0))
    }
}

impl Function for Times {
    #[inline(always)]
    fn of<L: Lanes>(self, lanes: L, x: f64x4) -> f64x4 {
        lanes.mul(x, lanes.splat(self.0))
    }
}

impl Function for AtLeast {
    #[inline(always)]
    fn of<L: Lanes>(self, lanes: L, x: f64x4) -> f64x4 {
        lanes.max(x, lanes.splat(self.0))
    }
}

impl Function for LnModern {
    #[inline(always)]
    fn of<L: Lanes>(self, lanes: L, x: f64x4) -> f64x4 {
        lanes.ln(AtLeast(MODERN_FLOOR).of(lanes, x))
    }
}

impl Function for LnLegacy {
    #[inline(always)]
    fn of<L: Lanes>(self, lanes: L, x: f64x4) -> f64x4 {
        lanes.ln(Plus(LEGACY_EPSILON).of(lanes, x))
    }
}

impl<F: Function> Function for Weighted<F> {
    #[inline(always)]
    fn of<L: Lanes>(self, lanes: L, x: f64x4) -> f64x4 {
        lanes.mul(x, self.0.of(lanes, x))
    }
}

/// Applies a function to every number, in place.
#[inline(always)]
pub(crate) fn map<L: Lanes>(lanes: L, x: &mut [f64], function: impl Function) {
    let (whole, part) = x.as_chunks_mut::<LANES>();
    for x in whole {
        store(function.of(lanes, load(x)), x);
    }
    if !part.is_empty() {
        // One has a logarithm, whatever the function.
        store_part(function.of(lanes, load_part(part, 1.0)), part);
    }
}

/// `sum_i x_i y_i`.
#[inline(always)]
pub(crate) fn dot<L: Lanes>(lanes: L, x: &[f64], y: &[f64]) -> f64 {
    let mut sums = [lanes.splat(0.0); 4];
    let (x_whole, x_part) = x.as_chunks::<LANES>();
    let (y_whole, y_part) = y.as_chunks::<LANES>();
    let (x_fours, x_rest) = x_whole.as_chunks::<4>();
    let (y_fours, y_rest) = y_whole.as_chunks::<4>();
    for (x, y) in x_fours.iter().zip(y_fours) {
        for lane in 0..4 {
            sums[lane] = lanes.add(sums[lane], lanes.mul(load(&x[lane]), load(&y[lane])));
        }
    }
    for (x, y) in x_rest.iter().zip(y_rest) {
        sums[0] = lanes.add(sums[0], lanes.mul(load(x), load(y)));
    }
    if !x_part.is_empty() {
        let product = lanes.mul(load_part(x_part, 0.0), load_part(y_part, 0.0));
        sums[1] = lanes.add(sums[1], product);
    }
    sum(lanes.add(lanes.add(sums[0], sums[1]), lanes.add(sums[2], sums[3])))
}

/// `sum_i x_i ln max(x_i, 2^-52)`: minus the entropy, with modern pymdp's clipping.
#[inline(always)]
pub(crate) fn sum_x_ln_x<L: Lanes>(lanes: L, x: &[f64]) -> f64 {
    sum_of(lanes, x, Weighted(LnModern))
}

/// `sum_i x_i ln(x_i + 1e-16)`: minus the entropy, as legacy pymdp has it.
#[inline(always)]
pub(crate) fn sum_x_ln_x_legacy<L: Lanes>(lanes: L, x: &[f64]) -> f64 {
    sum_of(lanes, x, Weighted(LnLegacy))
}

/// The sum of a function that is 0 at 0.
#[inline(always)]
fn sum_of<L: Lanes>(lanes: L, x: &[f64], function: impl Function) -> f64 {
    let (whole, part) = x.as_chunks::<LANES>();
    let mut total = lanes.splat(0.0);
    for x in whole {
        total = lanes.add(total, function.of(lanes, load(x)));
    }
    if !part.is_empty() {
        total = lanes.add(total, function.of(lanes, load_part(part, 0.0)));
    }
    sum(total)
}

/// Turns log weights into the distribution they are proportional to, in place; returns the
/// logarithm of the sum of the weights.
#[inline(always)]
pub(crate) fn softmax<L: Lanes>(lanes: L, weights: &mut [f64]) -> f64 {
    let largest = largest(lanes, weights);
    let shift = lanes.splat(largest);
    let mut total = lanes.splat(0.0);
    let (whole, part) = weights.as_chunks_mut::<LANES>();
    for weights in &mut *whole {
        let x = lanes.exp(lanes.sub(load(weights), shift));
        total = lanes.add(total, x);
        store(x, weights);
    }
    if !part.is_empty() {
        let x = lanes.exp(lanes.sub(load_part(part, f64::NEG_INFINITY), shift));
        total = lanes.add(total, x);
        store_part(x, part);
    }
    let total = sum(total);
    map(lanes, weights, Times(total.recip()));
    largest + lanes.ln(lanes.splat(total)).0
}

/// The largest of some numbers; minus infinity of none.
#[inline(always)]
fn largest<L: Lanes>(lanes: L, x: &[f64]) -> f64 {
    let (whole, part) = x.as_chunks::<LANES>();
    let mut most = lanes.splat(f64::NEG_INFINITY);
    for x in whole {
        most = lanes.max(load(x), most);
    }
    if !part.is_empty() {
        most = lanes.max(load_part(part, f64::NEG_INFINITY), most);
    }
    let pair = |a: f64, b: f64| if a > b { a } else { b };
    pair(pair(most.0, most.1), pair(most.2, most.3))
}

/// `x_i = a_i x_i`; returns the sum.
#[inline(always)]
pub(crate) fn multiply_into<L: Lanes>(lanes: L, a: &[f64], x: &mut [f64]) -> f64 {
    let (a_whole, a_part) = a.as_chunks::<LANES>();
    let (x_whole, x_part) = x.as_chunks_mut::<LANES>();
    let mut total = lanes.splat(0.0);
    for (a, x) in a_whole.iter().zip(x_whole) {
        let product = lanes.mul(load(a), load(x));
        total = lanes.add(total, product);
        store(product, x);
    }
    if !x_part.is_empty() {
        let product = lanes.mul(load_part(a_part, 0.0), load_part(x_part, 0.0));
        total = lanes.add(total, product);
        store_part(product, x_part);
    }
    sum(total)
}

/// `out = sum_s weights_s rows_s`: row `s` begins at `s * stride` and is as long as `out`. States
/// of no weight are passed over.
#[inline(always)]
pub(crate) fn weighted_sum<L: Lanes>(
    lanes: L,
    rows: &[f64],
    stride: usize,
    weights: &[f64],
    out: &mut [f64],
) {
    let mut first = 0;
    let (whole, part) = out.as_chunks_mut::<LANES>();
    let (fours, rest) = whole.as_chunks_mut::<4>();
    for out in fours {
        weighted_groups(lanes, rows, stride, first, weights, out);
        first += 4 * LANES;
    }
    match rest {
        [a, b, c] => {
            let mut groups = [*a, *b, *c];
            weighted_groups(lanes, rows, stride, first, weights, &mut groups);
            [*a, *b, *c] = groups;
        }
        [a, b] => {
            let mut groups = [*a, *b];
            weighted_groups(lanes, rows, stride, first, weights, &mut groups);
            [*a, *b] = groups;
        }
        [a] => {
            let mut groups = [*a];
            weighted_groups(lanes, rows, stride, first, weights, &mut groups);
            [*a] = groups;
        }
        _ => {}
    }
    first += rest.len() * LANES;
    if !part.is_empty() {
        let end = first + part.len();
        let mut total = lanes.splat(0.0);
        for (row, weight) in rows.chunks(stride).zip(weights) {
            let row = load_part(&row[first..end], 0.0);
            total = lanes.add(total, lanes.mul(lanes.splat(*weight), row));
        }
        store_part(total, part);
    }
}

/// `N` groups of every row, from column `first` on. Even and odd states add up apart, so that
/// one addition need not wait for the one before.
#[inline(always)]
fn weighted_groups<L: Lanes, const N: usize>(
    lanes: L,
    rows: &[f64],
    stride: usize,
    first: usize,
    weights: &[f64],
    out: &mut [[f64; LANES]; N],
) {
    let mut even = [lanes.splat(0.0); N];
    let mut odd = even;
    let mut rows = rows.chunks(stride);
    let (pairs, last) = weights.as_chunks::<2>();
    for weights in pairs {
        let (Some(one), Some(two)) = (rows.next(), rows.next()) else { break };
        add_row(lanes, &mut even, &one[first..], weights[0]);
        add_row(lanes, &mut odd, &two[first..], weights[1]);
    }
    if let ([weight], Some(row)) = (last, rows.next()) {
        add_row(lanes, &mut even, &row[first..], *weight);
    }
    for ((out, even), odd) in out.iter_mut().zip(even).zip(odd) {
        store(lanes.add(even, odd), out);
    }
}

/// `sums += weight * row`, for the first groups of the row.
#[inline(always)]
fn add_row<L: Lanes, const N: usize>(lanes: L, sums: &mut [f64x4; N], row: &[f64], weight: f64) {
    if weight != 0.0 {
        let weight = lanes.splat(weight);
        let (groups, _) = row.as_chunks::<LANES>();
        for (sum, group) in sums.iter_mut().zip(groups) {
            *sum = lanes.add(*sum, lanes.mul(weight, load(group)));
        }
    }
}

/// Which of some numbers is the largest; of equals the first. 0 for nothing.
pub(crate) fn argmax(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}
