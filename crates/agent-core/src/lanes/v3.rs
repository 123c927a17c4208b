//! The lanes of x86-64-v3: AVX2.

use std::marker::PhantomData;

use pulp::x86::V3;
use pulp::{cast, f32x8, f64x4, u32x8, u64x4};

use super::{Calculation, Lanes, Wide};

macro_rules! v3_lanes {
    (
        $real:ty, $vector:ty, $bits:ty, $whole:ty,
        mantissa = $mantissa:literal, bias = $bias:literal, sqrt_half = $sqrt_half:literal,
        $splat:ident, $add:ident, $sub:ident, $mul:ident, $div:ident, $mul_add:ident,
        $negative:ident, $max:ident, $above:ident, $select:ident,
        $splat_bits:ident, $add_bits:ident, $and:ident, $or:ident, $left:ident, $right:ident
    ) => {
        impl Lanes<$real> for V3 {
            #[inline(always)]
            fn splat(self, x: $real) -> $vector {
                self.$splat(x)
            }

            #[inline(always)]
            fn add(self, a: $vector, b: $vector) -> $vector {
                self.$add(a, b)
            }

            #[inline(always)]
            fn sub(self, a: $vector, b: $vector) -> $vector {
                self.$sub(a, b)
            }

            #[inline(always)]
            fn mul(self, a: $vector, b: $vector) -> $vector {
                self.$mul(a, b)
            }

            #[inline(always)]
            fn div(self, a: $vector, b: $vector) -> $vector {
                self.$div(a, b)
            }

            #[inline(always)]
            fn mul_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                self.$mul_add(a, b, c)
            }

            #[inline(always)]
            fn negative_mul_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                cast(self.fma.$negative(cast(a), cast(b), cast(c)))
            }

            #[inline(always)]
            fn max(self, a: $vector, b: $vector) -> $vector {
                // The instruction itself: a comparison and a choice become a masked store.
                cast(self.avx.$max(cast(a), cast(b)))
            }

            #[inline(always)]
            fn where_above(self, x: $vector, limit: $vector, a: $vector, b: $vector) -> $vector {
                self.$select(self.$above(x, limit), a, b)
            }

            #[inline(always)]
            fn apart<C: Calculation<$real>>(self, calculation: C) -> C::Output {
                self.vectorize(Wide { v3: self, calculation, precision: PhantomData })
            }

            #[inline(always)]
            fn is_zero(self, x: $vector) -> bool {
                self.avx._mm256_testz_si256(cast(x), cast(x)) == 1
            }

            #[inline(always)]
            fn split(self, x: $vector) -> ($vector, $vector) {
                const ONE: $whole = $bias << $mantissa;
                // A whole number below this stands as it is in its last bits.
                const WHOLE: $real = ((1 as $whole) << $mantissa) as $real;
                let bits: $bits = cast(x);
                let shifted = self.$add_bits(bits, self.$splat_bits(ONE - $sqrt_half));
                let exponent = self.$right::<$mantissa>(shifted);
                let whole = self.$or(exponent, self.$splat_bits(WHOLE.to_bits()));
                let k = self.$sub(cast(whole), self.$splat(WHOLE + $bias as $real));
                let mantissa = self.$and(shifted, self.$splat_bits((1 << $mantissa) - 1));
                (k, cast(self.$add_bits(mantissa, self.$splat_bits($sqrt_half))))
            }

            #[inline(always)]
            fn power_of_two(self, rounded: $vector) -> $vector {
                let bits = self.$add_bits(cast(rounded), self.$splat_bits($bias));
                cast(self.$left::<$mantissa>(bits))
            }
        }
    };
}

v3_lanes!(
    f64,
    f64x4,
    u64x4,
    u64,
    mantissa = 52,
    bias = 1023,
    sqrt_half = 0x3fe6_a09e_667f_3bcd,
    splat_f64x4,
    add_f64x4,
    sub_f64x4,
    mul_f64x4,
    div_f64x4,
    mul_add_f64x4,
    _mm256_fnmadd_pd,
    _mm256_max_pd,
    cmp_gt_f64x4,
    select_f64x4,
    splat_u64x4,
    wrapping_add_u64x4,
    and_u64x4,
    or_u64x4,
    shl_const_u64x4,
    shr_const_u64x4
);
v3_lanes!(
    f32,
    f32x8,
    u32x8,
    u32,
    mantissa = 23,
    bias = 127,
    sqrt_half = 0x3f35_04f3,
    splat_f32x8,
    add_f32x8,
    sub_f32x8,
    mul_f32x8,
    div_f32x8,
    mul_add_f32x8,
    _mm256_fnmadd_ps,
    _mm256_max_ps,
    cmp_gt_f32x8,
    select_f32x8,
    splat_u32x8,
    wrapping_add_u32x8,
    and_u32x8,
    or_u32x8,
    shl_const_u32x8,
    shr_const_u32x8
);
