//! Several numbers at once, where the processor can, with the same bits where it cannot.
//!
//! Every operation is one that IEEE 754 defines to the bit, fused multiply-add among them, and
//! every sum adds in an order that is fixed by the code: lane by lane, added at the end. So a
//! model gives the same bits on every machine, and the portable lanes are a check of the fast
//! ones, not an approximation. (Where a processor has no fused multiply-add they are slow.)

mod portable;
#[cfg(target_arch = "x86_64")]
mod v3;

#[cfg(target_arch = "x86_64")]
use std::marker::PhantomData;

#[cfg(target_arch = "x86_64")]
use pulp::x86::V3;

use crate::real::{Elementary, Real};
pub use portable::Portable;

/// A way of calculating with several numbers at once.
pub trait Lanes<R: Real>: Copy {
    fn splat(self, x: R) -> R::Vector;
    fn add(self, a: R::Vector, b: R::Vector) -> R::Vector;
    fn sub(self, a: R::Vector, b: R::Vector) -> R::Vector;
    fn mul(self, a: R::Vector, b: R::Vector) -> R::Vector;
    fn div(self, a: R::Vector, b: R::Vector) -> R::Vector;
    /// `a b + c`, rounded once.
    fn mul_add(self, a: R::Vector, b: R::Vector, c: R::Vector) -> R::Vector;
    /// `c - a b`, rounded once.
    fn negative_mul_add(self, a: R::Vector, b: R::Vector, c: R::Vector) -> R::Vector;
    /// The larger; `b` where either is not a number.
    fn max(self, a: R::Vector, b: R::Vector) -> R::Vector;
    /// `a` where `x > limit`, else `b`.
    fn where_above(self, x: R::Vector, limit: R::Vector, a: R::Vector, b: R::Vector) -> R::Vector;
    /// Runs a part of a calculation that is used in many places: a function with these lanes, of
    /// which the compiler decides whether it is copied to each place.
    fn apart<C: Calculation<R>>(self, calculation: C) -> C::Output;
    /// Whether every bit is zero.
    fn is_zero(self, x: R::Vector) -> bool;
    /// `(k, m)` with `x = m 2^k` and m from `sqrt(1/2)` to `sqrt(2)`; for normal positive x.
    fn split(self, x: R::Vector) -> (R::Vector, R::Vector);
    /// `2^k` for the whole number k that [`Elementary::rounding`] was added to.
    fn power_of_two(self, rounded: R::Vector) -> R::Vector;

    /// Natural logarithms of normal positive numbers, within two units in the last place: the
    /// polynomial of Sun's fdlibm, without its care for the last unit. There are more constants
    /// than registers; several vectors at once share what is loaded.
    #[inline(always)]
    fn ln<const N: usize>(self, x: [R::Vector; N]) -> [R::Vector; N] {
        let Elementary { ln2, ln_even, ln_odd, .. } = R::ELEMENTARY;
        let [half, one, ln2] = [self.splat(R::of(0.5)), self.splat(R::ONE), self.splat(ln2)];
        let [mut k, mut s, mut z, mut w, mut ln] = [x; 5];
        for i in 0..N {
            let m;
            (k[i], m) = self.split(x[i]);
            s[i] = self.div(self.sub(m, one), self.mul_add(m, half, half));
        }
        for i in 0..N {
            z[i] = self.mul(s[i], s[i]);
            w[i] = self.mul(z[i], z[i]);
        }
        let odd = self.polynomial(w, ln_odd);
        let even = self.polynomial(w, ln_even);
        for i in 0..N {
            let series = self.mul_add(z[i], odd[i], self.mul(w[i], even[i]));
            ln[i] = self.mul_add(k[i], ln2, self.mul_add(s[i], series, s[i]));
        }
        ln
    }

    /// `e^x` for x that are not large, within one unit in the last place; 0 where it would no
    /// longer be a normal number. The series of the rest that whole powers of two leave, even and
    /// odd terms apart: a division would take longer than both.
    #[inline(always)]
    fn exp(self, x: R::Vector) -> R::Vector {
        let Elementary { ln2_high, ln2_low, log2_e, rounding, least, .. } = R::ELEMENTARY;
        let Elementary { exp_even, exp_odd, .. } = R::ELEMENTARY;
        let least = self.splat(least);
        let kept = self.max(x, least);
        let rounded = self.mul_add(kept, self.splat(log2_e), self.splat(rounding));
        let k = self.sub(rounded, self.splat(rounding));
        let high = self.negative_mul_add(k, self.splat(ln2_high), kept);
        let r = self.negative_mul_add(k, self.splat(ln2_low), high);
        let z = self.mul(r, r);
        let [odd, even] = [self.polynomial([z], exp_odd)[0], self.polynomial([z], exp_even)[0]];
        let series = self.mul_add(r, odd, even);
        let y = self.add(self.splat(R::ONE), self.mul_add(z, series, r));
        let power = self.mul(y, self.power_of_two(rounded));
        self.where_above(x, least, power, self.splat(R::ZERO))
    }

    /// `c_0 + x (c_1 + x (c_2 + ...))`.
    #[inline(always)]
    fn polynomial<const N: usize>(self, x: [R::Vector; N], coefficients: &[R]) -> [R::Vector; N] {
        let mut coefficients = coefficients.iter().rev();
        let mut sums = [self.splat(coefficients.next().copied().unwrap_or(R::ZERO)); N];
        for coefficient in coefficients {
            let coefficient = self.splat(*coefficient);
            for i in 0..N {
                sums[i] = self.mul_add(x[i], sums[i], coefficient);
            }
        }
        sums
    }
}

/// Something to calculate with whatever lanes there are. All of it must be inlined: what is not
/// is compiled without the machine's wide instructions, closures that are called among it.
pub trait Calculation<R: Real> {
    type Output;
    fn run<L: Lanes<R>>(self, lanes: L) -> Self::Output;
}

/// What this machine has, found once.
#[derive(Clone, Copy, Debug)]
pub enum Machine {
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

    #[cfg(target_arch = "x86_64")]
    #[inline(always)]
    pub(crate) fn run<R: Real, C: Calculation<R>>(self, calculation: C) -> C::Output
    where
        Portable: Lanes<R>,
        V3: Lanes<R>,
    {
        match self {
            Self::V3(v3) => v3.vectorize(Wide { v3, calculation, precision: PhantomData }),
            Self::Portable => calculation.run(Portable),
        }
    }

    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn run<R: Real, C: Calculation<R>>(self, calculation: C) -> C::Output
    where
        Portable: Lanes<R>,
    {
        calculation.run(Portable)
    }
}

/// A calculation with the token of its lanes.
#[cfg(target_arch = "x86_64")]
pub(crate) struct Wide<R, C> {
    v3: V3,
    calculation: C,
    precision: PhantomData<R>,
}

#[cfg(target_arch = "x86_64")]
impl<R: Real, C: Calculation<R>> pulp::NullaryFnOnce for Wide<R, C>
where
    V3: Lanes<R>,
{
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

    struct Both<R: Real>(R::Group);

    impl<R: Real> Calculation<R> for Both<R> {
        type Output = (R::Group, R::Group);

        #[inline(always)]
        fn run<L: Lanes<R>>(self, lanes: L) -> Self::Output {
            let x = R::load(&self.0);
            let (mut ln, mut exp) = (R::Group::default(), R::Group::default());
            R::store(lanes.ln([lanes.max(x, lanes.splat(R::of(1e-30)))])[0], &mut ln);
            R::store(lanes.exp(x), &mut exp);
            (ln, exp)
        }
    }

    fn portable<R: Real>(x: R) -> (R, R)
    where
        Portable: Lanes<R>,
    {
        let mut group = R::Group::default();
        group.as_mut().fill(x);
        let (ln, exp) = Both::<R>(group).run(Portable);
        (ln.as_ref()[0], exp.as_ref()[0])
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(20_000))]

        #[test]
        fn logarithms_are_within_two_units_in_the_last_place(
            x in 1e-30..f64::MAX, near in 0.5..2.0, single in 1e-30_f32..1e30,
        ) {
            for x in [x, near, x.recip().max(1e-30)] {
                let got = portable(x).0;
                prop_assert!(ulps(got, x.ln()) <= 2, "ln {x} is {} and not {got}", x.ln());
            }
            for x in [single, near as f32] {
                let (got, exact) = (portable(x).0, f64::from(x).ln() as f32);
                prop_assert!(got.to_bits().abs_diff(exact.to_bits()) <= 2, "ln {x}: {got} {exact}");
            }
        }

        #[test]
        fn exponentials_are_within_a_unit_in_the_last_place(
            x in -707.9..700.0, small in -1e-3..1e-3, single in -86.9_f32..80.0,
        ) {
            for x in [x, small] {
                let got = portable(x).1;
                prop_assert!(ulps(got, x.exp()) <= 1, "exp {x} is {} and not {got}", x.exp());
            }
            let (got, exact) = (portable(single).1, f64::from(single).exp() as f32);
            prop_assert!(got.to_bits().abs_diff(exact.to_bits()) <= 1, "exp {single}: {got} {exact}");
        }

        #[test]
        fn all_lanes_give_the_same_bits(a in -800.0..700.0, b in 0.0..1.0, c in 0.0..1e-12, d in 1.0..1e9_f64) {
            let x = [a, b, c, -d.ln()];
            let (fast, plain) = (f64::run(Machine::detect(), Both::<f64>(x)), Both::<f64>(x).run(Portable));
            prop_assert_eq!(format!("{fast:?}"), format!("{plain:?}"));
            let x = [a, b, c, -d.ln(), d, -b, a / 9.0, c * 1e12].map(|x| x.clamp(-200.0, 80.0) as f32);
            let (fast, plain) = (f32::run(Machine::detect(), Both::<f32>(x)), Both::<f32>(x).run(Portable));
            prop_assert_eq!(format!("{fast:?}"), format!("{plain:?}"));
        }
    }

    #[test]
    fn ends_of_the_range() {
        assert_eq!([0.0, -708.1, f64::NEG_INFINITY].map(|x| portable(x).1), [1.0, 0.0, 0.0]);
        assert_eq!([0.0, -87.1, f32::NEG_INFINITY].map(|x| portable(x).1), [1.0, 0.0, 0.0]);
        assert_eq!(portable(1.0_f64).0, 0.0);
        assert_eq!(portable(f64::EPSILON).0, f64::EPSILON.ln());
    }
}
