//! The journal of a search: a line of JSON for everything that happens, so that a kill loses at most the trial in work.

use crate::identity::{changes, identity};
use crate::{Rung, State, Study, SweepError, Trial};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// What a line tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
enum Line {
    /// The first line: what is searched over.
    Study { study: Value },
    /// The data set that trials were trained on, which may be a fallback, and its fingerprint where all trials have the same
    /// images.
    Data { dataset: String, images: Option<String> },
    /// A trial begins, from its beginning also where it had begun before.
    Begin { number: u32, values: BTreeMap<String, String>, places: BTreeMap<String, f64> },
    /// A trial came to a rung.
    Rung { number: u32, epochs: u32, value: f64 },
    /// A trial ended.
    End { number: u32, state: State, epochs: u32, value: Option<f64>, seconds: f64 },
}

/// The journal's file, which this process holds alone, and the trials in it.
#[derive(Debug)]
pub struct Journal {
    path: PathBuf,
    file: File,
    trials: BTreeMap<u32, Trial>,
    data: Option<(String, Option<String>)>,
}

impl Journal {
    /// Opens the journal of a study, or begins it; its folder must be there.
    ///
    /// # Errors
    /// One of another study, one that another process has, or one that cannot be read or written.
    pub fn open(path: &Path, study: &Study) -> Result<Self, SweepError> {
        let io = |source| SweepError::Journal { path: path.to_owned(), source };
        let options = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path);
        let mut file = options.map_err(io)?;
        if let Err(TryLockError::WouldBlock) = file.try_lock() {
            return Err(taken(path, "another fude is working on this search"));
        }
        let mut bytes = Vec::new();
        file.read_to_end(&mut bytes).map_err(io)?;
        // A kill may have cut the last line short, also within a character: it goes.
        bytes.truncate(bytes.iter().rposition(|&byte| byte == b'\n').map_or(0, |end| end + 1));
        let text = std::str::from_utf8(&bytes).map_err(|error| taken(path, &format!("is no text: {error}")))?;
        file.set_len(bytes.len() as u64).map_err(io)?;
        file.seek(SeekFrom::End(0)).map_err(io)?;
        let mut journal = Self { path: path.to_owned(), file, trials: BTreeMap::new(), data: None };
        journal.replay(text, study)?;
        Ok(journal)
    }

    fn replay(&mut self, text: &str, study: &Study) -> Result<(), SweepError> {
        let mut lines = text.lines().enumerate().map(|(index, line)| {
            serde_json::from_str::<Line>(line)
                .map_err(|error| taken(&self.path, &format!("line {} is no line of a journal: {error}", index + 1)))
        });
        let found = lines.next().transpose()?;
        let rest = lines.collect::<Result<Vec<Line>, _>>()?;
        match found {
            None => return self.write(&Line::Study { study: identity(study) }),
            Some(Line::Study { study: found }) if found == identity(study) => {}
            Some(found) => {
                let changes = match &found {
                    Line::Study { study: before } => changes(before, &identity(study)),
                    _ => "its first line is no study's".to_owned(),
                };
                let why = format!(
                    "belongs to another study, or to this one before it was changed ({changes}); give it another name, or \
                     remove the folder to begin anew (trials alone may be changed)"
                );
                return Err(taken(&self.path, &why));
            }
        }
        rest.into_iter().for_each(|line| self.take(line));
        Ok(())
    }

    fn take(&mut self, line: Line) {
        match line {
            Line::Study { .. } => {}
            Line::Data { dataset, images } => self.data = Some((dataset, images)),
            Line::Begin { number, values, places } => {
                drop(self.trials.insert(number, Trial::begin(number, values, places)))
            }
            Line::Rung { number, epochs, value } => {
                if let Some(trial) = self.trials.get_mut(&number) {
                    trial.rungs.push(Rung { epochs, value });
                    trial.epochs = epochs;
                }
            }
            Line::End { number, state, epochs, value, seconds } => {
                if let Some(trial) = self.trials.get_mut(&number) {
                    (trial.state, trial.epochs, trial.value, trial.seconds) = (state, epochs, value, seconds);
                }
            }
        }
    }

    fn write(&mut self, line: &Line) -> Result<(), SweepError> {
        let io = |source| SweepError::Journal { path: self.path.clone(), source };
        let text = serde_json::to_string(line).map_err(|error| io(error.into()))?;
        // In one write, so that a kill leaves a whole line or a cut one, and never two halves.
        self.file.write_all(format!("{text}\n").as_bytes()).map_err(io)
    }

    fn tell(&mut self, line: Line) -> Result<(), SweepError> {
        self.write(&line)?;
        self.take(line);
        Ok(())
    }

    /// Trials of one search are trained on the same images: with others, as where the real data have come in place of the
    /// fallback, they would be ranked by figures that cannot be compared.
    pub(crate) fn require_data(&mut self, dataset: &str, images: Option<String>) -> Result<(), SweepError> {
        let Some((begun, before)) = &self.data else {
            return self.tell(Line::Data { dataset: dataset.to_owned(), images });
        };
        if begun != dataset {
            let why = format!(
                "its trials were trained on {begun}, and {dataset} is found now: give --data {begun}, or remove the folder to \
                 begin anew"
            );
            return Err(taken(&self.path, &why));
        }
        if *before != images {
            let why = format!("the images of {dataset} are others than before: remove the folder to begin anew");
            return Err(taken(&self.path, &why));
        }
        Ok(())
    }

    pub(crate) fn begin(&mut self, trial: &Trial) -> Result<(), SweepError> {
        let (values, places) = (trial.values.clone(), trial.places.clone());
        self.tell(Line::Begin { number: trial.number, values, places })
    }

    pub(crate) fn rung(&mut self, number: u32, rung: Rung) -> Result<(), SweepError> {
        self.tell(Line::Rung { number, epochs: rung.epochs, value: rung.value })
    }

    pub(crate) fn end(&mut self, trial: &Trial) -> Result<(), SweepError> {
        let Trial { number, state, epochs, value, seconds, .. } = *trial;
        self.tell(Line::End { number, state, epochs, value, seconds })
    }

    /// The trials so far, by number.
    pub fn trials(&self) -> Vec<Trial> {
        self.trials.values().cloned().collect()
    }
}

fn taken(path: &Path, why: &str) -> SweepError {
    SweepError::Taken { path: path.to_owned(), why: why.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::study::tests::study;

    fn trial(number: u32) -> Trial {
        let values = BTreeMap::from([("train.epochs".to_owned(), "3".to_owned())]);
        Trial::begin(number, values, BTreeMap::from([("train.epochs".to_owned(), 3.5)]))
    }

    #[test]
    fn a_journal_gives_back_what_was_told_and_forgets_a_line_cut_short() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, &study()).unwrap();
        assert!(
            Journal::open(&path, &study()).unwrap_err().to_string().ends_with("another fude is working on this search")
        );
        journal.begin(&trial(0)).unwrap();
        journal.rung(0, Rung { epochs: 1, value: 0.5 }).unwrap();
        let ended =
            Trial { state: State::Stopped, epochs: 1, value: Some(0.5), seconds: 2.0, ..journal.trials()[0].clone() };
        journal.end(&ended).unwrap();
        journal.begin(&trial(1)).unwrap();
        journal.file.write_all(b"{\"event\":\"end\",\"num").unwrap();
        drop(journal);
        let again = Journal::open(&path, &Study { trials: 99, ..study() }).unwrap();
        assert_eq!(again.trials(), [ended, trial(1)]);
        drop(again);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.ends_with('\n') && text.lines().count() == 5, "{text}");
    }

    #[test]
    fn a_line_that_was_cut_within_a_character_is_forgotten_too() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let mut journal = Journal::open(&path, &study()).unwrap();
        journal.begin(&trial(0)).unwrap();
        journal.file.write_all(&"{\"event\":\"begin\",\"values\":{\"dataset\":\"\u{304b}".as_bytes()[..40]).unwrap();
        drop(journal);
        assert!(std::fs::read_to_string(&path).is_err(), "cut within a character");
        assert_eq!(Journal::open(&path, &study()).unwrap().trials(), [trial(0)]);
    }

    #[test]
    fn a_changed_experiment_and_other_data_are_refused_and_a_comment_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        let with = |text: &str| Study { text: text.to_owned(), ..study() };
        let study = with("name = \"e\"\ndataset = \"kmnist\"\n");
        let mut journal = Journal::open(&path, &study).unwrap();
        journal.require_data("kana", Some("ff".into())).unwrap();
        drop(journal);
        let study = with("# the same\ndataset = \"kmnist\"\nname = \"e\"\n");
        let mut journal = Journal::open(&path, &study).unwrap();
        journal.require_data("kana", Some("ff".into())).unwrap();
        let error = journal.require_data("kmnist", Some("ff".into())).unwrap_err().to_string();
        assert!(error.contains("were trained on kana, and kmnist is found now"), "{error}");
        let error = journal.require_data("kana", Some("00".into())).unwrap_err().to_string();
        assert!(error.contains("the images of kana are others than before"), "{error}");
        drop(journal);
        let study = with("name = \"e\"\ndataset = \"kmnist\"\ntrain.batch = 7\n");
        let error = Journal::open(&path, &study).unwrap_err().to_string();
        assert!(error.contains("(file.train.batch was absent, is 7)"), "{error}");
    }

    #[test]
    fn another_study_and_another_file_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal.jsonl");
        drop(Journal::open(&path, &study()).unwrap());
        let error = Journal::open(&path, &Study { seed: 5, ..study() }).unwrap_err().to_string();
        assert!(error.contains("belongs to another study"), "{error}");
        std::fs::write(&path, "something else\n").unwrap();
        assert!(Journal::open(&path, &study()).unwrap_err().to_string().contains("line 1 is no line of a journal"));
    }
}
