//! A random stream in eight bytes, one per agent.

/// SplitMix64 (Steele, Lea and Flood, *Fast splittable pseudorandom number generators*, 2014).
/// The same seed gives the same stream on every machine and in every version of this crate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RandomStream(u64);

impl RandomStream {
    pub(crate) const fn new(seed: u64) -> Self {
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// Uniform in [0, 1), a multiple of 2^-53.
    pub(crate) fn uniform(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// An index drawn with these probabilities, which sum to about one.
    pub(crate) fn categorical(
        &mut self,
        probabilities: impl DoubleEndedIterator<Item = f64> + ExactSizeIterator + Clone,
    ) -> usize {
        let mut left = self.uniform();
        for (index, p) in probabilities.clone().enumerate() {
            left -= p;
            if left < 0.0 {
                return index;
            }
        }
        // Rounding left a little over: it belongs to the last that can happen.
        probabilities.clone().rposition(|p| p > 0.0).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The first outputs for seed 1234567, as the algorithm's reference implementation gives them.
    #[test]
    fn the_stream_is_splitmix64() {
        let mut stream = RandomStream::new(1_234_567);
        let expected = [6_457_827_717_110_365_317, 3_203_168_211_198_807_973];
        assert_eq!([stream.next(), stream.next()], expected);
    }

    #[test]
    fn draws_follow_the_probabilities_and_never_the_impossible() {
        let mut stream = RandomStream::new(7);
        let probabilities = [0.2, 0.0, 0.5, 0.3, 0.0];
        let mut counts = [0_u32; 5];
        for _ in 0..100_000 {
            counts[stream.categorical(probabilities.into_iter())] += 1;
        }
        assert_eq!((counts[1], counts[4]), (0, 0));
        for (count, p) in counts.iter().zip(probabilities) {
            // Six standard deviations of a binomial count.
            let allowed = 6.0 * (100_000.0 * p * (1.0 - p)).sqrt();
            assert!((f64::from(*count) - 100_000.0 * p).abs() <= allowed, "{counts:?}");
        }
    }
}
