#!/usr/bin/env python3
"""Vowpal Wabbit with our features on the sets that examples/learning/fetch_sets.py fetches.

usage: vw_sets.py SETS_DIR OUT.jsonl [SET ...]        needs: pip install vowpalwabbit numpy pandas

The protocol of `bandit --shuffles`: the same rows in the same orders, mean progressive cost. Features are those of our
encoder (straight line, two hats over eight quantile knots, a feature a common category, missing), but with means and
quantiles of the whole set, known beforehand: an advantage to Vowpal Wabbit. 18 settings: greedy, epsilon 0.05, RegCB 0.1 and
0.001, SquareCB 10, 100 and 1000, cover 4, bag 4, each at learning rates 0.5 and 2. One line of JSON a set.
"""
import json
import os
import sys
import tempfile
import time

import numpy as np
import pandas as pd
import vowpalwabbit as V

POLICIES = {
    "greedy": "--epsilon 0", "epsilon 0.05": "--epsilon 0.05",
    "regcb 0.1": "--regcbopt --mellowness 0.1", "regcb 0.001": "--regcbopt --mellowness 0.001",
    "squarecb 10": "--squarecb --gamma_scale 10", "squarecb 100": "--squarecb --gamma_scale 100",
    "squarecb 1000": "--squarecb --gamma_scale 1000",
    "cover 4": "--cover 4 --nounif", "bag 4": "--bag 4 --greedify",
}
RATES = (0.5, 2.0)
KNOTS, RARE = 8, 20


def mix(x):
    """The finaliser of SplitMix64."""
    x = (x ^ (x >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    x = (x ^ (x >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return x ^ (x >> np.uint64(31))


def order(rows, seed):
    key = mix(mix(np.array([seed], np.uint64)) + np.arange(rows, dtype=np.uint64))
    return np.lexsort((np.arange(rows), key))


def number(at, column):
    values = column.to_numpy(float)
    known = values[~np.isnan(values)]
    mean, sd = known.mean(), known.std()
    distinct = np.unique(known)
    knots = distinct if len(distinct) <= KNOTS else np.unique(np.quantile(known, np.linspace(0, 1, KNOTS)))
    out = []
    for x in values:
        if np.isnan(x):
            out.append(f"m{at}")
            continue
        parts = [f"l{at}:{np.clip((x - mean) / sd, -4, 4):.5g}"] if 0 < sd else []
        right = int(np.searchsorted(knots, x, side="right"))
        if right in (0, len(knots)):
            parts.append(f"h{at}_{min(right, len(knots) - 1)}")
        else:
            share = (x - knots[right - 1]) / (knots[right] - knots[right - 1])
            parts += [f"h{at}_{k}:{s:.5g}" for k, s in ((right - 1, 1 - share), (right, share)) if 0 < s]
        out.append(" ".join(parts))
    return out


def category(at, column):
    counts = column.value_counts()
    codes = {name: (f"c{at}_{k}" if RARE <= n else f"r{at}") for k, (name, n) in enumerate(counts.items())}
    return [f"m{at}" if pd.isna(name) else codes[name] for name in column]


def loss(args):
    vw = V.Workspace(args)
    mean = vw.get_sum_loss() / vw.get_weighted_examples()
    vw.finish()
    return mean


def one(path, name):
    meta = json.load(open(f"{path}/{name}_meta.json", encoding="utf-8"))
    data = pd.read_csv(f"{path}/{name}.csv.gz", low_memory=False)
    label, columns = data.pop("label"), data
    if list(columns) != meta["features"]:
        columns = columns[meta["features"]]
    encode = {"number": number, "category": category}
    texts = [encode[kind](at, columns.iloc[:, at]) for at, kind in enumerate(meta["kinds"])]
    lines = [f"{y} | " + " ".join(parts) for y, parts in zip(label, zip(*texts))]
    rows, actions = len(lines), len(meta["classes"])
    shuffles = 3 if rows < 3000 else 2 if rows < 8000 else 1
    means = {}
    with tempfile.TemporaryDirectory() as into:
        files = []
        for seed in range(1, shuffles + 1):
            files.append(f"{into}/{seed}")
            with open(files[-1], "w", encoding="utf-8") as file:
                file.write("\n".join(lines[row] for row in order(rows, seed)) + "\n")
        for policy, args in POLICIES.items():
            for rate in RATES:
                fixed = f"--cbify {actions} --cb_explore_adf {args} -l {rate} -b 18 --quiet"
                each = [loss(f"{fixed} -d {file} --random_seed {seed}") for seed, file in enumerate(files, 1)]
                means[f"{policy}, rate {rate}"] = float(np.mean(each))
    return {"name": name, "rows": rows, "actions": actions, "shuffles": shuffles, "mean_cost": means}


def main():
    path, out, *names = sys.argv[1:]
    names = names or sorted(file[: -len("_meta.json")] for file in os.listdir(path) if file.endswith("_meta.json"))
    done = []
    with open(out, "a", encoding="utf-8") as file:
        for name in names:
            start = time.time()
            done.append(one(path, name))
            file.write(json.dumps(done[-1]) + "\n")
            file.flush()
            best = min(done[-1]["mean_cost"].items(), key=lambda pair: pair[1])
            print(f"{name}: best {best[0]} {best[1]:.4f}, {time.time() - start:.0f} s", flush=True)
    settings = {key: np.mean([one["mean_cost"][key] for one in done]) for key in done[0]["mean_cost"]}
    key, mean = min(settings.items(), key=lambda pair: pair[1])
    print(f"best fixed setting over {len(done)} sets: {key}, mean cost {mean:.4f}")


main()
