// Which image a row of the batch is; whoever includes this has the binding `plan`.

// The image's number in the data set.
fn image_of(model: u32, row: u32) -> u32 {
    let position = step.first + min(row, step.rows - 1u);
    if (job.training == 0u) {
        return position;
    }
    return plan[model * network.images + position] & 0xffffffu;
}

// Where it lies in `images`.
fn place_of(model: u32, row: u32) -> u32 {
    if (job.gathered == 1u) {
        return model * network.slots + step.slot + min(row, step.rows - 1u);
    }
    return image_of(model, row);
}
