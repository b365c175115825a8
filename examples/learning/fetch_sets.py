#!/usr/bin/env python3
"""Fetches the public classification sets on which the bandit settings were chosen, and writes them for `bandit`.

usage: fetch_sets.py OUTDIR        needs: pip install rdata numpy pandas scikit-learn, and apt-get (Debian or Ubuntu)

The sets ship with the Debian packages r-cran-mlbench and r-cran-kernlab and with scikit-learn. Each becomes
NAME.csv.gz (label 1..K, then the columns as they are: numbers as numbers, names as names, an empty cell for what is
missing; rows shuffled with PCG64(1)) and NAME_meta.json (name, rows, classes, kinds of the columns).
"""
import gzip
import json
import os
import subprocess
import sys
import tempfile
import warnings

import numpy as np
import pandas as pd
import rdata
from sklearn import datasets

warnings.filterwarnings("ignore")

MLBENCH = {
    "Glass": "Type", "Ionosphere": "Class", "Soybean": "Class", "Vehicle": "Class", "Vowel": "Class",
    "DNA": "Class", "Satellite": "classes", "LetterRecognition": "lettr", "Shuttle": "Class",
    "HouseVotes84": "Class", "BreastCancer": "Class", "PimaIndiansDiabetes": "diabetes",
}
KERNLAB = {"spam": "type", "income": "INCOME", "ticdata": "CARAVAN", "musk": "Class"}
DROP = {"BreastCancer": ["Id"]}


def packages(into):
    names = ["r-cran-mlbench", "r-cran-kernlab"]
    subprocess.run(["apt-get", "download", *names], cwd=into, check=True, stdout=subprocess.DEVNULL)
    for file in os.listdir(into):
        if file.endswith(".deb"):
            subprocess.run(["dpkg-deb", "-x", file, "."], cwd=into, check=True)


def frame(into, package, name):
    path = f"{into}/usr/lib/R/site-library/{package}/data/{name}.rda"
    data = rdata.conversion.convert(rdata.parser.parse_file(path), default_encoding="latin-1")[name]
    return pd.DataFrame(data)


def plain(column):
    """Names that are all numbers (grades, counts, 0/1) are numbers."""
    numbers = pd.to_numeric(column, errors="coerce")
    return numbers if (numbers.notna() == column.notna()).all() else column


def write(out, name, columns, label):
    order = np.random.Generator(np.random.PCG64(1)).permutation(len(columns))
    columns, label = columns.iloc[order].reset_index(drop=True), label.iloc[order].reset_index(drop=True)
    classes = sorted(label.astype(str).unique())
    kinds = ["number" if pd.api.types.is_numeric_dtype(columns[c]) else "category" for c in columns]
    table = columns.copy()
    table.insert(0, "label", label.astype(str).map({c: i + 1 for i, c in enumerate(classes)}))
    with gzip.GzipFile(f"{out}/{name}.csv.gz", "wb", mtime=0) as file:
        table.to_csv(file, index=False)
    meta = {"name": name, "rows": len(table), "features": [str(c) for c in columns], "classes": classes, "kinds": kinds}
    with open(f"{out}/{name}_meta.json", "w", encoding="utf-8") as file:
        json.dump(meta, file, indent=1)
    print(f"{name}: {len(table)} rows, {len(kinds)} columns, {len(classes)} classes", file=sys.stderr)


def main():
    out = sys.argv[1]
    os.makedirs(out, exist_ok=True)
    with tempfile.TemporaryDirectory() as into:
        packages(into)
        for package, sets in (("mlbench", MLBENCH), ("kernlab", KERNLAB)):
            for name, target in sets.items():
                data = frame(into, package, name)
                data = data[data[target].notna()]
                columns = data.drop(columns=[target] + DROP.get(name, []))
                columns = columns.loc[:, columns.astype(str).nunique() > 1]
                for column in columns:
                    if isinstance(columns[column].dtype, pd.CategoricalDtype):
                        columns[column] = plain(columns[column].astype(object))
                write(out, name.lower(), columns, data[target])
    for name in ("digits", "wine", "breast_cancer"):
        bunch = getattr(datasets, "load_" + name)()
        columns = pd.DataFrame(bunch.data, columns=[f"f{i}" for i in range(bunch.data.shape[1])])
        columns = columns.loc[:, columns.nunique() > 1]
        write(out, "sk_" + name, columns, pd.Series(bunch.target))


main()
