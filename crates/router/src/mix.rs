//! Bits made random.

/// Steele and Vigna's finalizer of SplitMix64: one to one, and each bit of the result depends on all
/// of `bits`.
#[inline]
pub(crate) const fn mix(bits: u64) -> u64 {
    let bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    bits ^ (bits >> 31)
}

/// What the numbers that [`mix`] is given in turn differ by, odd and without a pattern.
pub(crate) const STEP: u64 = 0x9e37_79b9_7f4a_7c15;

/// A number below `limit`, by random bits; 0 where the limit is 0.
#[inline]
pub(crate) const fn below(limit: usize, bits: u64) -> usize {
    ((bits as u128 * limit as u128) >> 64) as usize
}
