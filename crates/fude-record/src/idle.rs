//! Settings that come to nothing in a run of its length.

use crate::Experiment;

impl Experiment {
    /// What never acts, or never to the full, in a run with so many steps an epoch: most likely a slip, or settings of a longer
    /// run.
    pub fn idle_settings(&self, steps_an_epoch: usize) -> Vec<String> {
        let (epochs, train) = (self.train.epochs, &self.train);
        let steps = steps_an_epoch as u64 * u64::from(epochs);
        let mut idle = Vec::new();
        if u64::from(train.warmup_steps) >= steps {
            let warmup = train.warmup_steps;
            idle.push(format!(
                "train.warmup_steps = {warmup}: the run has {steps} steps, so the learning rate never comes to its peak"
            ));
        }
        let Some(augment) = &self.augment else { return idle };
        if augment.ramp_epochs >= epochs {
            let ramp = augment.ramp_epochs;
            idle.push(format!(
                "augment.ramp_epochs = {ramp}: in {epochs} epochs deformations never come to their strength"
            ));
        }
        if augment.settle_epochs >= epochs && augment.settle_epochs > 0 {
            let settle = augment.settle_epochs;
            idle.push(format!("augment.settle_epochs = {settle}: in {epochs} epochs deformations only become weaker"));
        }
        idle
    }
}

#[cfg(test)]
mod tests {
    use crate::Experiment;

    #[test]
    fn what_is_longer_than_the_run_is_told_and_what_is_shorter_is_not() {
        let idle = |more: &str| {
            let text = format!("name = \"x\"\ndataset = \"kana\"\ntrain.epochs = 5\n{more}");
            let told = Experiment::parse(&text, "e.toml", &[]).unwrap().idle_settings(10);
            told.iter().map(|text| text.split(" = ").next().unwrap_or_default().to_owned()).collect::<Vec<_>>()
        };
        assert!(idle("").is_empty());
        assert!(
            idle("train.warmup_steps = 49\naugment = { shift = 1, ramp_epochs = 4, settle_epochs = 4 }").is_empty()
        );
        let all = idle("train.warmup_steps = 50\naugment = { shift = 1, ramp_epochs = 5, settle_epochs = 5 }");
        assert_eq!(all, ["train.warmup_steps", "augment.ramp_epochs", "augment.settle_epochs"]);
    }
}
