//! What several models, or several looks at an image, say together: the mean of their probabilities.

use crate::plan::augmentation;
use fude_data::Split;
use fude_engine::{Augmentation, Deformed, Logits, deform};
use fude_record::{Experiment, Softmax};
use std::sync::Arc;

/// A mean of probabilities `softmax(z / T)`, `[N, O]`.
#[derive(Clone, Debug)]
pub struct MeanProbabilities {
    temperature: f64,
    classes: usize,
    sums: Vec<f64>,
    count: u32,
}

impl MeanProbabilities {
    /// Of nothing yet, at a temperature T.
    pub fn new(temperature: f64) -> Self {
        Self { temperature, classes: 0, sums: Vec::new(), count: 0 }
    }

    /// Takes the logits `[N, O]` of one more model or look into account, of the same images as those before.
    pub fn add(&mut self, logits: &Logits) {
        self.classes = logits.classes;
        self.sums.resize(logits.values.len(), 0.0);
        self.count += 1;
        for (sums, z) in self.sums.chunks_exact_mut(self.classes).zip(logits.values.chunks_exact(self.classes)) {
            let warm: Vec<f32> = z.iter().map(|&z| (f64::from(z) / self.temperature) as f32).collect();
            let softmax = Softmax::new(&warm);
            sums.iter_mut().zip(warm).for_each(|(sum, z)| *sum += (-softmax.loss(z)).exp());
        }
    }

    /// The mean, `[N, O]`.
    pub fn probabilities(&self) -> impl Iterator<Item = f64> + '_ {
        self.sums.iter().map(|sum| sum / f64::from(self.count.max(1)))
    }

    /// Logarithms of the mean, `[N, O]`, which everything that is measured from logits can be measured from.
    pub fn logits(&self) -> Logits {
        let logarithm = |p: f64| p.max(f64::from(f32::MIN_POSITIVE)).ln() as f32;
        Logits { classes: self.classes, values: self.probabilities().map(logarithm).collect() }
    }
}

/// Deformed looks at images beside looking at them as they are: test-time augmentation.
#[derive(Clone, Debug)]
pub struct Looks {
    ranges: Augmentation,
    count: u32,
}

impl Looks {
    /// Looks are deformed less than training images: a model should see what it knows well.
    const STRENGTH: f32 = 0.5;

    /// The looks of an experiment, or `count` of its kind; none where there are none, or images are not deformed.
    pub fn of(experiment: &Experiment, count: Option<u32>) -> Option<Self> {
        let count = count.unwrap_or(experiment.eval.looks);
        let ranges = augmentation(experiment.augment.as_ref().filter(|_| count > 0)?).scaled(Self::STRENGTH);
        Some(Self { ranges, count })
    }

    /// How many.
    pub fn count(&self) -> u32 {
        self.count
    }

    /// The mean over a model's logits for images as they are, `plain`, and for each look at them.
    ///
    /// # Errors
    /// What `logits` says.
    pub fn mean<E>(
        &self,
        plain: &Logits,
        split: &Split,
        mut logits: impl FnMut(Arc<Split>) -> Result<Logits, E>,
    ) -> Result<Logits, E> {
        let mut mean = MeanProbabilities::new(1.0);
        mean.add(plain);
        for look in self.images(split) {
            mean.add(&logits(Arc::new(look))?);
        }
        Ok(mean.logits())
    }

    fn images<'a>(&'a self, split: &'a Split) -> impl Iterator<Item = Split> + 'a {
        let look = |epoch| deformed(split, Deformed { augmentation: &self.ranges, seed: 0, epoch });
        (0..self.count).map(look)
    }
}

/// Images as an epoch deforms them, as bytes again: a further look at them (test-time augmentation).
fn deformed(images: &Split, how: Deformed<'_>) -> Split {
    let all: Vec<u32> = (0..images.len() as u32).collect();
    let pixels = deform(images, &all, how).iter().map(|pixel| pixel.round() as u8).collect();
    Split { pixels, labels: images.labels.clone(), height: images.height, width: images.width }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_of_a_row_add_up_to_one_and_heat_flattens_them() {
        let logits = Logits { classes: 3, values: vec![2.0, 0.0, -1.0, 5.0, 5.0, 5.0] };
        let at = |temperature| {
            let mut mean = MeanProbabilities::new(temperature);
            mean.add(&logits);
            mean.probabilities().collect::<Vec<f64>>()
        };
        let (cold, warm) = (at(1.0), at(4.0));
        assert!((cold[..3].iter().sum::<f64>() - 1.0).abs() < 1e-6 && (cold[4] - 1.0 / 3.0).abs() < 1e-6);
        assert!(cold[0] > warm[0] && warm[0] > warm[1]);
    }

    #[test]
    fn two_models_that_contradict_each_other_leave_it_open() {
        let mut mean = MeanProbabilities::new(1.0);
        mean.add(&Logits { classes: 2, values: vec![3.0, 0.0] });
        mean.add(&Logits { classes: 2, values: vec![0.0, 3.0] });
        let logits = mean.logits();
        assert!(logits.values.iter().all(|z| (z - 0.5f32.ln()).abs() < 1e-6), "{logits:?}");
    }

    #[test]
    fn looks_differ_and_keep_the_labels() {
        let images =
            Split { pixels: (0..200).map(|pixel| pixel as u8).collect(), labels: vec![0, 1], height: 10, width: 10 };
        let text = "name = \"x\"\ndataset = \"kana\"\naugment.shift = 3.0\neval.looks = 3\n";
        let experiment = Experiment::parse(text, "e.toml", &[]).unwrap();
        let looks = Looks::of(&experiment, None).unwrap();
        assert!(Looks::of(&experiment, Some(0)).is_none());
        let all: Vec<Split> = looks.images(&images).collect();
        assert!(
            all.len() == 3 && all[0].pixels != all[1].pixels && all.iter().all(|look| look.labels == images.labels)
        );
    }

    #[test]
    fn a_look_without_deformation_is_the_image_itself() {
        let images = Split { pixels: (0..24).collect(), labels: vec![0, 1], height: 3, width: 4 };
        let still = Deformed { augmentation: &Augmentation::default(), seed: 1, epoch: 2 };
        assert_eq!(deformed(&images, still).pixels, images.pixels);
    }
}
