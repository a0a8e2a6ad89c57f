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

# Draw characters in a browser and see what a model makes of them
serve run="e3-deep-l2" *flags:
    {{fude}} serve "$@"

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

# Time each CPU kernel and each shader beside its estimate
bench-parts *flags:
    cargo bench --bench step_parts -- "$@"

# Put the tables of recorded results into README and docs
results:
    #!/usr/bin/env bash
    set -euo pipefail
    results=experiments/results
    put() {
        { sed "/<!-- $2:begin/q" "$1"; echo "$3"; sed -n "/<!-- $2:end/,\$p" "$1"; } > "$1.new"
        mv "$1.new" "$1"
    }
    put README.md results "$({{fude}} results $results/{fashion,wide-fashion,kmnist-8k-splits,kmnist-8k-folds,one-minute,baselines}.jsonl)"
    put README.md compress "$({{fude}} results $results/compress.jsonl --brief)"
    put docs/compress.md compress "$({{fude}} results $results/compress.jsonl)"
    study="$({{fude}} results --losses $results/{kmnist-8k-splits,fashion,reproduction}.jsonl)"
    longer="$({{fude}} results --losses $results/reproduction-500.jsonl)"
    put docs/reproduction.md reproduction "$study"$'\n'"$(tail -n +3 <<<"$longer")"

# Train, prune, round and distil the study's network on DATA, weigh the models, and put the tables into README and docs
compress data out="runs/compress" epochs="100" seeds="0 1 2 3 4":
    #!/usr/bin/env bash
    set -euo pipefail
    fude() { {{fude}} -q "$@"; }
    study=experiments/study-network-augmented.toml
    plain=experiments/small-plain.toml
    for seed in {{seeds}}; do
        common=(--data {{quote(data)}} --out {{quote(out)}} --device cpu --seed "$seed")
        new=("${common[@]}" --epochs {{epochs}})
        on=("${common[@]}" --epochs $((2 * {{epochs}})) --set train.warmup_steps=0)
        run() { ls -d {{quote(out)}}/"$1"/*-s"$seed" | tail -n 1; }
        fude train "$study" "${new[@]}" --set name=original
        fude train "$study" "${new[@]}" --set name=small --set 'model.hidden=[128]'
        fude train "$plain" "${new[@]}" --set name=plain
        fude distill "$(run original)" "$plain" "${new[@]}" --temperature 2 --weight 1 --set name=plain-distilled
        fude train "$study" "${on[@]}" --init "$(run original)" --set name=trained-on
        for percent in 80 90 95; do
            fude prune "$(run original)" --sparsity 0.$percent --finetune "$study" "${on[@]}" \
                --ramp-epochs $(({{epochs}} * 4 / 5)) --set name=pruned-$percent
        done
        fude prune "$(run original)" --sparsity 0.9
        fude quantize "$(run original)"
    done
    models=()
    for name in original trained-on pruned-80 pruned-90 pruned-95; do models+=({{quote(out)}}/$name/*-s*); done
    models+=({{quote(out)}}/original/*-s*/{pruned,int8}.safetensors)
    for name in small plain plain-distilled; do models+=({{quote(out)}}/$name/*-s*); done
    fude weigh "${models[@]}" --json > experiments/results/compress.jsonl.new
    mv experiments/results/compress.jsonl.new experiments/results/compress.jsonl
    just results

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
