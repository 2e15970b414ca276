"""Writes docs/study.md and docs/topology.md, with their pictures, from results and from the real networks.

scfast topology --study --large -o results/study
python -m benchmarks.study results/study ../shared/data
"""

from __future__ import annotations

import sys
import textwrap
from pathlib import Path

import pandas as pd

import scfast as sf
from scfast import claims, drawing, pages, portraits

DOCS = Path(__file__).resolve().parents[1] / "docs"
BOOTSTRAPS = 1_000
PICTURES = ("mean-degree", "mean-degree-by-type", "exponent", "path-length", "by-local-world", "by-crossing")

STUDY = """# The network study

[P] lays its network beside that of Barabási and Albert (BA) in three figures and a table. This is that study, with intervals, and
what depends on what. `{command}` computes it ({networks} networks of {low:,} to {high:,} nodes), prints these tables, and draws the
pictures; `python -m benchmarks.study` writes this page from its results. {runs}.

BA networks have as many nodes and, on average, as many partners of a newcomer. What [P] says is our reading of damaged sentences;
its numbers of growth are lost, and those used here are assumptions. None was chosen to make a claim hold. That there are 100
networks a point up to N = 5,000 was chosen after a trial with 30 of another seed, which left undecided whether the exponent rises.
Two margins are ours: slopes of path length are *alike* within {alike:.0f} % of BA's; an effect is *not obvious* within
{small:.0f} % of path length.

"""

TOPOLOGY = """# Two real networks

Each page is what one command prints and draws; `python -m benchmarks.study` writes this file. Goodness of fit and interval of the
exponent: {bootstraps:,} bootstrap samples, seed 1.

"""

REAL = {
    "scms_2006_2015": (
        "Health-commodity deliveries, 2006 to 2015",
        "Data: SCMS Delivery History, 2006-05-02 to 2015-09-14 (USAID / PEPFAR Supply Chain Management System), a US Government "
        "release, from github.com/ColbyRobinson/Supply-Chain-Shipment-Delay-Prediction (MIT licence, (c) 2025 ColbyRobinson). "
        "Manufacturing sites are brands; vendors and purchasing programmes purchasers; the distribution centre and procurement "
        "offices platforms; freight lanes, derived as (mode, destination), logistics. Rows are directed (goods, orders), read as "
        "undirected edges. Most edges join types two or more tiers apart: there are not as many others to leave out instead, and "
        "`control_effect` is not defined.",
    ),
    "openflights_2014": (
        "Air routes, 2014",
        "Data: OpenFlights.org, ODbL 1.0 (routes of June 2014, historical); the data, and databases derived from them, stay under "
        "the Open Database License. Rows are directed; routes in both directions are one edge. All nodes are of one type "
        "(logistics), so there are no tiers to cross.",
    ),
}


def draw(figure: object, name: str, about: str) -> str:
    """Write a picture into the docs; its Markdown."""
    drawing.save(figure, DOCS / f"{name}.png", about)  # type: ignore[arg-type]
    return f"![{name}]({name}.png)\n"


def wrapped(text: str) -> str:
    """Paragraphs in lines of up to 132 characters."""
    return "\n\n".join(textwrap.fill(part, 132, break_on_hyphens=False) for part in text.split("\n\n"))


def study_page(folder: Path) -> str:
    """The study's page, of the results in `folder` and, of large networks, in `folder`/large."""
    found = [sf.load(path) for path in (folder, folder / "large") if (path / "manifest.json").exists()]
    networks = pd.concat([claims.estimated(one) for one in found], ignore_index=True)
    tables, notes, _ = pages.study_tables(networks)
    sizes = networks["n_nodes"]
    runs = "; ".join(f"run {one.manifest['run_id'][:16]}, {one.n_networks} networks a point, seed {one.seed}" for one in found)
    text = STUDY.format(
        command="scfast topology --study" + " --large" * (len(found) > 1) + " -o results/study",
        networks=f"{len(networks):,}", low=sizes.min(), high=sizes.max(), runs=runs[0].upper() + runs[1:],
        alike=100 * claims.ALIKE, small=100 * claims.SMALL)  # fmt: skip
    text = wrapped(text) + "## What the claims say\n\n" + pages.bullets(notes) + "\n\n"
    about = f"run {found[0].manifest['run_id']}, seed {found[0].seed}"
    for name, figure in portraits.study(networks):
        if name in PICTURES:
            text += draw(figure, f"study-{name}", about) + "\n"
    return text + pages.markdown(tables) + "\n"


def topology_page(data: Path) -> str:
    """The real networks' page."""
    text = TOPOLOGY.format(bootstraps=BOOTSTRAPS)
    for name, (title, source) in REAL.items():
        network = sf.read_network(data / name / "edges.csv", data / name / "nodes.csv", symmetrize=True)
        found = sf.measure(network, bootstraps=BOOTSTRAPS, seed=1)
        command = f"scfast topology edges.csv --nodes nodes.csv --symmetrize --bootstraps {BOOTSTRAPS} --seed 1 --plot page.png"
        text += f"## {title}\n\n{wrapped(source)}\n\n    {command}\n\n"
        text += draw(portraits.portrait(found, network, title), f"topology-{name}", f"topology of {name}")
        text += "\n" + pages.markdown(pages.page(found, title)) + "\n\n"
    return text.rstrip() + "\n"


if __name__ == "__main__":
    results, real = map(Path, sys.argv[1:])
    (DOCS / "study.md").write_text(study_page(results))
    (DOCS / "topology.md").write_text(topology_page(real))
