"""Reads a run's event files as TensorBoard does, and compares them with metrics.jsonl.

python3 -m venv VENV && VENV/bin/pip install tensorboard pillow
fude train EXPERIMENT --tensorboard
VENV/bin/python read_events.py RUN
"""

import io
import json
import pathlib
import sys

from PIL import Image
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

# What tags are called in metrics.jsonl.
KEYS = {
    "loss/train": "train_loss",
    "loss/validation": "val_loss",
    "loss/test": "test_loss",
    "accuracy/train": "train_accuracy",
    "accuracy/validation": "val_accuracy",
    "accuracy/test": "test_accuracy",
    "learning_rate": "learning_rate",
    "seconds": "seconds",
}


def wanted_scalars(epochs):
    """What metrics.jsonl says of each tag: (epoch, value) where it was measured."""
    wanted = {}
    for epoch in epochs:
        values = {tag: epoch[key] for tag, key in KEYS.items()}
        for layer in epoch.get("layers", []):
            values |= {f"{key}/{layer['layer']}": layer[key] for key in layer if key != "layer"}
        for tag, value in values.items():
            if value is not None:
                wanted.setdefault(tag, []).append((epoch["epoch"], value))
    return wanted


def main(run):
    events = EventAccumulator(str(run), size_guidance={"scalars": 0, "images": 0})
    events.Reload()
    epochs = [json.loads(line) for line in (run / "metrics.jsonl").read_text().splitlines()]
    tags = events.Tags()
    expected = wanted_scalars(epochs)
    assert set(tags["scalars"]) == set(expected), (tags["scalars"], list(expected))
    worst = 0.0
    for tag, wanted in expected.items():
        found = [(event.step, event.value) for event in events.Scalars(tag)]
        assert [step for step, _ in found] == [step for step, _ in wanted], (tag, found)
        # Event files hold f32.
        distances = [abs(a - b) / max(abs(b), 1e-30) for (_, a), (_, b) in zip(found, wanted)]
        worst = max(worst, *distances)
        assert worst < 1e-7, (tag, worst)
    print(f"{len(expected)} scalars at {len(epochs)} steps, each step once; largest relative distance {worst:.1e}")
    for tag in tags["images"]:
        # An extended run has some at its earlier end too.
        event = events.Images(tag)[-1]
        image = Image.open(io.BytesIO(event.encoded_image_string))
        image.load()
        assert image.size == (event.width, event.height), (image.size, event)
        assert event.step == epochs[-1]["epoch"], event.step
        print(f"{tag}: {image.size[0]} x {image.size[1]} pixels at step {event.step}")


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
