//! Four numbers at once, where the processor can, with the same bits where it cannot.
//!
//! Every operation is one that IEEE 754 defines to the bit, and every sum adds in an order that
//! is fixed by the code: four lanes, added at the end. Fused multiply-add is left out on purpose.
//! So a model gives the same bits on every machine, and the portable lanes are a check of the
//! fast ones, not an approximation.

#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;
use pulp::{cast, f64x4, u64x4};

/// How many numbers stand side by side.
pub(crate) const LANES: usize = 4;

/// What is added to a number to round it to a whole one: 1.5 times 2^52.
const ROUNDING: f64 = 6_755_399_441_055_744.0;

/// `sqrt(1/2)` as bits: mantissas are taken from here to `sqrt(2)`.
const SQRT_HALF_BITS: u64 = 0x3fe6_a09e_667f_3bcd;

/// The bits of 1.
const ONE_BITS: u64 = 0x3ff0_0000_0000_0000;

/// 2^52, in whose last bits a whole number below stands as it is.
const WHOLE: f64 = 4_503_599_627_370_496.0;

/// The exponent of 1 as it is stored.
const BIAS: u64 = 1023;

/// A way of calculating with four numbers at once.
pub(crate) trait Lanes: Copy {
    fn splat(self, x: f64) -> f64x4;
    fn add(self, a: f64x4, b: f64x4) -> f64x4;
    fn sub(self, a: f64x4, b: f64x4) -> f64x4;
    fn mul(self, a: f64x4, b: f64x4) -> f64x4;
    fn div(self, a: f64x4, b: f64x4) -> f64x4;
    /// The larger; `b` where either is not a number.
    fn max(self, a: f64x4, b: f64x4) -> f64x4;
    /// `a` where `x > limit`, else 0.
    fn where_above(self, x: f64x4, limit: f64x4, a: f64x4) -> f64x4;
    /// `(k, m)` with `x = m 2^k` and m from `sqrt(1/2)` to `sqrt(2)`; for normal positive x.
    fn split(self, x: f64x4) -> (f64x4, f64x4);
    /// `2^k` for the whole number k that [`ROUNDING`] was added to.
    fn power_of_two(self, rounded: f64x4) -> f64x4;

    /// Natural logarithms of normal positive numbers, within one unit in the last place: the
    /// polynomial of Sun's fdlibm.
    #[inline(always)]
    fn ln(self, x: f64x4) -> f64x4 {
        const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
        const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
        const EVEN: [f64; 3] =
            [3.999_999_999_940_942e-1, 2.222_219_843_214_978_4e-1, 1.531_383_769_920_937_3e-1];
        const ODD: [f64; 4] = [
            6.666_666_666_666_735e-1,
            2.857_142_874_366_239e-1,
            1.818_357_216_161_805e-1,
            1.479_819_860_511_658_6e-1,
        ];
        let (k, m) = self.split(x);
        let f = self.sub(m, self.splat(1.0));
        let s = self.div(f, self.add(self.splat(2.0), f));
        let z = self.mul(s, s);
        let w = self.mul(z, z);
        let even = self.mul(w, self.polynomial(w, &EVEN));
        let odd = self.mul(z, self.polynomial(w, &ODD));
        let half = self.mul(self.splat(0.5), self.mul(f, f));
        let low = self.add(
            self.mul(s, self.add(half, self.add(even, odd))),
            self.mul(k, self.splat(LN2_LOW)),
        );
        self.sub(self.mul(k, self.splat(LN2_HIGH)), self.sub(self.sub(half, low), f))
    }

    /// `e^x` for x of at most 700, within one unit in the last place; 0 below -708, where it
    /// would no longer be a normal number. Sun's fdlibm again.
    #[inline(always)]
    fn exp(self, x: f64x4) -> f64x4 {
        const LN2_HIGH: f64 = 6.931_471_803_691_238e-1;
        const LN2_LOW: f64 = 1.908_214_929_270_587_7e-10;
        const LEAST: f64 = -708.0;
        const TERMS: [f64; 5] = [
            1.666_666_666_666_660_2e-1,
            -2.777_777_777_701_559_3e-3,
            6.613_756_321_437_934e-5,
            -1.653_390_220_546_525_2e-6,
            4.138_136_797_057_238_5e-8,
        ];
        let least = self.splat(LEAST);
        let kept = self.max(x, least);
        let rounded =
            self.add(self.mul(kept, self.splat(std::f64::consts::LOG2_E)), self.splat(ROUNDING));
        let k = self.sub(rounded, self.splat(ROUNDING));
        let high = self.sub(kept, self.mul(k, self.splat(LN2_HIGH)));
        let low = self.mul(k, self.splat(LN2_LOW));
        let r = self.sub(high, low);
        let z = self.mul(r, r);
        let c = self.sub(r, self.mul(z, self.polynomial(z, &TERMS)));
        let quotient = self.div(self.mul(r, c), self.sub(self.splat(2.0), c));
        let y = self.sub(self.splat(1.0), self.sub(self.sub(low, quotient), high));
        self.where_above(x, least, self.mul(y, self.power_of_two(rounded)))
    }

    /// `c_0 + x (c_1 + x (c_2 + ...))`.
    #[inline(always)]
    fn polynomial<const N: usize>(self, x: f64x4, coefficients: &[f64; N]) -> f64x4 {
        let mut sum = self.splat(coefficients[N - 1]);
        for coefficient in coefficients[..N - 1].iter().rev() {
            sum = self.add(self.splat(*coefficient), self.mul(x, sum));
        }
        sum
    }
}

/// One number after the other: what every machine can do.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Portable;

#[inline(always)]
fn each(a: f64x4, f: impl Fn(f64) -> f64) -> f64x4 {
    f64x4(f(a.0), f(a.1), f(a.2), f(a.3))
}

#[inline(always)]
fn both(a: f64x4, b: f64x4, f: impl Fn(f64, f64) -> f64) -> f64x4 {
    f64x4(f(a.0, b.0), f(a.1, b.1), f(a.2, b.2), f(a.3, b.3))
}

/// How far the exponent's bits are moved so that mantissas begin at `sqrt(1/2)`.
const SHIFTED: u64 = ONE_BITS - SQRT_HALF_BITS;

impl Lanes for Portable {
    #[inline(always)]
    fn splat(self, x: f64) -> f64x4 {
        f64x4(x, x, x, x)
    }

    #[inline(always)]
    fn add(self, a: f64x4, b: f64x4) -> f64x4 {
        both(a, b, |a, b| a + b)
    }

    #[inline(always)]
    fn sub(self, a: f64x4, b: f64x4) -> f64x4 {
        both(a, b, |a, b| a - b)
    }

    #[inline(always)]
    fn mul(self, a: f64x4, b: f64x4) -> f64x4 {
        both(a, b, |a, b| a * b)
    }

    #[inline(always)]
    fn div(self, a: f64x4, b: f64x4) -> f64x4 {
        both(a, b, |a, b| a / b)
    }

    #[inline(always)]
    fn max(self, a: f64x4, b: f64x4) -> f64x4 {
        both(a, b, |a, b| if a > b { a } else { b })
    }

    #[inline(always)]
    fn where_above(self, x: f64x4, limit: f64x4, a: f64x4) -> f64x4 {
        let one = |x: f64, limit: f64, a: f64| if x > limit { a } else { 0.0 };
        f64x4(
            one(x.0, limit.0, a.0),
            one(x.1, limit.1, a.1),
            one(x.2, limit.2, a.2),
            one(x.3, limit.3, a.3),
        )
    }

    #[inline(always)]
    fn split(self, x: f64x4) -> (f64x4, f64x4) {
        let exponent = |x: f64| x.to_bits().wrapping_add(SHIFTED) >> 52;
        let k = each(x, |x| f64::from_bits(exponent(x) | WHOLE.to_bits()) - (WHOLE + BIAS as f64));
        let m = each(x, |x| {
            f64::from_bits(x.to_bits().wrapping_sub(exponent(x) << 52).wrapping_add(ONE_BITS))
        });
        (k, m)
    }

    #[inline(always)]
    fn power_of_two(self, rounded: f64x4) -> f64x4 {
        each(rounded, |rounded| f64::from_bits(rounded.to_bits().wrapping_add(BIAS) << 52))
    }
}

#[cfg(target_arch = "x86_64")]
impl Lanes for V3 {
    #[inline(always)]
    fn splat(self, x: f64) -> f64x4 {
        self.splat_f64x4(x)
    }

    #[inline(always)]
    fn add(self, a: f64x4, b: f64x4) -> f64x4 {
        self.add_f64x4(a, b)
    }

    #[inline(always)]
    fn sub(self, a: f64x4, b: f64x4) -> f64x4 {
        self.sub_f64x4(a, b)
    }

    #[inline(always)]
    fn mul(self, a: f64x4, b: f64x4) -> f64x4 {
        self.mul_f64x4(a, b)
    }

    #[inline(always)]
    fn div(self, a: f64x4, b: f64x4) -> f64x4 {
        self.div_f64x4(a, b)
    }

    #[inline(always)]
    fn max(self, a: f64x4, b: f64x4) -> f64x4 {
        self.select_f64x4(self.cmp_gt_f64x4(a, b), a, b)
    }

    #[inline(always)]
    fn where_above(self, x: f64x4, limit: f64x4, a: f64x4) -> f64x4 {
        self.select_f64x4(self.cmp_gt_f64x4(x, limit), a, self.splat_f64x4(0.0))
    }

    #[inline(always)]
    fn split(self, x: f64x4) -> (f64x4, f64x4) {
        let bits: u64x4 = cast(x);
        let exponent =
            self.shr_const_u64x4::<52>(self.wrapping_add_u64x4(bits, self.splat_u64x4(SHIFTED)));
        let whole = self.or_u64x4(exponent, self.splat_u64x4(WHOLE.to_bits()));
        let k = self.sub_f64x4(cast(whole), self.splat_f64x4(WHOLE + BIAS as f64));
        let m = self.wrapping_add_u64x4(
            self.wrapping_sub_u64x4(bits, self.shl_const_u64x4::<52>(exponent)),
            self.splat_u64x4(ONE_BITS),
        );
        (k, cast(m))
    }

    #[inline(always)]
    fn power_of_two(self, rounded: f64x4) -> f64x4 {
        let bits = self.wrapping_add_u64x4(cast(rounded), self.splat_u64x4(BIAS));
        cast(self.shl_const_u64x4::<52>(bits))
    }
}

/// Something to calculate with whatever lanes there are. All of it must be inlined.
pub(crate) trait Calculation {
    type Output;
    fn run<L: Lanes>(self, lanes: L) -> Self::Output;
}

/// What this machine has, found once.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Machine {
    #[cfg(target_arch = "x86_64")]
    V3(V3),
    Portable,
}

impl Machine {
    /// The widest lanes of this machine: those of x86-64-v3 (AVX2), else portable ones.
    pub(crate) fn detect() -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(v3) = V3::try_new() {
            return Self::V3(v3);
        }
        Self::Portable
    }

    #[inline(always)]
    pub(crate) fn run<C: Calculation>(self, calculation: C) -> C::Output {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::V3(v3) => v3.vectorize(Wide { v3, calculation }),
            Self::Portable => calculation.run(Portable),
        }
    }
}

/// A calculation with the token of its lanes.
#[cfg(target_arch = "x86_64")]
struct Wide<C> {
    v3: V3,
    calculation: C,
}

#[cfg(target_arch = "x86_64")]
impl<C: Calculation> pulp::NullaryFnOnce for Wide<C> {
    type Output = C::Output;

    #[inline(always)]
    fn call(self) -> C::Output {
        self.calculation.run(self.v3)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Units in the last place between two numbers of one sign.
    fn ulps(a: f64, b: f64) -> u64 {
        a.to_bits().abs_diff(b.to_bits())
    }

    struct Both(f64x4);

    impl Calculation for Both {
        type Output = (f64x4, f64x4);

        #[inline(always)]
        fn run<L: Lanes>(self, lanes: L) -> Self::Output {
            (lanes.ln(lanes.max(self.0, lanes.splat(f64::MIN_POSITIVE))), lanes.exp(self.0))
        }
    }

    fn bits(x: f64x4) -> [u64; LANES] {
        [x.0.to_bits(), x.1.to_bits(), x.2.to_bits(), x.3.to_bits()]
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn logarithms_are_within_a_unit_in_the_last_place(x in f64::MIN_POSITIVE..f64::MAX, near in 0.5..2.0) {
            for x in [x, near, x.recip().max(f64::MIN_POSITIVE)] {
                let got = Portable.ln(Portable.splat(x)).0;
                prop_assert!(ulps(got, x.ln()) <= 1, "ln {x} is {} and not {got}", x.ln());
            }
        }

        #[test]
        fn exponentials_are_within_a_unit_in_the_last_place(x in -707.9..700.0, small in -1e-3..1e-3) {
            for x in [x, small] {
                let got = Portable.exp(Portable.splat(x)).0;
                prop_assert!(ulps(got, x.exp()) <= 1, "exp {x} is {} and not {got}", x.exp());
            }
        }

        #[test]
        fn all_lanes_give_the_same_bits(a in -800.0..700.0, b in 0.0..1.0, c in 0.0..1e-12, d in 1.0..1e9_f64) {
            let x = f64x4(a, b, c, -d.ln());
            let (ln, exp) = Machine::detect().run(Both(x));
            let (portable_ln, portable_exp) = Machine::Portable.run(Both(x));
            prop_assert_eq!(bits(ln), bits(portable_ln));
            prop_assert_eq!(bits(exp), bits(portable_exp));
        }
    }

    #[test]
    fn ends_of_the_range() {
        let of = |x: f64| Portable.exp(Portable.splat(x)).0;
        assert_eq!([of(0.0), of(-708.1), of(f64::NEG_INFINITY)], [1.0, 0.0, 0.0]);
        assert_eq!(Portable.ln(Portable.splat(1.0)).0, 0.0);
        assert_eq!(Portable.ln(Portable.splat(f64::EPSILON)).0, f64::EPSILON.ln());
    }
}
