//! Event files for TensorBoard: scalars an epoch, and pictures.

mod messages;
mod record;

use crate::ReportError;
use crate::picture::Picture;
use fude_record::{EpochRecord, LayerRecord};
use messages::{Event, Image, SessionLog, Summary, Value, What};
use prost::Message;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// What an event file begins with.
const FILE_VERSION: &str = "brain.Event:2";
/// The most event files that one second and folder may have.
const MOST_A_SECOND: u32 = 1_000;

/// An event file that is being written. Each event reaches the file at once, so that TensorBoard can follow.
#[derive(Debug)]
pub struct EventFile {
    path: PathBuf,
    file: File,
}

impl EventFile {
    /// Makes a new file in a folder. Epochs from `first_epoch` on (1 in a new run) replace what earlier files there say of
    /// them.
    ///
    /// # Errors
    /// [`ReportError::Write`] with what the system says.
    pub fn create(folder: &Path, first_epoch: u32) -> Result<Self, ReportError> {
        let (path, file) = unused(folder).map_err(|source| ReportError::Write { path: folder.to_owned(), source })?;
        let mut events = Self { path, file };
        events.write(0, What::FileVersion(FILE_VERSION.to_owned()))?;
        events.write(i64::from(first_epoch), What::SessionLog(SessionLog { status: SessionLog::START }))?;
        Ok(events)
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Adds what an epoch measured: `loss/...` and `accuracy/...` of each split, `learning_rate`, `seconds`, and
    /// `weight_norm/...`, `update_norm/...`, `gradient_norm/...`, `dead_units/...` of each layer where they were measured.
    ///
    /// # Errors
    /// [`ReportError::Write`] with what the system says.
    pub fn epoch(&mut self, record: &EpochRecord) -> Result<(), ReportError> {
        let scalars = [
            ("loss/train", Some(record.train_loss)),
            ("loss/validation", record.val_loss),
            ("loss/test", record.test_loss),
            ("accuracy/train", Some(record.train_accuracy)),
            ("accuracy/validation", record.val_accuracy),
            ("accuracy/test", record.test_accuracy),
            ("learning_rate", Some(record.learning_rate)),
            ("seconds", Some(record.seconds)),
        ];
        let measured = scalars.into_iter().filter_map(|(tag, value)| Some((tag, value?)));
        let mut value: Vec<Value> = measured.map(|(tag, value)| Value::scalar(tag, value as f32)).collect();
        value.extend(record.layers.iter().flat_map(of_layer));
        self.write(i64::from(record.epoch), What::Summary(Summary { value }))
    }

    /// Adds a picture under a tag.
    ///
    /// # Errors
    /// Those of [`Picture::to_png`]; [`ReportError::Write`] with what the system says.
    pub fn picture(&mut self, tag: &str, epoch: u32, picture: &Picture) -> Result<(), ReportError> {
        let (width, height) = picture.size();
        let png = picture.to_png()?;
        let image = Image { height: height as i32, width: width as i32, colorspace: Image::RGB, png };
        self.write(i64::from(epoch), What::Summary(Summary { value: vec![Value::image(tag, image)] }))
    }

    fn write(&mut self, step: i64, what: What) -> Result<(), ReportError> {
        let wall_time = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |time| time.as_secs_f64());
        let event = Event { wall_time, step, what: Some(what) }.encode_to_vec();
        let written = self.file.write_all(&record::framed(&event));
        written.map_err(|source| ReportError::Write { path: self.path.clone(), source })
    }
}

fn of_layer(record: &LayerRecord) -> Vec<Value> {
    let scalars = [
        ("weight_norm", Some(record.weight_norm)),
        ("update_norm", record.update_norm),
        ("gradient_norm", record.gradient_norm),
        ("dead_units", record.dead_units),
    ];
    let measured = scalars.into_iter().filter_map(|(tag, value)| Some((tag, value?)));
    measured.map(|(tag, value)| Value::scalar(&format!("{tag}/{}", record.layer), value as f32)).collect()
}

/// A file whose name TensorBoard looks for, with a number where runs of one second share a folder.
fn unused(folder: &Path) -> io::Result<(PathBuf, File)> {
    fs::create_dir_all(folder)?;
    let seconds = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_secs());
    for number in 0..MOST_A_SECOND {
        let path = folder.join(format!("events.out.tfevents.{seconds}.fude.{number}"));
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            other => return other.map(|file| (path, file)),
        }
    }
    Err(io::Error::from(io::ErrorKind::AlreadyExists))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn epoch(epoch: u32) -> EpochRecord {
        EpochRecord {
            epoch,
            train_loss: 0.25,
            train_accuracy: 0.5,
            val_loss: None,
            val_accuracy: None,
            test_loss: Some(0.75),
            test_accuracy: Some(0.875),
            learning_rate: 1e-3,
            seconds: 0.5,
            layers: Vec::new(),
        }
    }

    #[test]
    fn what_is_written_is_read_back() {
        let folder = tempfile::tempdir().unwrap();
        let mut events = EventFile::create(&folder.path().join("run"), 4).unwrap();
        events.epoch(&epoch(4)).unwrap();
        events.picture("confusion", 4, &Picture::message("title", "note")).unwrap();
        let bytes = fs::read(events.path()).unwrap();
        let events: Vec<Event> =
            record::unframed(&bytes).unwrap().into_iter().map(|event| Event::decode(event).unwrap()).collect();
        assert_eq!(events[0].what, Some(What::FileVersion("brain.Event:2".into())));
        assert_eq!((events[1].step, &events[1].what), (4, &Some(What::SessionLog(SessionLog { status: 1 }))));
        let Some(What::Summary(summary)) = &events[2].what else { panic!("{:?}", events[2]) };
        let tags: Vec<(&str, Option<f32>)> = summary.value.iter().map(|v| (v.tag.as_str(), v.simple_value())).collect();
        assert_eq!(tags[..2], [("loss/train", Some(0.25)), ("loss/test", Some(0.75))]);
        assert_eq!(tags.len(), 6);
        let Some(What::Summary(summary)) = &events[3].what else { panic!("{:?}", events[3]) };
        let image = summary.value[0].image_value().unwrap();
        assert_eq!((image.width, image.height), (960, 320));
        assert!(image::load_from_memory(&image.png).is_ok());
    }

    #[test]
    fn files_of_one_second_have_different_names() {
        let folder = tempfile::tempdir().unwrap();
        let (a, b) = (EventFile::create(folder.path(), 1).unwrap(), EventFile::create(folder.path(), 1).unwrap());
        assert_ne!(a.path(), b.path());
    }
}
