//! One number after the other: what every machine can do.

use std::array::from_fn;

use pulp::{cast, f32x8, f64x4};

use super::{Calculation, Lanes};

/// Lanes in name only.
#[derive(Clone, Copy, Debug)]
pub struct Portable;

macro_rules! portable_lanes {
    (
        $real:ty, $vector:ty, $lanes:literal, $bits:ty,
        mantissa = $mantissa:literal, bias = $bias:literal, sqrt_half = $sqrt_half:literal
    ) => {
        impl Lanes<$real> for Portable {
            #[inline(always)]
            fn splat(self, x: $real) -> $vector {
                cast([x; $lanes])
            }

            portable_lanes!(@arithmetic $real, $vector, $lanes, add +, sub -, mul *, div /);

            #[inline(always)]
            fn mul_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                let (a, b): ([$real; $lanes], [$real; $lanes]) = (cast(a), cast(b));
                let c: [$real; $lanes] = cast(c);
                cast(from_fn::<$real, $lanes, _>(|i| a[i].mul_add(b[i], c[i])))
            }

            #[inline(always)]
            fn negative_mul_add(self, a: $vector, b: $vector, c: $vector) -> $vector {
                let (a, b): ([$real; $lanes], [$real; $lanes]) = (cast(a), cast(b));
                let c: [$real; $lanes] = cast(c);
                cast(from_fn::<$real, $lanes, _>(|i| (-a[i]).mul_add(b[i], c[i])))
            }

            #[inline(always)]
            fn max(self, a: $vector, b: $vector) -> $vector {
                let (a, b): ([$real; $lanes], [$real; $lanes]) = (cast(a), cast(b));
                cast(from_fn::<$real, $lanes, _>(|i| if a[i] > b[i] { a[i] } else { b[i] }))
            }

            #[inline(always)]
            fn where_above(
                self,
                x: $vector,
                limit: $vector,
                a: $vector,
                b: $vector,
            ) -> $vector {
                let (x, limit): ([$real; $lanes], [$real; $lanes]) = (cast(x), cast(limit));
                let (a, b): ([$real; $lanes], [$real; $lanes]) = (cast(a), cast(b));
                cast(from_fn::<$real, $lanes, _>(|i| if x[i] > limit[i] { a[i] } else { b[i] }))
            }

            fn apart<C: Calculation<$real>>(self, calculation: C) -> C::Output {
                calculation.run(self)
            }

            #[inline(always)]
            fn is_zero(self, x: $vector) -> bool {
                let x: [$real; $lanes] = cast(x);
                x.iter().all(|x| x.to_bits() == 0)
            }

            #[inline(always)]
            fn split(self, x: $vector) -> ($vector, $vector) {
                const ONE: $bits = $bias << $mantissa;
                // A whole number below this stands as it is in its last bits.
                const WHOLE: $real = ((1 as $bits) << $mantissa) as $real;
                let x: [$real; $lanes] = cast(x);
                let exponents: [$bits; $lanes] = from_fn(|i| {
                    x[i].to_bits().wrapping_add(ONE - $sqrt_half) >> $mantissa
                });
                let k: [$real; $lanes] = from_fn(|i| {
                    <$real>::from_bits(exponents[i] | WHOLE.to_bits()) - (WHOLE + $bias as $real)
                });
                let m: [$real; $lanes] = from_fn(|i| {
                    let bits = x[i].to_bits().wrapping_sub(exponents[i] << $mantissa);
                    <$real>::from_bits(bits.wrapping_add(ONE))
                });
                (cast(k), cast(m))
            }

            #[inline(always)]
            fn power_of_two(self, rounded: $vector) -> $vector {
                let rounded: [$real; $lanes] = cast(rounded);
                cast(from_fn::<$real, $lanes, _>(|i| {
                    <$real>::from_bits(rounded[i].to_bits().wrapping_add($bias) << $mantissa)
                }))
            }
        }
    };
    (@arithmetic $real:ty, $vector:ty, $lanes:literal, $($name:ident $operator:tt),+) => {$(
        #[inline(always)]
        fn $name(self, a: $vector, b: $vector) -> $vector {
            let (a, b): ([$real; $lanes], [$real; $lanes]) = (cast(a), cast(b));
            cast(from_fn::<$real, $lanes, _>(|i| a[i] $operator b[i]))
        }
    )+};
}

portable_lanes!(f64, f64x4, 4, u64, mantissa = 52, bias = 1023, sqrt_half = 0x3fe6_a09e_667f_3bcd);
portable_lanes!(f32, f32x8, 8, u32, mantissa = 23, bias = 127, sqrt_half = 0x3f35_04f3);
