//! What the runs of a series share: the data, the device, and on a GPU the engine.

use super::start::{Start, Turn};
use super::{TrainArgs, device, recorded_engine};
use crate::ui::Ui;
use anyhow::Result;
use fude_engine::{DeviceChoice, Seat, SharedEngine};
use fude_record::Override;
use fude_train::{Checkpoint, PreparedCache, models_at_once};
use std::sync::Arc;

/// Runs that train at once on a GPU where nobody says how many: their memory is that of so many models.
const AT_ONCE: usize = 16;

/// What is shared.
#[derive(Default)]
pub(super) struct Sharing {
    /// Runs at once.
    pub(super) jobs: usize,
    pub(super) data: PreparedCache,
    /// The device, and why that one.
    choice: Option<(DeviceChoice, String)>,
    /// Where runs that are alike train in the same dispatches.
    engine: Option<SharedEngine>,
}

impl Sharing {
    /// What a single run has: everything for itself.
    pub(super) fn alone() -> Self {
        Self { jobs: 1, ..Self::default() }
    }

    /// What runs of one experiment have, which differ by these overrides.
    pub(super) fn of<'a>(
        members: impl ExactSizeIterator<Item = &'a [Override]>,
        args: &TrainArgs,
        ui: Ui,
    ) -> Result<Self> {
        let count = members.len();
        let quiet = Ui { quiet: true, ..ui };
        let mut sharing = Self { jobs: args.jobs.map_or(1, usize::from).min(count), ..Self::default() };
        if args.seeds.is_none() {
            // Folds have other images each: there is nothing to share.
            return Ok(sharing);
        }
        for member in members {
            if let Turn::Begin(start) = Start::of_series(member, args, quiet)? {
                sharing.choose(&start, count, args, ui)?;
                break;
            }
        }
        Ok(sharing)
    }

    /// Chooses by the first run that is to be trained.
    fn choose(&mut self, start: &Start, count: usize, args: &TrainArgs, ui: Ui) -> Result<()> {
        let data = start.data(&self.data)?;
        data.warnings.iter().for_each(|warning| ui.warning(warning));
        data.notes.iter().for_each(|note| ui.note(note));
        let (experiment, checkpoint) = (&start.experiment, start.checkpoint.as_ref());
        let engine = args.engine.0.or(recorded_engine(checkpoint));
        let tried = device::choose(args, experiment, &data, engine, checkpoint, ui)?;
        let why = super::short_reason(&tried.choice, &args.device, tried.trial.is_some());
        let most = models_at_once(&tried.choice.device, engine, experiment, &data);
        if most > 1 {
            self.jobs = args.jobs.map_or(most.min(AT_ONCE), usize::from).min(count);
            self.engine = (self.jobs > 1).then(SharedEngine::default);
        }
        self.choice = Some((tried.choice, why));
        Ok(())
    }

    /// Whether all that train at once do so in one engine.
    pub(super) fn is_in_step(&self) -> bool {
        self.engine.is_some()
    }

    /// A place for one that works off runs.
    pub(super) fn part(&self) -> Part<'_> {
        Part { sharing: self, seat: self.engine.as_ref().map(|engine| Arc::new(engine.seat())) }
    }
}

/// What one of several at once has of it.
pub(super) struct Part<'a> {
    pub(super) sharing: &'a Sharing,
    pub(super) seat: Option<Arc<Seat>>,
}

impl Part<'_> {
    /// The shared device, where a run can go on there with the bits that it would have had.
    pub(super) fn choice(&self, checkpoint: Option<&Checkpoint>) -> Option<(DeviceChoice, String)> {
        let (choice, why) = self.sharing.choice.as_ref()?;
        let was_here = checkpoint.is_none_or(|checkpoint| checkpoint.pins.device == choice.device.name());
        // A warning was given when it was chosen.
        was_here.then(|| (DeviceChoice { warning: None, ..choice.clone() }, why.clone()))
    }
}
