//! Numbers that look random and are the same everywhere.

/// SplitMix64 (Steele, Lea and Flood, "Fast splittable pseudorandom number generators", 2014).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Random(u64);

impl Random {
    /// A sequence of its own for each seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The sequence that belongs to one thing of many.
    #[must_use]
    pub fn of(seed: u64, number: u64) -> Self {
        let mut random = Self(seed ^ number.wrapping_mul(0xd134_2543_de82_ef95));
        random.next();
        random
    }

    /// The next 64 bits.
    #[expect(clippy::should_implement_trait, reason = "it is endless and no iterator")]
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Uniform below a bound, to within `bound / 2^64`; 0 for a bound of 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(bound)) >> 64) as u64
    }

    /// Uniform in `[0, 1)`.
    pub fn unit(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

/// Numbers below a bound of which the first are asked for most: the k-th with a probability that
/// falls as `1 / k^0.99`, as in YCSB.
///
/// By Gray et al., "Quickly generating billion-record synthetic databases" (1994).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Zipf {
    bound: u64,
    exponent: f64,
    zeta: f64,
    eta: f64,
}

/// YCSB's skew.
const THETA: f64 = 0.99;

impl Zipf {
    /// Below `bound`, which is at least 1. O(`bound`).
    #[must_use]
    pub fn new(bound: u64) -> Self {
        let bound = bound.max(1);
        let zeta = zeta(bound);
        let eta = (1.0 - (2.0 / bound as f64).powf(1.0 - THETA)) / (1.0 - zeta_of_two() / zeta);
        Self { bound, exponent: 1.0 / (1.0 - THETA), zeta, eta }
    }

    /// The next number.
    pub fn next(&self, random: &mut Random) -> u64 {
        let unit = random.unit();
        let scaled = unit * self.zeta;
        if scaled < 1.0 || self.bound == 1 {
            return 0;
        }
        if scaled < zeta_of_two() {
            return 1;
        }
        let spread = (self.eta * unit - self.eta + 1.0).powf(self.exponent);
        ((self.bound as f64 * spread) as u64).min(self.bound - 1)
    }
}

fn zeta(bound: u64) -> f64 {
    (1..=bound).map(|k| 1.0 / (k as f64).powf(THETA)).sum()
}

fn zeta_of_two() -> f64 {
    1.0 + 0.5_f64.powf(THETA)
}
