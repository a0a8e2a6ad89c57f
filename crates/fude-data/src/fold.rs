//! Cross-validation: each training image is in the test split of one fold, and trained on in all the others.

use crate::options::bad;
use crate::split::thousands;
use crate::{DataError, Dataset, Split};
use fude_random::{Stream, shuffle};
use std::ops::Range;

/// Fold `index` (from 0) of `count`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fold {
    /// Which part is held out, from 0.
    pub index: u32,
    /// K, the parts in all; 2 or more.
    pub count: u32,
}

impl Fold {
    /// Holds out part `index` of a permutation that `seed` and N alone decide: (kept, held out).
    ///
    /// Parts differ by at most one image. Classes keep their shares on average, not exactly. Both sides keep the order
    /// of `split`. Where K divides N, fold 0 of K holds out what [`crate::cut`] by 1 / K does.
    ///
    /// # Errors
    /// Fewer than two folds, a fold that is none of them, or more folds than images.
    pub fn cut(self, split: &Split, seed: u32) -> Result<(Split, Split), DataError> {
        self.check()?;
        let n = split.len();
        if n < self.count as usize {
            return Err(bad("data.folds", &format!("at most {n}, for there are {n} images"), &self.count));
        }
        let mut order = shuffle(seed, Stream::Split, 0, n);
        let part = self.part(n);
        order.rotate_left(part.start);
        let (out, kept) = order.split_at_mut(part.len());
        out.sort_unstable();
        kept.sort_unstable();
        Ok((split.select(kept), split.select(out)))
    }

    /// Places `[k N / K, (k + 1) N / K)` of the permutation.
    fn part(self, n: usize) -> Range<usize> {
        let (index, count) = (self.index as usize, self.count as usize);
        n * index / count..n * (index + 1) / count
    }

    /// Checks that there is such a fold.
    ///
    /// # Errors
    /// Fewer than two folds, or a fold that is none of them.
    pub fn check(self) -> Result<(), DataError> {
        if self.count < 2 {
            return Err(bad("data.folds", "2 or more", &self.count));
        }
        if self.index >= self.count {
            return Err(bad("data.fold", &format!("0 to {}", self.count - 1), &self.index));
        }
        Ok(())
    }
}

impl Dataset {
    /// Puts a fold of the training images in the place of the test split, and says so. Official test images are left
    /// alone: folds are there to compare and to choose, which those must not be used for.
    ///
    /// # Errors
    /// As [`Fold::cut`].
    pub fn hold_out(&mut self, fold: Fold, seed: u32) -> Result<(), DataError> {
        let (kept, held_out) = fold.cut(&self.train, seed)?;
        let mut note = format!(
            "fold {} of 0 to {}: {} of {} training images held out as test split (data.split_seed {seed})",
            fold.index,
            fold.count - 1,
            thousands(held_out.len()),
            thousands(self.train.len()),
        );
        if let Some(official) = &self.test {
            note += &format!("; the {} official test images are left alone", thousands(official.len()));
        }
        self.notes.push(note);
        (self.train, self.test) = (kept, Some(held_out));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cut;

    /// Image `i` is one pixel of value `i`, its label too.
    fn numbered(n: u8) -> Split {
        Split { pixels: (0..n).collect(), labels: (0..n).collect(), height: 1, width: 1 }
    }

    #[test]
    fn every_image_is_held_out_once_and_kept_in_all_other_folds() {
        for (n, count) in [(100, 8), (10, 10), (7, 2), (23, 5)] {
            let split = numbered(n);
            let folds: Vec<_> = (0..count).map(|index| Fold { index, count }.cut(&split, 3).unwrap()).collect();
            let mut held_out: Vec<u8> = folds.iter().flat_map(|(_, out)| out.labels.clone()).collect();
            held_out.sort_unstable();
            assert_eq!(held_out, split.labels, "{n} images in {count} folds");
            let sizes: Vec<usize> = folds.iter().map(|(_, out)| out.len()).collect();
            assert!(sizes.iter().all(|&size| size.abs_diff(usize::from(n) / count as usize) <= 1), "{sizes:?}");
            for (kept, out) in &folds {
                let mut all = [kept.labels.clone(), out.labels.clone()].concat();
                all.sort_unstable();
                assert_eq!(all, split.labels);
                assert_eq!(out.pixels, out.labels, "labels stay with their images");
            }
        }
    }

    #[test]
    fn the_first_fold_is_what_a_cut_of_that_share_holds_out() {
        let split = numbered(100);
        assert_eq!(Fold { index: 0, count: 5 }.cut(&split, 7).unwrap(), cut(&split, 0.2, 7).unwrap());
        let other_seed = Fold { index: 0, count: 5 }.cut(&split, 8).unwrap();
        assert_ne!(other_seed, cut(&split, 0.2, 7).unwrap());
    }

    #[test]
    fn folds_that_are_none_are_refused() {
        let error = |index, count| Fold { index, count }.cut(&numbered(4), 0).unwrap_err().to_string();
        assert_eq!(error(0, 1), "data.folds: expected 2 or more, found 1");
        assert_eq!(error(3, 3), "data.fold: expected 0 to 2, found 3");
        assert_eq!(error(0, 5), "data.folds: expected at most 4, for there are 4 images, found 5");
    }

    #[test]
    fn official_test_images_are_left_alone() {
        let mut set =
            Dataset { name: "x".into(), classes: vec![], train: numbered(10), test: Some(numbered(3)), notes: vec![] };
        set.hold_out(Fold { index: 1, count: 5 }, 0).unwrap();
        assert_eq!((set.train.len(), set.test.map(|test| test.len())), (8, Some(2)));
        let note = "fold 1 of 0 to 4: 2 of 10 training images held out as test split (data.split_seed 0); the 3 \
                    official test images are left alone";
        assert_eq!(set.notes, [note]);
    }
}
