"""Bad configurations of networks that are measured, for bad_input.py."""

from __future__ import annotations

from bad_calls import EDGES, FILE, Bad, configured, grown, left

PLAIN = "[topology]\n"
FEW = f"[network]\nn_nodes=20\n{PLAIN}[run]\nnetworks=2\nseed=1\n"
SERIES = f"{PLAIN}[[series]]\nname='a'\n"

TOPOLOGY = {
    "unknown measure": configured("[topology]\nsource=3\n", "topology.source = 3: unknown key, did you mean 'sources'?"),
    "one source": configured("[topology]\nsources=1\n", "topology.sources = 1: must be at least 2"),
    "sources in text": configured("[topology]\nsources='all'\n", "topology.sources = 'all': must be a number"),
    "fewer bootstraps than none": configured("[topology]\nbootstraps=-1\n", "topology.bootstraps = -1: must be at least 0"),
    "beside no list": configured("[topology]\nbeside='barabasi_albert'\n", "topology.beside = 'barabasi_albert': must be a list"),
    "beside the unknown": configured("[topology]\nbeside=['ring']\n", "topology.beside[0] = 'ring': must be one of "),
    "beside itself": configured(
        "[topology]\nbeside=['dual_local_world']\n", "topology.beside[0] = 'dual_local_world': must be one of "
    ),
    "beside another model": configured(
        "[network]\nkind='barabasi_albert'\n[topology]\nbeside=['barabasi_albert']\n",
        "topology.beside = ['barabasi_albert']: needs network.kind = 'dual_local_world', here 'barabasi_albert'",
    ),
    "beside with rates of types that it has not": configured(
        "[dynamics]\nbeta={brand=0,purchaser=0,platform=0,logistics=0}\n[topology]\nbeside=['barabasi_albert']\n",
        "at topology.model = 'barabasi_albert': dynamics.beta.brand = 0.0: no such type",
    ),
    "list of topologies": configured("[[topology]]\n", "topology = [{}]: must be a section, [topology]"),
    **{
        f"topology and {name}": configured(f"{head}\n{PLAIN}", f"{head}: must not be given together with [topology]")
        for name, head in {
            **{name: f"[{name}]" for name in ("risk", "initial", "protection", "sensitivity")},
            **{name: f"[[{name}]]" for name in ("shock", "strategy")},
        }.items()
    },
    **{
        f"topology and {key} of the run": configured(
            f"[run]\n{key}={value}\n{PLAIN}", f"run.{key} = {value}: must not be given together with [topology]"
        )
        for key, value in {"replicates": 512, "steps": 200, "record": "['nodes']", "alone": 32}.items()
    },
    "topology and a sweep of first infections": configured(
        f"{PLAIN}[sweep]\ninitial.infected=[1]\n",
        "sweep.initial.infected = [1]: cannot be swept: only keys of network, dynamics can, but not ",
    ),
    "topology and a sweep of scores": configured(
        f"{PLAIN}[sweep]\nrisk.step=[0.5]\n",
        "sweep.risk.step = [0.5]: cannot be swept: only keys of network, dynamics can, but not ",
    ),
    "measured more often than a plan is long": grown(
        f"{PLAIN}[run]\nnetworks=2000000\n",
        "run.networks = 2000000: must be at most 1000000, for a plan of at most 1,000,000 tasks",
    ),
    "measured beyond memory": grown(f"[network]\nn_nodes=2000000000\n{PLAIN}", "network.n_nodes = 2000000000: must be at most "),
    "several networks from a file": Bad(
        ["run", "c.toml", "-o", "r"],
        "c.toml: run.networks = 2: must be 1 for a network from files",
        {"c.toml": f"{FILE}{PLAIN}[run]\nnetworks=2\n", "edges.csv": EDGES},
    ),
    "series without a topology": configured("[[series]]\nname='a'\n", "[[series]]: needs [topology]"),
    "series as a section": configured(
        f"{PLAIN}[series]\nname='a'\n", "series = {'name': 'a'}: must be a list of tables, [[series]]"
    ),
    "series and a sweep": configured(f"{SERIES}[sweep]\nnetwork.m=[1]\n", "[sweep]: must not be given together with [[series]]"),
    "series without a name": configured(f"{PLAIN}[[series]]\nnetwork.m=[1]\n", "series[0].name: must be given"),
    "series with no name": configured(f"{PLAIN}[[series]]\nname=''\n", "series[0].name = '': must be a string that is not empty"),
    "series with a number for a name": configured(f"{PLAIN}[[series]]\nname=3\n", "series[0].name = 3: must be a string "),
    "series of the same name": configured(
        f"{SERIES}[[series]]\nname='a'\n", "series[1].name = 'a': must not be that of another series"
    ),
    "a series of sizes that varies more": configured(
        f"{PLAIN}[[series]]\nname='size'\nnetwork.n_nodes=[100, 200]\nnetwork.m=[2]\n",
        "series[0], named 'size': must hold network.n_nodes and nothing else, as it is what claims are about",
    ),
    "local worlds too small to have as many partners": configured(
        "[network]\nlocal_world={brand=1,purchaser=9,platform=9,logistics=9}\n[topology]\nbeside=['local_world']\n",
        "at topology.model = 'local_world': topology.beside = 'local_world': takes the least network.local_world, 1, "
        "which must be at least 3 for as many partners",
    ),
    "series of the unknown": configured(
        f"{SERIES}network.thta=[1]\n", "series[0].network.thta = [1]: unknown key, did you mean 'network.theta'?"
    ),
    "series of what is no key": configured(f"{SERIES}size=[1]\n", "series[0].size = [1]: unknown key, "),
    "series of a number": configured(f"{SERIES}'network.m'=3\n", "series[0].network.m = 3: must be a list with at least one value"),
    "series out of bounds": configured(
        f"{SERIES}[[series]]\nname='b'\nnetwork.n_nodes=[50, 0]\n", "series[1].network.n_nodes[1] = 0: must be at least 1"
    ),
    "series with a value twice": configured(f"{SERIES}network.m=[1,1]\n", "series[0].network.m[1] = 1: must not be given twice"),
    "series with a key and a type of it": configured(
        f"{SERIES}'network.m.brand'=[1]\n'network.m'=[1]\n",
        "series[0].network.m = [1]: must not be swept together with network.m.brand",
    ),
    "series of a type that is not there": configured(
        f"{SERIES}network.m.bran=[1]\n", "series[0].network.m.bran = 1: network.m has no such type, did you mean 'brand'?"
    ),
    "series with a cell that cannot be": configured(
        f"{SERIES}network.n_nodes=[10,20]\nnetwork.start=[4,5]\n",
        "at series.name = 'a', network.n_nodes = 10, network.start = 4: network.n_nodes = 10: must be at least 16, ",
    ),
    "series of too many cells": configured(
        f"{SERIES}dynamics.xi={{start=0,stop=1,num=400}}\ndynamics.beta={{start=0,stop=1,num=400}}\n",
        "series = 160000 cells: must be at most 100000",
    ),
    "pictures of states where nothing ran": left("plot r", "r: holds networks that were measured; scfast topology r ", text=FEW),
    **{
        f"{command} where nothing ran": left(f"{command} r", "r: holds networks that were measured, on which nothing ran", text=FEW)
        for command in ("compare", "drivers", "importance")
    },
    "importance in a configuration that measures": Bad(
        ["importance", "c.toml", "-o", "r"],
        "c.toml: has [topology]: networks are measured, and nothing runs on them",
        {"c.toml": FEW},
    ),
    "no such cell of networks": left("show r --cell 1", "cell = 1: must be between 0 and 0", text=FEW),
    "measured folder for another run": left(
        "run c.toml -o r --set run.networks=3",
        "r: holds results of another configuration: run.networks = 2 there, 3 here",
        text=FEW,
    ),
}
