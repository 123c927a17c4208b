use measure::figure::FigureError;
use measure::{Figure, Unit};
use proptest::prelude::*;

const UNITS: [Unit; 7] = [
    Unit::Nanoseconds,
    Unit::Bytes,
    Unit::Instructions,
    Unit::Blocks,
    Unit::PerSecond,
    Unit::Ratio,
    Unit::Count,
];

#[test]
fn what_people_write_is_read_in_the_base_unit() {
    for (text, value, unit) in [
        ("412 ns", 412.0, Unit::Nanoseconds),
        ("1.5us", 1.5e3, Unit::Nanoseconds),
        (" 50 ms ", 50e6, Unit::Nanoseconds),
        ("2 s", 2e9, Unit::Nanoseconds),
        ("0 bytes", 0.0, Unit::Bytes),
        ("10 MB", 10e6, Unit::Bytes),
        ("10 MiB", 10_485_760.0, Unit::Bytes),
        ("1.5 KiB", 1536.0, Unit::Bytes),
        ("1000 /s", 1000.0, Unit::PerSecond),
        ("1,000 msg/s", 1000.0, Unit::PerSecond),
        ("12.5 M/s", 12.5e6, Unit::PerSecond),
        ("1,234 instructions", 1234.0, Unit::Instructions),
        ("2 k instr", 2000.0, Unit::Instructions),
        ("3 blocks", 3.0, Unit::Blocks),
        ("0.97x", 0.97, Unit::Ratio),
        ("-12", -12.0, Unit::Count),
        ("1e3", 1000.0, Unit::Count),
    ] {
        assert_eq!(text.parse(), Ok(Figure { value, unit }), "{text}");
    }
}

#[test]
fn what_is_no_figure_is_refused_with_the_text() {
    for text in ["", "ms", "inf", "NaN s", "1.2.3 s", "1e400", "1e305 s"] {
        assert_eq!(text.parse::<Figure>(), Err(FigureError::NoNumber(text.into())), "{text}");
    }
    // A multiple that is not known must not be taken for the name of what is counted.
    for (text, unit) in [("5 parsecs", "parsecs"), ("5 MB/s", "MB/s"), ("5 m/s", "m/s")] {
        assert_eq!(text.parse::<Figure>(), Err(FigureError::UnknownUnit(unit.into())), "{text}");
    }
    let error = "5 parsecs".parse::<Figure>().unwrap_err();
    assert!(error.to_string().starts_with("'parsecs' is no unit; there is ns, us, ms, s"));
}

#[test]
fn figures_are_shown_with_three_digits_in_the_unit_that_fits() {
    for (value, unit, text) in [
        (0.0, Unit::Nanoseconds, "0 ns"),
        (0.25, Unit::Nanoseconds, "0.25 ns"),
        (412.0, Unit::Nanoseconds, "412 ns"),
        (1_236.0, Unit::Nanoseconds, "1.24 us"),
        (3.5e6, Unit::Nanoseconds, "3.5 ms"),
        (2.1e9, Unit::Nanoseconds, "2.1 s"),
        (7.2e12, Unit::Nanoseconds, "7200 s"),
        (1_500.0, Unit::Bytes, "1.5 KB"),
        (-20.0, Unit::Bytes, "-20 B"),
        (12.34e6, Unit::PerSecond, "12.3 M/s"),
        (1_234.0, Unit::Instructions, "1.23 k instr"),
        (123_456.0, Unit::Blocks, "123456 blocks"),
        (0.97, Unit::Ratio, "0.97x"),
        (0.0123, Unit::Ratio, "0.0123x"),
        (0.000_456, Unit::Ratio, "4.56e-4x"),
        (100.0, Unit::Count, "100"),
    ] {
        assert_eq!(Figure { value, unit }.to_string(), text);
    }
}

proptest! {
    /// Half a unit of the third digit is at most 1 in 200.
    #[test]
    fn what_is_shown_reads_back_to_three_digits(
        digits in -10.0..10.0_f64,
        power in -6..15_i32,
        unit in prop::sample::select(&UNITS),
    ) {
        let shown = Figure { value: digits * 10_f64.powi(power), unit };
        let read: Figure = shown.to_string().parse().unwrap();
        prop_assert_eq!(read.unit, unit);
        let error = (read.value - shown.value).abs();
        prop_assert!(error <= shown.value.abs() / 199.0, "{shown} read as {}", read.value);
    }
}
