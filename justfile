# `just` lists these. Without just (`cargo install just`): each line below is a plain command.

set positional-arguments

# Built as the tests are, so that Burn and wgpu are compiled once for both.
fude := "cargo run --release --quiet --"

[private]
default:
    @just --list --unsorted

# Train on the GPU; without one on the CPU, with a warning
train-gpu experiment="experiments/e3-deep-l2.toml" *flags:
    {{fude}} train --device gpu "$@"

# Train on the CPU
train-cpu experiment="experiments/e3-deep-l2.toml" *flags:
    {{fude}} train --device cpu "$@"

# Draw a run's plots again: its folder, or an experiment for its newest run
report run="e3-deep-l2" *flags:
    {{fude}} report "$@"

# Time an epoch on every engine and device of this machine
bench *flags:
    {{fude}} bench "$@"

# The same for the fused engine beside PyTorch, which is installed into experiments/peers/.venv
bench-peers *flags:
    #!/usr/bin/env bash
    set -euo pipefail
    python=experiments/peers/.venv/bin/python
    [ -x "$python" ] || python3 -m venv experiments/peers/.venv
    "$python" -m pip install --quiet --disable-pip-version-check -r experiments/peers/requirements-torch.txt
    peer="$python experiments/peers/torch_peer.py"
    peers=(--peer "$peer")
    if "$python" -c 'import sys, torch; sys.exit(not torch.cuda.is_available())'; then
        for mode in eager compile graph; do peers+=(--peer "$peer --device cuda --mode $mode"); done
    fi
    {{fude}} bench --engine fused "${peers[@]}" "$@"

# Time a step of the fused CPU engine beside its bare matrix products
bench-step *flags:
    cargo run --release --quiet --example step -- "$@"

# Put the tables of recorded results into README.md and docs/reproduction.md
results:
    #!/usr/bin/env bash
    set -euo pipefail
    fill() {
        { sed "/$2:begin/q" "$1"; echo "$3"; sed -n "/$2:end/,\$p" "$1"; } > "$1.new"
        mv "$1.new" "$1"
    }
    readme="$({{fude}} results experiments/results/{fashion,kmnist-8k-splits}.jsonl)"
    study="$({{fude}} results --losses experiments/results/{kmnist-8k-splits,fashion,reproduction}.jsonl)"
    longer="$({{fude}} results --losses experiments/results/reproduction-500.jsonl)"
    fill README.md results "$readme"
    fill docs/reproduction.md reproduction "$study"$'\n'"$(tail -n +3 <<<"$longer")"

# Redo docs/reproduction.md on the full KMNIST (and MNIST), which must have been fetched; hours
reproduce-kmnist folder="reproduction":
    experiments/reproduce.sh "{{folder}}"

# Measure searching by TPE and successive halving against random search
search data folder="searches":
    experiments/search.sh "{{data}}" "{{folder}}"

# Run all tests; GPU tests are shown as ignored where there is no adapter
test *flags:
    cargo test --release "$@"

# Check formatting and lints, as CI does
lint:
    cargo fmt --all --check
    cargo clippy --release --workspace --all-targets -- -D warnings

# Check licences and sources of all dependencies (cargo-deny, tried with 0.20)
deny:
    cargo deny check licenses bans sources

# Build the API documentation and open it
doc:
    cargo doc --release --workspace --no-deps --open

# Everything that must hold before a change lands
ci:
    .ci/run
