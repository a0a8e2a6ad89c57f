#!/usr/bin/env bash
# Redoes what docs/reproduction.md describes on the full KMNIST, whatever of it has not been done yet, and prints the
# tables. All of it takes hours; Ctrl-C and the same command again go on.
#
#   fude data fetch kmnist && fude data fetch mnist
#   experiments/reproduce.sh [FOLDER]            the default is ./reproduction
#
# FUDE    the program           [cargo run --release --quiet --]
# SEEDS   of each experiment    [0..5]: 0 to 4
# EPOCHS  of experiments 1, 3   [500]
# JOBS    runs at once          [1]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
out=${1:-reproduction}
read -ra fude <<<"${FUDE:-cargo run --release --quiet --}"
each=(--seeds "${SEEDS:-0..5}") epochs=${EPOCHS:-500} jobs=${JOBS:-1}
mkdir -p "$out"

# train NAME EXPERIMENT FLAGS...: a series of runs, recorded in FOLDER/NAME.jsonl once all of them have finished.
train() {
    local name=$1 experiment=$2
    shift 2
    [ -s "$out/$name.jsonl" ] && return
    echo "== $name" >&2
    "${fude[@]}" train "$here/$experiment.toml" --set "name=$name" --jobs "$jobs" --out "$out/runs" \
        --resume --json "$@" >"$out/$name.part"
    mv "$out/$name.part" "$out/$name.jsonl"
}

# files SET: the paths of its four idx files, which must be on this machine and sound.
files() {
    "${fude[@]}" data verify "$1" | sed -nE 's/^[a-z]+ +(.*-ubyte(\.gz)?): .*/\1/p' | sort
}

# number N: four bytes, the most significant first, as idx files have them.
number() {
    printf "$(printf '\\x%02x' $(($1 >> 24 & 255)) $(($1 >> 16 & 255)) $(($1 >> 8 & 255)) $(($1 & 255)))"
}

content() {
    case $1 in *.gz) gzip -dc "$1" ;; *) cat "$1" ;; esac
}

# pool KIND HEADER: the test file's and the training file's content as one, behind a header of that many bytes.
pool() (
    # `head` ends pipes early, on purpose.
    set +o pipefail
    parts=() total=0
    for file in "${kmnist[@]}"; do [[ $file == *-$1-* ]] && parts+=("$file"); done
    for file in "${parts[@]}"; do
        total=$((total + 0x$(content "$file" | head -c 8 | tail -c 4 | od -An -tx1 | tr -d ' \n')))
    done
    content "${parts[0]}" | head -c 4
    number $total
    content "${parts[0]}" | head -c "$2" | tail -c +9
    for file in "${parts[@]}"; do content "$file" | tail -c +$(($2 + 1)); done
)

mapfile -t kmnist < <(files kmnist)
[ ${#kmnist[@]} = 4 ] || { echo "KMNIST is not on this machine: fude data fetch kmnist" >&2; exit 1; }

# The three experiments as published, and the second without selecting on the test split.
train e1-l2 e1-l2 "${each[@]}" --data kmnist --epochs "$epochs"
train e2-early-stopping e2-early-stopping "${each[@]}" --data kmnist
train e2-validated e2-validated "${each[@]}" --data kmnist
train e3-deep-l2 e3-deep-l2 "${each[@]}" --data kmnist --epochs "$epochs"

# Evaluated on what it was trained on: the training files under the test files' names too.
again=$out/kmnist-train-as-test
mkdir -p "$again"
for file in "${kmnist[@]}"; do
    base=$(basename "$file")
    [[ $base == train-* ]] && cp -f "$file" "$again/$base" && cp -f "$file" "$again/t10k-${base#train-}"
done
train e3-train-as-test e3-deep-l2 "${each[@]}" --data "$again" --epochs "$epochs"

# Training and test images pooled, and a seventh held out at random.
pooled=$out/kmnist-pooled
mkdir -p "$pooled"
pool images 16 >"$pooled/train-images-idx3-ubyte"
pool labels 8 >"$pooled/train-labels-idx1-ubyte"
train e3-pooled e3-deep-l2 "${each[@]}" --data "$pooled" --epochs "$epochs" --set data.test_fraction=0.142857142857

# How optimistic stopping on a split is: seven times, another seventh held out, stopped on a sixth of the rest. Validation
# accuracy is what stopping looked at, test accuracy is of as many images that nothing has looked at.
train e2-stopped-elsewhere e2-validated --folds 7 --data "$pooled" \
    --set data.validation_fraction=0.166666666667 --set early_stopping.restore_best=false

# Another data set.
if "${fude[@]}" data verify mnist >/dev/null 2>&1; then
    train e3-mnist e3-deep-l2 "${each[@]}" --data mnist --epochs "$epochs"
else
    echo "MNIST is not on this machine, so it is left out: fude data fetch mnist" >&2
fi

for method in knn pca-knn; do
    [ -s "$out/$method.jsonl" ] || "${fude[@]}" baseline "$method" --data kmnist --json >"$out/$method.jsonl"
done

"${fude[@]}" results --losses "$out"/*.jsonl
echo
"${fude[@]}" compare "$out"/*.jsonl
echo
# From the run on the training images: dropout off, after each epoch.
for metrics in "$out"/runs/e3-train-as-test/*/metrics.jsonl; do
    awk -v run="$(basename "$(dirname "$metrics")")" '
        function value(name) { return match($0, "\"" name "\":[-0-9.e]+") ? substr($0, RSTART + length(name) + 3, RLENGTH - length(name) - 3) + 0 : 0 }
        !done && value("test_accuracy") >= 0.9834 {
            printf "%s: over 98.34 %% of its training images from epoch %d, loss %.4f there\n", run, value("epoch"), value("test_loss")
            done = 1
        }' "$metrics"
done
# What experiment 3 has on training and test images together.
for summary in "$out"/runs/e3-deep-l2/*/summary.json; do
    awk -F'[:,]' -v run="$(basename "$(dirname "$summary")")" '
        /^  "(train|test)_(samples|accuracy|loss)"/ { gsub(/[ "]/, "", $1); value[$1] = $2 + 0 }
        function both(of) {
            return (value["train_samples"] * value["train_" of] + value["test_samples"] * value["test_" of]) / \
                (value["train_samples"] + value["test_samples"])
        }
        END { printf "%s: %.2f %% of training and test images together, loss %.4f\n", run, 100 * both("accuracy"), both("loss") }
    ' "$summary"
done
