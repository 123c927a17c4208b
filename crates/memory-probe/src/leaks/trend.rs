//! The slope of a series, and how sure it is.

/// Windows of a series: enough for a slope, few enough for all pairs of them.
const WINDOWS: usize = 40;

/// How often residuals are drawn again.
const DRAWS: usize = 200;

/// The part of the drawn slopes that lies below an interval of 95 %, and above.
const TAIL: f64 = 0.025;

/// The middle of a window, in cycles, and the least in it.
pub type Point = (f64, f64);

/// A line through points, by the median of the slopes between all pairs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Trend {
    pub slope: f64,
    pub interval: [f64; 2],
}

/// The least of each of [`WINDOWS`] equal parts, or of as many as there are numbers.
pub fn windows(series: &[i64]) -> Vec<Point> {
    let parts = WINDOWS.min(series.len());
    let bound = |part: usize| part * series.len() / parts;
    (0..parts)
        .map(|part| {
            let (from, until) = (bound(part), bound(part + 1));
            let least = series[from..until].iter().min().copied().unwrap_or_default();
            ((from + until) as f64 / 2.0, least as f64)
        })
        .collect()
}

impl Trend {
    /// The same points give the same trend.
    ///
    /// The interval is the wider one of two at each end: Sen's, which has its 95 % where neighbours
    /// are independent, and a bootstrap of blocks of neighbours, which is too narrow there and right
    /// where they are not.
    pub fn of(points: &[Point]) -> Self {
        let slope = median_slope(points);
        let rests: Vec<f64> = points.iter().map(|(x, y)| y - slope * x).collect();
        let middle = median(&mut rests.clone());
        let residuals: Vec<f64> = rests.iter().map(|rest| rest - middle).collect();
        let length = (points.len() as f64).cbrt().ceil() as usize;
        let mut random = Random(0x5eed);
        let mut drawn: Vec<f64> = (0..DRAWS)
            .map(|_| median_slope(&redrawn(points, slope, &residuals, length, &mut random)))
            .collect();
        drawn.sort_by(f64::total_cmp);
        let at = |part: f64| drawn[(part * (DRAWS - 1) as f64).round() as usize];
        let [low, high] = sens_interval(points);
        Self { slope, interval: [low.min(at(TAIL)), high.max(at(1.0 - TAIL))] }
    }

    pub fn grows(&self) -> bool {
        self.interval[0] > 0.0
    }
}

/// Points on the line, each off it as some other was, in blocks of so many neighbours.
fn redrawn(
    points: &[Point],
    slope: f64,
    residuals: &[f64],
    length: usize,
    random: &mut Random,
) -> Vec<Point> {
    let mut drawn = Vec::with_capacity(points.len());
    while drawn.len() < points.len() {
        let from = random.below(residuals.len() - length + 1);
        for residual in &residuals[from..from + length] {
            let Some((x, _)) = points.get(drawn.len()) else { break };
            drawn.push((*x, slope * x + residual));
        }
    }
    drawn
}

fn median_slope(points: &[Point]) -> f64 {
    median(&mut slopes(points))
}

/// Of the slopes in order, those so far from the middle as Kendall's statistic may be by chance.
fn sens_interval(points: &[Point]) -> [f64; 2] {
    /// Of a normal distribution 95 % lies within so many deviations.
    const DEVIATIONS: f64 = 1.96;
    let (n, mut slopes) = (points.len() as f64, slopes(points));
    slopes.sort_unstable_by(f64::total_cmp);
    let reach = DEVIATIONS * (n * (n - 1.0) * (2.0 * n + 5.0) / 18.0).sqrt() / 2.0;
    let middle = slopes.len() as f64 / 2.0;
    let at = |place: f64| slopes.get(place.max(0.0) as usize).or(slopes.last());
    [middle - reach, middle + reach + 1.0].map(|place| at(place).copied().unwrap_or_default())
}

/// Between all pairs of points.
fn slopes(points: &[Point]) -> Vec<f64> {
    let mut slopes = Vec::with_capacity(points.len() * points.len() / 2);
    for (number, (x, y)) in points.iter().enumerate() {
        let later = &points[number + 1..];
        slopes.extend(later.iter().map(|(later, higher)| (higher - y) / (later - x)));
    }
    slopes
}

/// Whether the last point lies above the first one by more than neighbours differ, and by more than
/// `least` a cycle: a single step leaves the median of slopes as it is.
pub fn has_risen(points: &[Point], least: f64) -> bool {
    /// Times that which three in four neighbours differ by at most.
    const BEYOND: f64 = 4.0;
    let [first, .., last] = points else { return false };
    let mut steps: Vec<f64> = points.windows(2).map(|pair| (pair[1].1 - pair[0].1).abs()).collect();
    steps.sort_by(f64::total_cmp);
    let usual = steps.get(steps.len() * 3 / 4).copied().unwrap_or_default();
    last.1 - first.1 > (BEYOND * usual).max(least * (last.0 - first.0))
}

/// The middle one, the upper of two; 0 of none.
fn median(numbers: &mut [f64]) -> f64 {
    let half = numbers.len() / 2;
    match numbers {
        [] => 0.0,
        numbers => *numbers.select_nth_unstable_by(half, f64::total_cmp).1,
    }
}

/// Numbers that look random and are the same every time: xorshift64 (Marsaglia, 2003).
struct Random(u64);

impl Random {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 16) as usize % bound.max(1)
    }
}
