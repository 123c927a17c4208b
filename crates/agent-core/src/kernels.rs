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

/// Applies `f` to every number, in place. What it makes of `rest` is not kept.
#[inline(always)]
pub(crate) fn map<L: Lanes>(_lanes: L, x: &mut [f64], rest: f64, f: impl Fn(f64x4) -> f64x4) {
    let (whole, part) = x.as_chunks_mut::<LANES>();
    for x in whole {
        store(f(load(x)), x);
    }
    if !part.is_empty() {
        store_part(f(load_part(part, rest)), part);
    }
}

/// `ln max(x, 2^-52)` of every number: modern pymdp's `log_stable`.
#[inline(always)]
pub(crate) fn ln_modern<L: Lanes>(lanes: L, x: &mut [f64]) {
    map(lanes, x, 1.0, |x| lanes.ln(lanes.max(x, lanes.splat(MODERN_FLOOR))));
}

/// `ln(x + 1e-16)` of every number: legacy pymdp's `spm_log_single`.
#[inline(always)]
pub(crate) fn ln_legacy<L: Lanes>(lanes: L, x: &mut [f64]) {
    map(lanes, x, 1.0, |x| lanes.ln(lanes.add(x, lanes.splat(LEGACY_EPSILON))));
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
    let term = |x: f64x4| lanes.mul(x, lanes.ln(lanes.max(x, lanes.splat(MODERN_FLOOR))));
    sum_of(lanes, x, term)
}

/// `sum_i x_i ln(x_i + 1e-16)`: minus the entropy, as legacy pymdp has it.
#[inline(always)]
pub(crate) fn sum_x_ln_x_legacy<L: Lanes>(lanes: L, x: &[f64]) -> f64 {
    sum_of(lanes, x, |x| lanes.mul(x, lanes.ln(lanes.add(x, lanes.splat(LEGACY_EPSILON)))))
}

/// The sum of `term(x)`, which must be 0 at 0.
#[inline(always)]
fn sum_of<L: Lanes>(lanes: L, x: &[f64], term: impl Fn(f64x4) -> f64x4) -> f64 {
    let (whole, part) = x.as_chunks::<LANES>();
    let mut total = lanes.splat(0.0);
    for x in whole {
        total = lanes.add(total, term(load(x)));
    }
    if !part.is_empty() {
        total = lanes.add(total, term(load_part(part, 0.0)));
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
    scale(lanes, weights, total.recip());
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

/// Multiplies every number.
#[inline(always)]
pub(crate) fn scale<L: Lanes>(lanes: L, x: &mut [f64], factor: f64) {
    let factor = lanes.splat(factor);
    map(lanes, x, 0.0, |x| lanes.mul(x, factor));
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
    let add = |sums: &mut [f64x4; N], row: &[f64], weight: f64| {
        if weight != 0.0 {
            let weight = lanes.splat(weight);
            let (groups, _) = row[first..first + N * LANES].as_chunks::<LANES>();
            for (sum, group) in sums.iter_mut().zip(groups) {
                *sum = lanes.add(*sum, lanes.mul(weight, load(group)));
            }
        }
    };
    let mut rows = rows.chunks(stride);
    let (pairs, last) = weights.as_chunks::<2>();
    for weights in pairs {
        let (Some(one), Some(two)) = (rows.next(), rows.next()) else { break };
        add(&mut even, one, weights[0]);
        add(&mut odd, two, weights[1]);
    }
    if let ([weight], Some(row)) = (last, rows.next()) {
        add(&mut even, row, *weight);
    }
    for ((out, even), odd) in out.iter_mut().zip(even).zip(odd) {
        store(lanes.add(even, odd), out);
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
