#!/usr/bin/env bash
# Measures a search by TPE and successive halving (studies/plain-mlp.toml) against 60 random trials that are trained to
# their end (studies/random-mlp.toml): after how many epochs does it have a trial as good as the best of these?
# docs/search.md has the figures. Needs python3 for the table alone.
#
#   experiments/search.sh DATA [FOLDER]          DATA is a set's name or a folder; the default FOLDER is ./searches
#
# FUDE    the program     [cargo run --release --quiet --]
# SEEDS   of the searches [0 1 2 3 4]
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
data=${1:?which data?} out=${2:-searches}
read -ra fude <<<"${FUDE:-cargo run --release --quiet --}"
mkdir -p "$out"

for seed in ${SEEDS:-0 1 2 3 4}; do
    for study in plain-mlp random-mlp; do
        [ -s "$out/$study-$seed.json" ] && continue
        "${fude[@]}" sweep "$here/studies/$study.toml" --data "$data" --device cpu --seed "$seed" --out "$out/$seed" \
            --json >"$out/$study-$seed.part"
        mv "$out/$study-$seed.part" "$out/$study-$seed.json"
    done
done

python3 - "$out" <<'PYTHON'
import glob, json, sys

def searches(study):
    paths = sorted(glob.glob(f"{sys.argv[1]}/{study}-*.json"))
    return {path.rsplit("-", 1)[1].removesuffix(".json"): json.load(open(path)) for path in paths}

def reached(search, value):
    return next((step["epochs"] for step in search["improvements"] if step["value"] >= value), None)

tpe, random = searches("plain-mlp"), searches("random-mlp")
print("| random search | its best | its epochs | " + " | ".join(f"TPE + ASHA, seed {seed}" for seed in tpe) + " |")
print("|---|---:|---:|" + "---:|" * len(tpe))
for seed, search in random.items():
    best, epochs = search["best"]["value"], search["epochs"]
    after = [reached(other, best) for other in tpe.values()]
    cells = [f"{n} ({100 * n / epochs:.0f} %)" if n else "not reached" for n in after]
    print(f"| seed {seed} | {100 * best:.2f} % | {epochs} | " + " | ".join(cells) + " |")
best = [f"{100 * search['best']['value']:.2f} %, {search['epochs']}" for search in tpe.values()]
print("| TPE + ASHA's own best, epochs in all | | | " + " | ".join(best) + " |")
PYTHON
