//! Trains on the built-in images, then says what is on the pictures named as arguments.

use fude_engine::Device;
use fude_predict::{Classifier, find_pictures, predict_files};
use fude_record::{Event, Experiment, RunFolder, file};
use fude_train::{StopFlag, TrainRequest, prepare, train};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let experiment = Experiment::parse("name = 'mine'\ndataset = 'kana'\ntrain.epochs = 3", "mine", &[])?;
    let run = RunFolder::create("runs".as_ref(), &experiment)?;
    let (data, folder, device) = (prepare(&experiment)?, Some(run.clone()), Device::cpu());
    let request = TrainRequest { folder, ..TrainRequest::new(experiment, data, device) };
    train(request, &mut |event: &Event| println!("{event:?}"), &StopFlag::default())?;

    let mut classifier = Classifier::open(&run.file(file::MODEL))?;
    let classes = classifier.classes().to_vec();
    let arguments: Vec<_> = std::env::args_os().skip(1).map(Into::into).collect();
    let paths = find_pictures(&arguments).into_iter().collect::<Result<Vec<_>, _>>()?;
    predict_files(&mut classifier, &paths, 1, |path, result| match result {
        Ok(found) => println!("{}: {}", path.display(), classes[found.predictions[0].class].name),
        Err(error) => eprintln!("{error}"),
    })?;
    Ok(())
}
