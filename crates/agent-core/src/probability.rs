//! Logarithms that meet zero, and distributions made of them.

/// What legacy pymdp adds before a logarithm.
const LEGACY_EPSILON: f64 = 1e-16;

/// What modern pymdp clips at: the machine epsilon of f64.
const MODERN_FLOOR: f64 = f64::EPSILON;

/// `ln(x + 1e-16)`: legacy pymdp's `spm_log_single`.
pub(crate) fn ln_legacy(x: f64) -> f64 {
    (x + LEGACY_EPSILON).ln()
}

/// `ln(max(x, 2^-52))`: modern pymdp's `log_stable`.
pub(crate) fn ln_modern(x: f64) -> f64 {
    x.max(MODERN_FLOOR).ln()
}

/// `x ln x` as modern pymdp has it: clipped inside the logarithm, 0 at 0.
pub(crate) fn x_ln_x(x: f64) -> f64 {
    if x > 0.0 { x * ln_modern(x) } else { 0.0 }
}

/// `sum x_i y_i`, in four interleaved sums so that it runs in vector registers.
pub(crate) fn dot(x: &[f64], y: &[f64]) -> f64 {
    let (x_fours, x_rest) = x.as_chunks::<4>();
    let (y_fours, y_rest) = y.as_chunks::<4>();
    let mut sums = [0.0; 4];
    for (a, b) in x_fours.iter().zip(y_fours) {
        for lane in 0..4 {
            sums[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = x_rest.iter().zip(y_rest).map(|(a, b)| a * b).sum();
    (sums[0] + sums[1]) + (sums[2] + sums[3]) + rest
}

/// Turns log weights into the distribution they are proportional to, in place.
pub(crate) fn softmax(weights: &mut [f64]) {
    let largest = weights.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut total = 0.0;
    for weight in &mut *weights {
        *weight = (*weight - largest).exp();
        total += *weight;
    }
    for weight in weights {
        *weight /= total;
    }
}

/// The index of the largest; of equals the first. 0 for nothing.
pub(crate) fn argmax(values: &[f64]) -> usize {
    let mut best = 0;
    for (index, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = index;
        }
    }
    best
}
