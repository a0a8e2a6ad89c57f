//! Axes: which values they span, and where their ticks are.

/// A loss axis is logarithmic from this ratio of its largest to its smallest value: two decades.
const LOG_FROM: f64 = 100.0;
/// Space between the data and the ends of an axis, as a share of the data's span.
const PADDING: f64 = 0.06;
/// Beyond it nothing sensible can be read off, and differences overflow.
const LARGEST: f64 = 1e100;

/// A span of values with ticks.
#[derive(Clone, Debug)]
pub(crate) struct Axis {
    low: f64,
    high: f64,
    pub(crate) log: bool,
    pub(crate) ticks: Vec<Tick>,
}

/// A value named at an axis.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Tick {
    pub(crate) value: f64,
    pub(crate) label: String,
}

/// Whether a value can be placed on an axis.
pub(crate) fn plottable(value: f64) -> bool {
    value.is_finite() && value.abs() < LARGEST
}

impl Axis {
    /// Epochs, with whole numbers at the ticks.
    pub(crate) fn epochs(first: f64, last: f64) -> Self {
        let step = nice_step(last - first, 5.0).max(1.0);
        // A long axis starts at 0, so that its round numbers are evenly spread from its corner.
        let low = if step > 1.0 { first.min(0.0) } else { first };
        let padding = if last > low { (last - low) * 0.02 } else { 0.5 };
        let mut axis = Self::linear(low, last, step);
        (axis.low, axis.high) = (low - padding, last + padding);
        axis
    }

    /// Learning rates over 0, logarithmic; both ends are where the data end.
    pub(crate) fn rates(low: f64, high: f64) -> Self {
        let low = low.max(1.0 / LARGEST);
        let mut axis = Self::logarithmic(low, high.max(low * 1.01));
        (axis.low, axis.high) = (low, high.max(low * 1.01));
        axis.ticks.retain(|tick| (low..=high).contains(&tick.value));
        axis
    }

    /// Losses: from 0 where the data come near it, logarithmic where they span over two decades.
    pub(crate) fn losses(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = extent(values);
        if low > 1.0 / LARGEST && high / low > LOG_FROM {
            return Self::logarithmic(low, high);
        }
        let padding = padding(low, high);
        let near_zero = low >= 0.0 && low - padding < 0.2 * high;
        let (low, high) = (if near_zero { 0.0 } else { low - padding }, high + padding);
        Self::linear(low, high, nice_step(high - low, 5.0))
    }

    /// Percentages, within 0 to 100.
    pub(crate) fn percent(values: impl Iterator<Item = f64>) -> Self {
        let (low, high) = extent(values);
        let padding = padding(low, high).max(0.1);
        let (low, high) = ((low - padding).max(low.min(0.0)), (high + padding).min(high.max(100.0)));
        Self::linear(low, high, nice_step(high - low, 5.0))
    }

    fn linear(low: f64, high: f64, step: f64) -> Self {
        let decimals = (-(step.log10() + 1e-9).floor()).max(0.0) as usize;
        let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
        let tick = |index: i64| {
            let value = index as f64 * step;
            Tick { value, label: number(value, decimals) }
        };
        Self { low, high, log: false, ticks: (first..=last).take(20).map(tick).collect() }
    }

    fn logarithmic(low: f64, high: f64) -> Self {
        let stretch = (high / low).powf(PADDING);
        let (low, high) = (low / stretch, high * stretch);
        let decades = (low.log10().floor() as i32)..=(high.log10().ceil() as i32);
        let span = (high / low).log10();
        let factors: &[f64] = if span <= 3.0 { &[1.0, 2.0, 5.0] } else { &[1.0] };
        let stride = (span / 7.0).ceil() as usize;
        let ticks = decades.step_by(stride).flat_map(|decade| factors.iter().map(move |&factor| power(factor, decade)));
        Self { low, high, log: true, ticks: ticks.filter(|t| (low..=high).contains(&t.value)).collect() }
    }

    /// Where a value lies between the axis' ends, 0 to 1.
    pub(crate) fn share(&self, value: f64) -> f32 {
        let along = |v: f64| if self.log { v.max(1.0 / LARGEST).ln() } else { v };
        ((along(value) - along(self.low)) / (along(self.high) - along(self.low))) as f32
    }

    /// Whether a value lies between the axis' ends.
    pub(crate) fn holds(&self, value: f64) -> bool {
        (self.low..=self.high).contains(&value)
    }
}

/// The smallest and the largest value; 0 and 1 where there are none.
fn extent(values: impl Iterator<Item = f64>) -> (f64, f64) {
    let ends = values
        .filter(|&v| plottable(v))
        .fold(None, |ends: Option<(f64, f64)>, v| Some(ends.map_or((v, v), |(low, high)| (low.min(v), high.max(v)))));
    ends.unwrap_or((0.0, 1.0))
}

/// Space at the ends; values that are nearly equal get enough to be seen as such.
fn padding(low: f64, high: f64) -> f64 {
    let size = low.abs().max(high.abs());
    if high - low > 1e-6 * size.max(1e-6) { (high - low) * PADDING } else { (size * 0.1).max(1e-3) }
}

/// The number nearest to `span / ticks` (by ratio) of those that are 1, 2 or 5 times a power of ten.
fn nice_step(span: f64, ticks: f64) -> f64 {
    let rough = (span / ticks).max(f64::MIN_POSITIVE);
    let power = 10f64.powf(rough.log10().floor());
    // The limits are the geometric means of neighbours.
    let factor = match rough / power {
        ratio if ratio < 2f64.sqrt() => 1.0,
        ratio if ratio < 10f64.sqrt() => 2.0,
        ratio if ratio < 50f64.sqrt() => 5.0,
        _ => 10.0,
    };
    factor * power
}

/// A tick at `factor * 10^decade`.
fn power(factor: f64, decade: i32) -> Tick {
    let value = factor * 10f64.powi(decade);
    Tick { value, label: number(value, decade.min(0).unsigned_abs() as usize) }
}

/// A number in at most seven characters or so.
pub(crate) fn number(value: f64, decimals: usize) -> String {
    if value == 0.0 {
        return format!("{:.decimals$}", 0.0);
    }
    if value.abs() >= 1e5 || value.abs() < 1e-4 {
        return format!("{value:.1e}").replace(".0e", "e").replace('-', "−");
    }
    format!("{value:.decimals$}").replace('-', "−")
}

/// A number with three significant digits.
pub(crate) fn significant(value: f64) -> String {
    let magnitude = if value == 0.0 { 0.0 } else { value.abs().log10().floor() };
    number(value, (2.0 - magnitude).clamp(0.0, 6.0) as usize)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &Axis) -> Vec<&str> {
        axis.ticks.iter().map(|tick| tick.label.as_str()).collect()
    }

    #[test]
    fn epochs_have_whole_ticks_for_one_and_for_many() {
        assert_eq!(labels(&Axis::epochs(1.0, 1.0)), ["1"]);
        assert_eq!(labels(&Axis::epochs(1.0, 5.0)), ["1", "2", "3", "4", "5"]);
        assert_eq!(labels(&Axis::epochs(1.0, 20.0)), ["0", "5", "10", "15", "20"]);
        assert_eq!(labels(&Axis::epochs(1.0, 500.0)), ["0", "100", "200", "300", "400", "500"]);
    }

    #[test]
    fn losses_start_at_zero_when_near_it_and_turn_logarithmic_over_two_decades() {
        let near = Axis::losses([0.09, 0.64].into_iter());
        assert_eq!(labels(&near), ["0.0", "0.1", "0.2", "0.3", "0.4", "0.5", "0.6"]);
        let far = Axis::losses([2.0, 2.2].into_iter());
        assert!(!far.holds(1.9) && far.holds(2.0), "{far:?}");
        let log = Axis::losses([0.004, 0.7].into_iter());
        assert!(log.log);
        assert_eq!(labels(&log), ["0.005", "0.01", "0.02", "0.05", "0.1", "0.2", "0.5"]);
        assert_eq!(labels(&Axis::losses([0.0004, 2.0].into_iter())), ["0.001", "0.01", "0.1", "1"]);
    }

    #[test]
    fn percentages_never_leave_0_to_100() {
        let axis = Axis::percent([88.0, 100.0].into_iter());
        assert!(!axis.holds(100.1) && axis.share(100.0) == 1.0);
        assert!(Axis::percent([100.0].into_iter()).ticks.len() >= 2);
    }

    #[test]
    fn hostile_values_give_few_finite_ticks_that_differ() {
        let table: [&[f64]; 9] = [
            &[],
            &[f64::NAN, f64::INFINITY, f64::NEG_INFINITY],
            &[0.0],
            &[5e-324, 1e-320],
            &[1e99, -1e99],
            &[1e-99, 1e99],
            &[f64::MAX, f64::MIN],
            &[0.3, 0.3 + 1e-15],
            &[1e6, 3e6],
        ];
        for values in table {
            for axis in [Axis::losses(values.iter().copied()), Axis::percent(values.iter().copied())] {
                let mut names = labels(&axis);
                assert!((2..=20).contains(&names.len()), "{values:?}: {axis:?}");
                assert!(
                    axis.ticks.iter().all(|tick| (-1e-6..=1.0 + 1e-6).contains(&axis.share(tick.value))),
                    "{axis:?}"
                );
                names.dedup();
                assert_eq!(names.len(), axis.ticks.len(), "{values:?}: {names:?}");
            }
        }
    }

    #[test]
    fn numbers_stay_short() {
        let table = [(0.09354, "0.0935"), (0.7011, "0.701"), (12.345, "12.3"), (1234.0, "1234"), (0.0, "0.00")];
        for (value, expected) in table {
            assert_eq!(significant(value), expected);
        }
        assert_eq!(significant(2e-7), "2e−7");
        assert_eq!(significant(-1.5e12), "−1.5e12");
    }
}
