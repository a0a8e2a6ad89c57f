//! Model files, f32 and int8, and what other programs wrote.

#![no_main]

use fude_model::{ImportOptions, StoredModel, import};

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let written = match StoredModel::from_bytes(bytes) {
        Ok(StoredModel::F32(model)) => Some(model.to_bytes().expect("what was read can be written")),
        Ok(StoredModel::Int8(model)) => Some(model.to_bytes().expect("what was read can be written")),
        Err(_) => None,
    };
    if let Some(written) = written {
        assert!(StoredModel::from_bytes(&written).is_ok(), "what was written can be read");
    }
    for hidden in [None, Some(vec![]), Some(vec![4]), Some(vec![4, 3])] {
        if let Ok(imported) = import(bytes, &ImportOptions { hidden, activation: None }) {
            let written = imported.model.to_bytes().expect("what was read can be written");
            assert!(StoredModel::from_bytes(&written).is_ok(), "what was imported can be read");
            imported.model.to_onnx().expect("small models fit");
        }
    }
});
