//! What several models, or several looks at an image, say together: the mean of their probabilities.

use fude_engine::{Augmentation, Deformed, DeviceData, Engine, EngineError, Logits, View, Weights};
use fude_record::Softmax;

/// Looks at each image beside the plain one, deformed at random: test-time augmentation.
#[derive(Clone, Copy, Debug)]
pub struct Looks<'a> {
    /// How.
    pub augmentation: &'a Augmentation,
    /// How many.
    pub count: u32,
    /// The key of the draws.
    pub seed: u32,
}

/// Log of the mean probability `[N, O]` over models and looks, which softmax and loss take as they take logits.
///
/// # Errors
/// Device errors, or images that do not fit the models.
pub fn mean_logits(
    engines: &mut [Box<dyn Engine>],
    images: &DeviceData,
    weights: Weights,
    looks: Option<Looks<'_>>,
) -> Result<Logits, EngineError> {
    let views = views(weights, looks);
    let mut sums = vec![0.0; images.len() * images.classes()];
    for engine in engines.iter_mut() {
        for &view in &views {
            add_probabilities(&mut sums, &engine.logits(0, images, view)?, 1.0);
        }
    }
    let share = 1.0 / (engines.len() * views.len()).max(1) as f64;
    let values = sums.iter().map(|sum| (sum * share).max(f64::from(f32::MIN_POSITIVE)).ln() as f32).collect();
    Ok(Logits { classes: images.classes(), values })
}

fn views(weights: Weights, looks: Option<Looks<'_>>) -> Vec<View<'_>> {
    let plain = View { weights, deformed: None };
    let deformed = looks.iter().flat_map(|looks| {
        let &Looks { augmentation, seed, count } = looks;
        (0..count).map(move |epoch| View { weights, deformed: Some(Deformed { augmentation, seed, epoch }) })
    });
    [plain].into_iter().chain(deformed).collect()
}

/// Adds `softmax(z / T)` of each row of logits.
pub(crate) fn add_probabilities(sums: &mut [f64], logits: &Logits, temperature: f64) {
    for (sums, z) in sums.chunks_exact_mut(logits.classes).zip(logits.values.chunks_exact(logits.classes)) {
        let warm: Vec<f32> = z.iter().map(|&z| (f64::from(z) / temperature) as f32).collect();
        let softmax = Softmax::new(&warm);
        sums.iter_mut().zip(warm).for_each(|(sum, z)| *sum += (-softmax.loss(z)).exp());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn probabilities_of_a_row_add_up_to_one_and_heat_flattens_them() {
        let logits = Logits { classes: 3, values: vec![2.0, 0.0, -1.0, 5.0, 5.0, 5.0] };
        let at = |temperature| {
            let mut sums = vec![0.0; 6];
            add_probabilities(&mut sums, &logits, temperature);
            sums
        };
        let (cold, warm) = (at(1.0), at(4.0));
        assert!((cold[..3].iter().sum::<f64>() - 1.0).abs() < 1e-6 && (cold[4] - 1.0 / 3.0).abs() < 1e-6);
        assert!(cold[0] > warm[0] && warm[0] > warm[1]);
    }
}
