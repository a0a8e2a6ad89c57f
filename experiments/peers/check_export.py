"""Does an exported model answer as fude does?

    fude export RUN --output model.safetensors
    fude export RUN --output model.onnx
    fude eval RUN --split test --data fashion --logits logits.npy
    python experiments/peers/check_export.py --safetensors model.safetensors --onnx model.onnx \
        --images t10k-images-idx3-ubyte.gz --logits logits.npy

Loads both files, computes the logits of the first 1,000 images with PyTorch and onnxruntime, and compares them with
fude's own to 1e-5 of the largest logit's size. Ends with 1 where they differ.
"""

import argparse
import gzip
import sys

import numpy as np

IMAGES = 1000
TOLERANCE = 1e-5


def read_images(path):
    """Images [N, I] in [0, 1], of an idx file."""
    raw = open(path, "rb").read()
    raw = gzip.decompress(raw) if raw[:2] == b"\x1f\x8b" else raw
    count, height, width = np.frombuffer(raw, ">u4", 3, 4)
    pixels = np.frombuffer(raw, np.uint8, offset=16).reshape(count, height * width)
    return pixels[:IMAGES].astype(np.float32) / np.float32(255)


def torch_logits(path, images):
    """PyTorch's logits of a safetensors file, through `load_state_dict`; none without PyTorch."""
    try:
        import torch
    except ImportError:
        print("torch: not installed, left out")
        return None
    from safetensors import safe_open
    from safetensors.torch import load_file

    with safe_open(path, "pt") as file:
        metadata = file.metadata()
    state = load_file(path)
    layers = len(state) // 2
    activation = {"relu": torch.nn.ReLU, "gelu": torch.nn.GELU, "tanh": torch.nn.Tanh}[metadata["activation"]]
    modules = {}
    for layer in range(1, layers + 1):
        outputs, inputs = state[f"fc{layer}.weight"].shape
        modules[f"fc{layer}"] = torch.nn.Linear(inputs, outputs)
        if layer < layers:
            if metadata.get("normalization", "none") == "layer":
                modules[f"norm{layer}"] = torch.nn.LayerNorm(outputs, elementwise_affine=False)
            modules[f"act{layer}"] = activation()
    model = torch.nn.ModuleDict(modules)
    model.load_state_dict(state)
    residual = metadata.get("residual", "false") == "true"

    def forward(x):
        for layer in range(1, layers + 1):
            y = model[f"fc{layer}"](x)
            for name in (f"norm{layer}", f"act{layer}"):
                y = model[name](y) if name in model else y
            # Between hidden layers of one width: images are not added, nor anything to the logits.
            x = x + y if residual and 1 < layer < layers and x.shape == y.shape else y
        return x

    mean, std = float(metadata.get("input_mean", 0)), float(metadata.get("input_std", 1))
    with torch.no_grad():
        return forward((torch.from_numpy(images) - mean) / std).numpy()


def onnx_logits(path, images):
    """onnxruntime's logits, of all images at once and of one alone."""
    import onnx
    import onnxruntime

    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    (source,), (result,) = session.get_inputs(), session.get_outputs()
    print(f"onnx: opset {model.opset_import[0].version}, {source.name} {source.shape} -> {result.name} {result.shape}")
    properties = session.get_modelmeta().custom_metadata_map
    print("onnx: " + ", ".join(f"{key}: {value!r}" for key, value in sorted(properties.items())))
    logits = session.run(None, {source.name: images})[0]
    alone = session.run(None, {source.name: images[:1]})[0]
    compare("onnxruntime, one image alone", alone, logits[:1])
    return logits


def compare(name, found, expected):
    """The largest difference, over the largest logit's size (at least 1)."""
    assert found.shape == expected.shape, (name, found.shape, expected.shape)
    difference = np.abs(found - expected).max()
    relative = difference / max(1.0, np.abs(expected).max())
    same = (found.argmax(1) == expected.argmax(1)).mean()
    good = relative <= TOLERANCE
    print(f"{name}: largest difference {difference:.2e}, relative {relative:.2e}, same class {same:.2%}"
          f"{'' if good else '  DIFFERS'}")
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--safetensors", required=True)
    parser.add_argument("--onnx", required=True)
    parser.add_argument("--images", required=True, help="idx file, packed or not; the first 1,000 are taken")
    parser.add_argument("--logits", required=True, help="fude's own logits of the same images, .npy")
    arguments = parser.parse_args()
    images = read_images(arguments.images)
    own = np.load(arguments.logits)[:IMAGES]
    print(f"{len(images)} images, logits up to {np.abs(own).max():.1f}")
    results = {"torch": torch_logits(arguments.safetensors, images), "onnxruntime": onnx_logits(arguments.onnx, images)}
    good = [compare(f"{name} against fude", logits, own) for name, logits in results.items() if logits is not None]
    if results["torch"] is not None:
        good.append(compare("onnxruntime against torch", results["onnxruntime"], results["torch"]))
    sys.exit(0 if all(good) else 1)


if __name__ == "__main__":
    main()
