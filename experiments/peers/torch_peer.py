"""PyTorch as a peer of `fude bench`: the same model on the same images in the same batches, spoken to by lines of JSON.

Done as one would who wants it fast: images resident on the device as f32, one permutation an epoch made there, Adam with
`fused=True`, the loss added up on the device and read once an epoch. `--mode` chooses how steps are launched:

- eager: operation by operation;
- compile: the step through `torch.compile(mode="reduce-overhead")`, which captures CUDA graphs itself;
- graph: one CUDA graph captured by hand for each size of batch, replayed.

The protocol is described in crates/fude-bench/src/protocol.rs.
"""

import argparse
import json
import os
import sys
import time


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    parser.add_argument("--mode", choices=["eager", "compile", "graph"], default="eager")
    return parser.parse_args()


def say(**message):
    print(json.dumps(message), flush=True)


def refuse_what_differs(experiment):
    """Only what the study's plain networks use is here: anything else would compare unlike things."""
    model, train = experiment["model"], experiment["train"]
    plain = {
        "model.normalization": model.get("normalization", "none") == "none",
        "model.input": "input" not in model,
        "train.optimizer": train["optimizer"] == "adam",
        "train.label_smoothing": train["label_smoothing"] == 0,
        "train.schedule": train["schedule"] == "constant" and train["warmup_steps"] == 0,
        "train.clip_norm": train.get("clip_norm") is None,
        "train.mixup": train.get("mixup", 0) == 0,
        "train.ema": train.get("ema") is None,
        "augment": experiment.get("augment") is None,
    }
    for key, good in plain.items():
        if not good:
            say(error=f"this peer does not do what {key} asks for")
            sys.exit(0)


class Trainer:
    """A model with its optimiser and the images it is trained on."""

    def __init__(self, order, device, mode):
        import torch

        experiment, raw = order["experiment"], order["raw"]
        config, train = experiment["model"], experiment["train"]
        self.torch, self.device, self.mode = torch, torch.device(device), mode
        self.batch = train["batch"]
        torch.manual_seed(train["seed"])
        self.images = self.read(raw["pixels"]).view(raw["images"], raw["inputs"]).to(self.device).float().div_(255)
        self.labels = self.read(raw["labels"]).to(self.device).long()
        self.model = self.network(config).to(self.device)
        self.optimizer = torch.optim.Adam(
            self.model.parameters(),
            lr=train["learning_rate"],
            betas=(train["beta1"], train["beta2"]),
            eps=train["epsilon"],
            weight_decay=train["weight_decay"],
            fused=True,
            capturable=mode == "graph",
        )
        self.cross_entropy = torch.nn.CrossEntropyLoss()
        self.total = torch.zeros((), device=self.device)
        self.forward = torch.compile(self.loss, mode="reduce-overhead") if mode == "compile" else self.loss
        self.graphs = {}

    def read(self, path):
        return self.torch.from_file(path, shared=False, size=os.path.getsize(path), dtype=self.torch.uint8)

    def network(self, config):
        nn = self.torch.nn
        activation = {"relu": nn.ReLU, "gelu": nn.GELU, "tanh": nn.Tanh}[config["activation"]]
        layers, inputs = [], config["inputs"]
        for hidden in config["hidden"]:
            layers += [nn.Linear(inputs, hidden), activation()]
            if config["dropout"] > 0:
                layers.append(nn.Dropout(config["dropout"]))
            inputs = hidden
        return nn.Sequential(*layers, nn.Linear(inputs, config["outputs"]))

    def loss(self, rows):
        return self.cross_entropy(self.model(self.images[rows]), self.labels[rows])

    def step(self, rows):
        """Eager, or with the forward and backward passes compiled."""
        loss = self.forward(rows)
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        self.optimizer.step()
        self.total += loss.detach() * len(rows)

    def replay(self, rows):
        """By a graph of this size of batch, captured when one first comes."""
        if len(rows) not in self.graphs:
            self.graphs[len(rows)] = self.capture(rows)
        graph, place = self.graphs[len(rows)]
        place.copy_(rows)
        graph.replay()

    def capture(self, rows):
        cuda = self.torch.cuda
        place, stream = rows.clone(), cuda.Stream()
        # Some steps on a side stream first, as PyTorch's notes on CUDA graphs ask for.
        stream.wait_stream(cuda.current_stream())
        with cuda.stream(stream):
            for _ in range(3):
                self.step(place)
        cuda.current_stream().wait_stream(stream)
        graph = cuda.CUDAGraph()
        self.optimizer.zero_grad(set_to_none=True)
        with cuda.graph(graph):
            self.step(place)
        return graph, place

    def sync(self):
        """Returns when all is done on the device."""
        return self.total.item()

    def train(self, steps=None):
        take = self.replay if self.mode == "graph" else self.step
        order = self.torch.randperm(len(self.images), device=self.device)
        for rows in order.split(self.batch)[:steps]:
            take(rows)
        self.sync()

    def device_bytes(self):
        return self.torch.cuda.max_memory_reserved() if self.device.type == "cuda" else None


def host_bytes(field):
    """VmRSS or VmHWM; none where the system does not tell."""
    try:
        with open("/proc/self/status", encoding="ascii") as status:
            lines = [line.split() for line in status if line.startswith(field)]
        return int(lines[0][1]) * 1024
    except (OSError, IndexError, ValueError):
        return None


def main():
    options = arguments()
    order = json.loads(sys.stdin.readline())
    refuse_what_differs(order["experiment"])
    import torch

    if options.device == "cuda" and not torch.cuda.is_available():
        say(error="PyTorch finds no CUDA device")
        return
    torch.set_num_threads(order["threads"])
    trainer = Trainer(order, options.device, options.mode)
    trainer.train(steps=1)
    name = torch.cuda.get_device_name() if options.device == "cuda" else order["cpu"]
    say(
        engine=f"torch {options.mode}",
        device=name,
        device_kind="gpu" if options.device == "cuda" else "cpu",
        detail=f"PyTorch {torch.__version__}, {torch.get_num_threads()} threads",
        images=len(trainer.images),
    )
    while sys.stdin.readline().strip() == "epoch":
        start = time.perf_counter()
        trainer.train()
        seconds = time.perf_counter() - start
        say(epoch_seconds=seconds, host_bytes=host_bytes("VmRSS"), device_bytes=trainer.device_bytes())
    say(device_bytes=trainer.device_bytes(), host_peak_bytes=host_bytes("VmHWM"))


main()
