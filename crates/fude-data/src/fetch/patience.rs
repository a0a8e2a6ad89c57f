//! How often, and after what pauses, an address is tried again.

use std::time::Duration;

use super::FetchOptions;

const LONGEST_PAUSE: Duration = Duration::from_secs(8);
/// A try that got this much further than any before it does not count. The file's size limit bounds how many can.
const WORTHWHILE: u64 = 64 * 1024;

/// The retries left at one address.
pub(super) struct Patience {
    retries: u32,
    first_pause: Duration,
    left: u32,
    pause: Duration,
    furthest: u64,
}

impl Patience {
    /// Full patience, with `bytes` already there.
    pub(super) fn new(options: &FetchOptions, bytes: u64) -> Self {
        let FetchOptions { retries, first_pause, .. } = *options;
        Self { retries, first_pause, left: retries, pause: first_pause, furthest: bytes }
    }

    /// The pause before another try after one that ended with `bytes` there; none if it was the last.
    pub(super) fn next_pause(&mut self, bytes: u64) -> Option<Duration> {
        if bytes >= self.furthest.saturating_add(WORTHWHILE) {
            (self.left, self.pause, self.furthest) = (self.retries, self.first_pause, bytes);
        }
        self.left = self.left.checked_sub(1)?;
        let pause = self.pause.min(LONGEST_PAUSE);
        self.pause = pause * 2;
        Some(pause)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(retries: u32, reached: &[u64]) -> Vec<Option<u64>> {
        let first_pause = Duration::from_secs(1);
        let options = FetchOptions { retries, first_pause, ..FetchOptions::new("") };
        let mut patience = Patience::new(&options, 0);
        reached.iter().map(|&bytes| patience.next_pause(bytes).map(|pause| pause.as_secs())).collect()
    }

    #[test]
    fn pauses_double_up_to_eight_seconds_and_end_with_the_retries() {
        assert_eq!(pauses(5, &[0; 6]), [Some(1), Some(2), Some(4), Some(8), Some(8), None]);
        assert_eq!(pauses(0, &[0]), [None]);
    }

    #[test]
    fn a_try_that_gets_further_renews_patience_but_one_that_reaches_the_same_point_does_not() {
        let far = 100 * 1024;
        assert_eq!(pauses(2, &[0, far, far, far]), [Some(1), Some(1), Some(2), None]);
        assert_eq!(pauses(1, &[far, 2 * far, 3 * far, 3 * far + 1]), [Some(1), Some(1), Some(1), None]);
    }
}
